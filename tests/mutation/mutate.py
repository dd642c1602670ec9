#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Plants faults in copies of sources and looks whether the tests see them.

    mutate.py --build BUILD [--source ROOT] [--only NAME]... [--every N] [--kind KIND]

faults.json says what is planted where, and which test must fail then.  A fault is a text and what
stands in its place; the text must be there exactly once, so a fault that no longer fits is told.
Only what contains the fault is compiled anew, with the commands of the build, into
BUILD/mutation/NAME; nothing of the product knows of this.

kinds: kernel (the pipeline natively), rtl (a module of the shell in its bench), hlsc (the compiler,
with its tests), gates (the whole pipeline's RTL in co-simulation: minutes each).
Prints a line a fault; exits 1 if one was not caught.
"""
import argparse
import json
import pathlib
import re
import shlex
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
TEST_SECONDS = 240


class Planted:
    """One fault in a copy of its file, and the program that holds it."""

    def __init__(self, fault, source, build):
        self.fault = fault
        self.source = source
        self.build = build
        self.folder = build / "mutation" / fault["name"]
        self.folder.mkdir(parents=True, exist_ok=True)
        self.program = self.folder / fault["program"]

    def original(self):
        if self.fault.get("generated"):
            return self.build / self.fault["file"]
        return self.source / self.fault["file"]

    def plant(self):
        text = self.original().read_text()
        found = text.count(self.fault["find"])
        if found != 1:
            raise ValueError(f"{self.fault['file']} has the text {found} times, not once")
        copy = self.folder / self.fault["file"]
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(text.replace(self.fault["find"], self.fault["replace"]))
        return copy

    def commands(self):
        """The build's own, in order, that lead to the program."""
        told = subprocess.run(["ninja", "-C", self.build, "-t", "commands",
                               f"bin/{self.fault['program']}"],
                              capture_output=True, text=True, check=True).stdout
        return [line for line in told.splitlines() if not line.startswith("ninja:")]

    def run(self, command):
        done = subprocess.run(command, shell=True, cwd=self.build, capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"{command[:200]}...\n{done.stderr[-1500:]}")

    # A source of C++ or a header: one object is compiled anew, and linked before the libraries.
    def build_object(self):
        copy = self.plant()
        unit = self.fault.get("unit", self.fault["file"])
        commands = self.commands()
        compile_line = next(c for c in commands
                            if " -c " in c and shlex.split(c)[-1].endswith("/" + unit))
        made = self.folder / "fault.o"
        words = shlex.split(compile_line)
        if words[0].endswith("ccache"):
            words = words[1:]
        usual = words[words.index("-o") + 1]
        words[words.index("-o") + 1] = str(made)
        if words[-1].endswith("/" + self.fault["file"]):
            words[-1] = str(copy)
        words.insert(1, f"-I{self.folder}")
        words.append("-Wno-error")  # A fault may leave something unused.
        self.run(shlex.join(without_depfile(words)))
        link = commands[-1].removeprefix(": && ").removesuffix(" && :")
        link = link.replace(f"-o bin/{self.fault['program']}", f"-o {self.program}")
        if usual in link.split():
            link = link.replace(usual, str(made))
        else:
            link = link.replace(" -o ", f" {made} -o ", 1)
        self.run(link)

    # SystemVerilog: Verilated anew, with what includes the Verilated class.
    def build_gates(self):
        copy = self.plant()
        library = self.fault["library"]
        commands = [c for c in self.commands()
                    if library in c or f"{self.fault['program']}.dir/" in c
                    or f"-o bin/{self.fault['program']}" in c]
        place = next(m for c in commands for m in re.findall(rf"\S*{library}\.verilated", c))
        area = place.removeprefix(f"{self.build}/").removesuffix(f"/{library}.verilated")
        for command in commands:
            command = command.replace(str(self.original()), str(copy))
            for old, new in ((f"{self.build}/{area}/{library}.verilated", "verilated"),
                             (f"{area}/{library}.verilated", "verilated"),
                             (f"{area}/CMakeFiles", "objects"),
                             (f"{area}/lib", "lib"),
                             (f"bin/{self.fault['program']}", self.fault["program"])):
                command = command.replace(old, str(self.folder / new))
            command = command.replace("/usr/bin/ccache ", "")
            self.prepare(command)
            self.run(command)

    def prepare(self, command):
        for made in re.findall(r"-o (\S+)", command):
            if str(self.folder) in made:
                pathlib.Path(made).parent.mkdir(parents=True, exist_ok=True)

    def is_caught(self):
        """(True if the test fails, what it says)."""
        try:
            done = subprocess.run([self.program, f"--gtest_filter={self.fault['caught_by']}",
                                   "--gtest_fail_fast"],
                                  cwd=self.source, capture_output=True, text=True,
                                  timeout=TEST_SECONDS)
        except subprocess.TimeoutExpired:
            return True, "hangs"
        ran = re.search(r"\[==========\] (\d+) tests? from", done.stdout)
        if done.returncode == 0 and (not ran or ran.group(1) == "0"):
            raise ValueError(f"no test fits {self.fault['caught_by']}")
        failed = re.search(r"\[  FAILED  \] (\S+)", done.stdout)
        return done.returncode != 0, failed.group(1).rstrip(",") if failed else "ends at once"


def without_depfile(words):
    kept, skip = [], False
    for word in words:
        if skip:
            skip = False
        elif word in ("-MT", "-MF"):
            skip = True
        elif word != "-MD":
            kept.append(word)
    return kept


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--source", type=pathlib.Path, default=HERE.parents[1])
    parser.add_argument("--only", action="append", help="faults of these names")
    parser.add_argument("--every", type=int, help="each N-th of the quick kinds")
    parser.add_argument("--kind", action="append")
    return parser.parse_args()


def chosen(options):
    faults = json.loads((HERE / "faults.json").read_text())
    if options.only:
        faults = [f for f in faults if f["name"] in options.only]
    if options.kind:
        faults = [f for f in faults if f["kind"] in options.kind]
    if options.every:
        faults = [f for f in faults if f["kind"] in ("kernel", "rtl")][::options.every]
    return faults


def main():
    options = arguments()
    options.build = options.build.resolve()
    options.source = options.source.resolve()
    missed = []
    faults = chosen(options)
    for fault in faults:
        begin = time.monotonic()
        try:
            planted = Planted(fault, options.source, options.build)
            if fault["kind"] in ("kernel", "hlsc"):
                planted.build_object()
            else:
                planted.build_gates()
            caught, by = planted.is_caught()
            said = f"caught by {by}" if caught else "NOT CAUGHT"
        except (ValueError, RuntimeError, StopIteration) as error:
            caught, said = False, f"COULD NOT BE PLANTED: {error}"
        print(f"{fault['name']:44} {fault['kind']:7} {said} ({time.monotonic() - begin:.0f} s)",
              flush=True)
        if not caught:
            missed.append(fault["name"])
    print(f"{len(faults) - len(missed)} of {len(faults)} planted faults caught")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
