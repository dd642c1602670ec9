#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Turns the benchmarks' lines into build/bench.json and a table; fails where a must is missed."""

import json
import os
import platform
import sys


def machine():
    with open("/proc/cpuinfo", encoding="ascii", errors="replace") as info:
        models = [line.split(":", 1)[1].strip() for line in info if line.startswith("model name")]
    with open("/proc/meminfo", encoding="ascii") as info:
        pages = next((line.split()[1] for line in info if line.startswith("HugePages_Total")), "0")
    return (f"{models[0] if models else platform.machine()}, {os.cpu_count()} CPUs, "
            f"{pages} hugepages, load {os.getloadavg()[0]:.1f}")


def missed(figure):
    must = figure.get("must")
    if must is None:
        return False
    lower = figure["better"] == "lower"
    return figure["value"] > must if lower else figure["value"] < must


def main(lines_path, json_path):
    with open(lines_path, encoding="utf-8") as lines:
        figures = [json.loads(line) for line in lines]
    with open(json_path, "w", encoding="utf-8") as out:
        json.dump(figures, out, indent=2)
    print(f"machine: {machine()}")
    print(f"{'figure':<58}{'value':>12} {'unit':<16}{'must':>9}{'aim':>9}")
    for figure in figures:
        limits = [str(figure.get(key, "")) for key in ("must", "aim")]
        mark = "  MISSED" if missed(figure) else ""
        print(f"{figure['name']:<58}{figure['value']:>12.6g} {figure['unit']:<16}"
              f"{limits[0]:>9}{limits[1]:>9}{mark}")
    if not figures:
        print("no figure was measured")
        return 1
    return 1 if any(missed(figure) for figure in figures) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))
