#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""House rules that a program can hold.

    tests/tidy/tidy.py [ROOT]

Reads every source file below ROOT and prints `path:line: finding`; exits 1 if there is any.
The rules, in the order of this file: which folder may include which, what text is banned
everywhere, how a file begins, and what the subset of HLS kernels allows.
"""
import pathlib
import re
import sys

# A folder may include itself and what stands in its row, nothing else.  Top-down, this is the
# dependency order of the whole house; a longer path wins over a shorter one.
MAY_INCLUDE = {
    "hw/abi": [],
    "hw/lib": ["hw/abi"],
    "hw/kernels": ["hw/abi", "hw/lib"],
    "hw/hlsc": ["host/util"],  # A program of the host; its headers for kernels include nothing.
    "hw/rtl": ["hw/abi"],
    "host/util": [],
    "host/model": ["host/util"],
    "host/provider": ["host/util", "host/model", "hw/abi"],
    "host/config": ["host/util", "host/model"],
    "host/schedule": ["host/util", "host/model"],
    "host/engine": ["host/util", "host/model", "host/provider", "host/schedule"],
    "host/offload": ["host/util", "host/model", "host/provider", "host/engine", "hw/abi"],
    "host/slowpath": ["host/util", "host/model", "host/provider", "host/engine", "hw/abi"],
    "host/health": ["host/util", "host/model", "host/provider"],
    "host/vrrp": ["host/util", "host/model", "host/provider"],
    "host/sync": ["host/util", "host/model", "host/provider", "host/engine"],
    "host/announce": ["host/util", "host/model", "host/provider"],
    "host/metrics": ["host/util", "host/model", "host/provider", "hw/abi"],
    "host/control": ["host/util", "host/model"],
    "host/cli": ["host/util", "host/model", "host/control"],
    "host/daemon": ["host", "drivers", "hw/abi"],
    "drivers": ["host/util", "host/model", "host/provider", "hw/abi"],
    "drivers/ipvs_netlink": ["drivers", "host/util", "host/model", "host/control"],
    "drivers/xrt_sim": ["drivers", "host/util", "host/model", "host/provider", "hw/abi", "sim/card"],
    "sim/reference": ["hw/abi", "host/util", "host/model"],
    "sim": ["hw", "host/util", "host/model", "host/provider", "drivers/kernel"],
    "tests": ["hw", "host", "drivers", "sim"],
}

SOURCE_SUFFIXES = {".hpp", ".cpp", ".h", ".c", ".sv", ".py", ".sh", ".proto"}
CPP_SUFFIXES = {".hpp", ".cpp", ".h", ".c"}
WIDTH_MAX = 100
FOLDERS_SKIPPED = {"build", "data", "__pycache__"}

BANNED_TEXT = [
    (re.compile(r"\bFIXME\b|\bXXX\b"), "leftover marker"),
    (re.compile(r"\bTODO\b(?!\(#\d+\))"), "a TODO names its issue: TODO(#12)"),
    (re.compile(r"(?<![\w.])/(?:work|root)/|\.\./shared\b"), "path of one machine"),
]
BANNED_CPP = [
    (re.compile(r'#\s*include\s+"\.\.?/'), "relative include: write it from the root"),
]
# A test may open the namespace of what it tests, and main() that of its program, where it has no
# other place to stand; a header or the product may not.
USING_NAMESPACE = re.compile(r"\busing namespace\b(?!\s+(?:\w+::)*\w*literals\b)")

# Kernels: what Vitis HLS does not take, or takes and does otherwise (C++14, no heap, no library).
KERNEL_FOLDERS = ("hw/abi", "hw/lib", "hw/kernels")
KERNEL_HEADERS = {"cstdint", "cstddef", "array", "type_traits",
                  "ap_int.h", "hls_stream.h", "ap_axi_sdata.h", "fpvs_hls.hpp"}
HOST_TOOL_FOLDERS = ("hw/abi/print",)
BANNED_IN_KERNELS = [
    (re.compile(r"\b(?:new|delete|virtual|throw|try|union|goto|float|double|malloc|printf)\b"
                r"(?!\s*;\s*$)"), "outside the kernel subset"),
    (re.compile(r"\bstd::(?!u?int\d+_t\b|size_t\b|array\b|is_\w+|enable_if\w*|conditional\w*)"),
     "outside the kernel subset: library"),
    (re.compile(r"\bnamespace\s+\w+::|\bif constexpr\b|\binline constexpr\b"), "C++17 in a kernel"),
    (re.compile(r"\.(?:full|write_nb)\s*\("), "non-blocking write"),
    (re.compile(r"#pragma HLS PIPELINE(?!.*\bstyle ?= ?flp\b)"), "PIPELINE names style=flp"),
    (re.compile(r"#pragma HLS DEPENDENCE(?!.*\bdependent ?=)"), "DEPENDENCE says dependent="),
    (re.compile(r"#pragma HLS BIND_STORAGE(?!.*\blatency ?= ?[123]\b)"), "BIND_STORAGE latency is 1..3"),
]

INCLUDE = re.compile(r'^\s*#\s*include\s+(["<])([^">]+)[">]')


def row_of(path):
    """The folder of MAY_INCLUDE that a path belongs to, or None."""
    rows = [row for row in MAY_INCLUDE if path.startswith(row + "/")]
    return max(rows, key=len) if rows else None


def is_kernel(path):
    return path.startswith(tuple(f + "/" for f in KERNEL_FOLDERS)) and not path.startswith(
        tuple(f + "/" for f in HOST_TOOL_FOLDERS))


def without_comment(line):
    return line.split("//")[0]


def without_strings(code):
    return re.sub(r'"(?:[^"\\]|\\.)*"', '""', code)


def include_findings(path, line):
    match = INCLUDE.match(line)
    if not match:
        return
    quote, target = match.groups()
    if quote == "<":
        if is_kernel(path) and target not in KERNEL_HEADERS:
            yield f"kernel includes <{target}>"
        return
    row = row_of(path)
    # A file beside its own source (generated, or a local of a test) has no folder in its name.
    if row is None or "/" not in target:
        return
    if target.startswith(row + "/"):
        return
    if not any(target.startswith(allowed + "/") for allowed in MAY_INCLUDE[row]):
        yield f"{row} may not include {target}"


def line_findings(path, suffix, line):
    if len(line) > WIDTH_MAX and "://" not in line:
        yield f"longer than {WIDTH_MAX} columns"
    if "\t" in line:
        yield "tab"
    if line != line.rstrip():
        yield "space at the end of the line"
    for pattern, why in BANNED_TEXT:
        if pattern.search(line):
            yield why
    if suffix in CPP_SUFFIXES:
        code = without_comment(line)
        for pattern, why in BANNED_CPP:
            if pattern.search(code):
                yield why
        may_open = suffix == ".cpp" and path.startswith("tests/") or path.endswith("/main.cpp")
        if USING_NAMESPACE.search(code) and not may_open:
            yield "using namespace"
        yield from include_findings(path, line)
        if is_kernel(path):
            for pattern, why in BANNED_IN_KERNELS:
                if pattern.search(without_strings(code)):
                    yield why


def beginning_findings(suffix, lines):
    first = lines[1:2] if lines and lines[0].startswith("#!") else lines[:1]
    if not first or "SPDX-License-Identifier: Apache-2.0" not in first[0]:
        yield 1, "no SPDX line"
    if suffix == ".hpp" and "#pragma once" not in lines:
        yield 1, "header without #pragma once"


def findings(path, text):
    """All (line number, message) of one file; `path` is relative to the root, with slashes."""
    suffix = pathlib.PurePosixPath(path).suffix
    lines = text.split("\n")
    found = list(beginning_findings(suffix, lines))
    for number, line in enumerate(lines, 1):
        found += [(number, message) for message in line_findings(path, suffix, line)]
    return found


def sources(root):
    def visit(folder):
        for entry in sorted(folder.iterdir()):
            if entry.is_dir():
                if entry.name not in FOLDERS_SKIPPED and not entry.name.startswith("."):
                    yield from visit(entry)
            elif entry.suffix in SOURCE_SUFFIXES:
                yield entry
    yield from visit(root)


def main(root):
    root = pathlib.Path(root).resolve()
    files = count = 0
    for file in sources(root):
        path = file.relative_to(root).as_posix()
        if path.startswith("tests/tidy/"):
            continue  # They spell out what is banned.
        files += 1
        for number, message in findings(path, file.read_text()):
            count += 1
            print(f"{path}:{number}: {message}")
    print(f"tidy: {files} files, {count} findings")
    return 1 if count or not files else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "."))
