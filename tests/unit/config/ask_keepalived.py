#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Asks the installed keepalived what tests/data/config says that it answers.

    tests/unit/config/ask_keepalived.py

Prints what differs; exits 1 if anything does, and 77 where keepalived 2.2.7 is not installed.
"""
import pathlib
import shutil
import subprocess
import sys
import tempfile

DATA = pathlib.Path(__file__).parents[2] / "data/config/keepalived-2.2.7.txt"


def cases():
    for part in DATA.read_text().split("\n=== ")[1:]:
        head, text = (part.rstrip("\n") + "\n").split("---\n", 1)
        name, *lines = head.splitlines()
        said = dict(line.split(": ", 1) for line in lines)
        yield name, said["keepalived"], text


def answer(text):
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "keepalived.conf")
        path.write_text(text)
        command = ["keepalived", "-t", "-i", "here", "-f", str(path)]
        code = subprocess.run(command, capture_output=True, check=False).returncode
        return "accepts" if code == 0 else "complains"


def main():
    if shutil.which("keepalived") is None:
        return 77
    version = subprocess.run(["keepalived", "-v"], capture_output=True, text=True, check=False)
    if "v2.2.7" not in version.stderr + version.stdout:
        return 77
    different = 0
    count = 0
    for name, recorded, text in cases():
        count += 1
        if answer(text) != recorded:
            different += 1
            print(f"{name}: keepalived {answer(text)}, the data say {recorded}")
    print(f"{count} files, {different} answers differ")
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
