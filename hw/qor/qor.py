#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What the card's logic takes of a device, by yosys.

    qor.py --pipeline FILE.sv [--size NAME] [--stage NAME]... [--reference FILE [--update]]

Prints a line a stage: LUTs (of logic, of distributed RAM, of shift registers), registers, block
RAM, URAM, DSP and LUT levels; then the channels between stages, the shell around them, the whole
and its share of each card.  Nothing here is timing: no place and route runs, and an estimate of
delays is in hlsc's own report.  With a reference, exits 1 if a figure has left its tolerance.
"""
import argparse
import json
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import netlist  # noqa: E402
import synthesis  # noqa: E402

RTL = HERE.parent / "rtl"
LIBRARY = [HERE / "memory.sv", RTL / "lib/fpvs_axis_register.sv", RTL / "lib/fpvs_stream_fifo.sv"]
PIPELINE = "fpvs_pipeline"
SHELL = "fpvs_card"
HEADINGS = ("LUT", "LUTRAM", "SRL", "FF", "BRAM", "URAM", "DSP")
# The sum of these is what a device's LUTs are compared with.
LUT_KINDS = ("lut", "lut_ram", "srl")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--pipeline", required=True, type=pathlib.Path, help="of hlsc")
    parser.add_argument("--size", default="simulated", help="a name for the tables' sizes")
    parser.add_argument("--stage", action="append", help="only these stages, nothing else")
    parser.add_argument("--folder", default="build/qor", help="where netlists are kept")
    parser.add_argument("--reference", type=pathlib.Path)
    parser.add_argument("--update", action="store_true", help="write the reference anew")
    parser.add_argument("--jobs", type=int, default=2)
    return parser.parse_args()


def line(name, row):
    cells = [f"{row[kind]:>8g}" for kind in netlist.KINDS]
    print(f"{name:28}" + "".join(cells) + f"{row.get('levels', ''):>8}")


def sum_of(rows):
    return {kind: sum(row[kind] for row in rows) for kind in netlist.KINDS}


# -- What is measured ------------------------------------------------------------------------

def stage_row(modules, name):
    levels, _ = netlist.longest_path(modules, name)
    return {**netlist.cost(modules, name), "levels": levels}


def shell_sources():
    package = RTL / "fpvs_abi_pkg.sv"
    return [package] + sorted(f for f in RTL.glob("*.sv") if f != package)


def measure(options, runs):
    """({stage: row}, row of channels, row of the shell, (levels, places) of the whole)."""
    texts = synthesis.modules_of(options.pipeline.read_text())
    stages = [n for n in texts if n != PIPELINE]
    wanted = [n for n in stages if not options.stage or n[len(PIPELINE) + 1:] in options.stage]
    if options.stage and len(wanted) != len(options.stage):
        sys.exit(f"not all of {options.stage} are stages of {options.pipeline}")
    futures = {n: runs.start(n, [texts[n]]) for n in wanted}
    if options.stage:
        return {n: stage_row(futures[n].result(), n) for n in wanted}, None, None, None
    boxes = [synthesis.as_box(texts[n]) for n in stages]
    top_future = runs.start(PIPELINE, [texts[PIPELINE]] + boxes, flatten=False)
    shell_future = runs.start(SHELL, shell_sources() + [synthesis.as_box(texts[PIPELINE])],
                              flatten=False)
    rows = {n: stage_row(futures[n].result(), n) for n in wanted}
    modules = top_future.result()
    channels = netlist.cost({**modules, **{n: {"cells": {}} for n in stages}}, PIPELINE)
    shell_modules = shell_future.result()
    shell = netlist.cost({**shell_modules, PIPELINE: {"cells": {}}}, SHELL)
    for future in futures.values():
        modules.update(future.result())
    everything = {**shell_modules, **modules}
    return rows, channels, shell, netlist.longest_path(everything, SHELL)


# -- What is said ----------------------------------------------------------------------------

def print_shares(total):
    devices = json.loads((HERE / "devices.json").read_text())
    luts = sum(total[kind] for kind in LUT_KINDS)
    print(f"\n{'share of':28}{'LUT':>8}{'FF':>8}{'BRAM':>8}{'URAM':>8}{'DSP':>8}")
    for card in ("U250", "U280", "U55C"):
        have = devices[card]
        shares = [luts / have["lut"]] + [total[k] / have[k] for k in ("ff", "bram", "uram", "dsp")]
        print(f"{card:28}" + "".join(f"{100 * share:>7.1f}%" for share in shares))


def report(options, rows, channels, shell, path):
    print(f"{options.size + ' tables':28}" + "".join(f"{h:>8}" for h in (*HEADINGS, "levels")))
    for name, row in rows.items():
        line(name[len(PIPELINE) + 1:], row)
    if channels is None:
        return
    total = {**sum_of([*rows.values(), channels, shell]), "levels": path[0]}
    line("channels between stages", channels)
    line("shell", shell)
    line("total", total)
    print_shares(total)
    print(f"\nlongest path, {path[0]} levels: " + " -> ".join(path[1]))
    print("Area is yosys's, of logic not placed; timing is estimated only (hlsc's report).")


# -- The reference ---------------------------------------------------------------------------

def rows_to_keep(rows, channels, shell, path):
    kept = {name[len(PIPELINE) + 1:]: row for name, row in rows.items()}
    if channels is not None:
        kept["channels"] = channels
        kept["shell"] = shell
        kept["total"] = {**sum_of([*rows.values(), channels, shell]), "levels": path[0]}
    return kept


def differences(tolerance, reference, rows, complete):
    """Sentences about what has left its tolerance."""
    for name in sorted(set(reference) | set(rows)):
        if name not in rows:
            if complete:
                yield f"{name} is gone"
            continue
        if name not in reference:
            yield f"{name} is new"
            continue
        for kind, value in rows[name].items():
            was = reference[name].get(kind, 0)
            allowed = tolerance["levels"] if kind == "levels" else max(
                tolerance["count"], tolerance["percent"] * was / 100)
            if abs(value - was) > allowed:
                yield f"{name}: {kind} {was:g} -> {value:g}"


def compare(options, rows, complete):
    kept = json.loads(options.reference.read_text()) if options.reference.exists() else {
        "tolerance": {"percent": 5, "count": 32, "levels": 1}, "sizes": {}}
    if options.update:
        kept["sizes"][options.size] = rows
        options.reference.write_text(json.dumps(kept, indent=1) + "\n")
        print(f"{options.reference} written")
        return 0
    was = kept["sizes"].get(options.size, {})
    found = list(differences(kept["tolerance"], was, rows, complete))
    for sentence in found:
        print(f"differs from the reference: {sentence}")
    return 1 if found else 0


def main():
    options = arguments()
    runs = synthesis.Synthesis(options.folder, LIBRARY, options.jobs)
    rows, channels, shell, path = measure(options, runs)
    report(options, rows, channels, shell, path)
    if options.reference:
        kept = rows_to_keep(rows, channels, shell, path)
        return compare(options, kept, complete=not options.stage)
    return 0


if __name__ == "__main__":
    sys.exit(main())
