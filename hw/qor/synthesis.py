# SPDX-License-Identifier: Apache-2.0
"""Modules through yosys, each by itself; a netlist whose text has not changed is not made again."""
import concurrent.futures
import hashlib
import json
import pathlib
import re
import subprocess

FAMILY = "xcup"  # UltraScale+.
MODULE = re.compile(r"^module (\w+).*?^endmodule$", re.DOTALL | re.MULTILINE)
HEADER = re.compile(r"^module .*?\);$", re.DOTALL | re.MULTILINE)


def modules_of(text):
    """{name: text} of the modules of a file."""
    return {m.group(1): m.group(0) for m in MODULE.finditer(text)}


def as_box(module_text):
    """A module's ports without what is inside."""
    return f"(* blackbox *)\n{HEADER.search(module_text).group(0)}\nendmodule\n"


class Synthesis:
    def __init__(self, folder, shared, jobs=2, yosys="yosys"):
        """`shared`: files that every module may use."""
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.shared = [pathlib.Path(f) for f in shared]
        self.yosys = yosys
        self.pool = concurrent.futures.ThreadPoolExecutor(jobs)

    def start(self, top, sources, flatten=True):
        """A future of the netlist; `sources` are texts or paths."""
        return self.pool.submit(self.run, top, sources, flatten)

    def run(self, top, sources, flatten):
        texts = [s.read_text() if isinstance(s, pathlib.Path) else s for s in sources]
        script = f"synth_xilinx -family {FAMILY} -uram -noiopad -noclkbuf -nowidelut " + (
            "-flatten " if flatten else "") + f"-top {top}"
        digest = hashlib.sha256()
        for text in [script] + [f.read_text() for f in self.shared] + texts:
            digest.update(text.encode() + b"\0")
        base = self.folder / f"{top}-{digest.hexdigest()[:16]}"
        netlist = base.with_suffix(".json")
        if not netlist.exists():
            source = base.with_suffix(".sv")
            source.write_text("\n".join(texts))
            files = " ".join(str(f) for f in self.shared) + f" {source}"
            unfinished = base.with_suffix(".unfinished")
            commands = f"read_verilog -sv -DSYNTHESIS {files}; {script}; write_json {unfinished}"
            log = base.with_suffix(".log")
            done = subprocess.run([self.yosys, "-q", "-p", commands, "-l", log],
                                  capture_output=True, text=True)
            if done.returncode != 0:
                raise RuntimeError(f"yosys, {top}: {done.stderr[-2000:]}")
            unfinished.rename(netlist)
        modules = json.loads(netlist.read_text())["modules"]
        return {name: m for name, m in modules.items()
                if not number_of(m["attributes"].get("blackbox", 0))}


def number_of(attribute):
    return attribute if isinstance(attribute, int) else int(attribute, 2)
