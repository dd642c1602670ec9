#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What stands between our RTL and Vitis, written from the ports of our modules.

    wrap.py ROOT FOLDER FLOW_BUCKETS_LOG2 FLOW6_BUCKETS_LOG2

writes to FOLDER
  fpvs_abi_pkg.sv      the contract's numbers, with this card's sizes of the flow tables
  fpvs_pipeline.sv     the pipeline of Vitis HLS under the name and ports that fpvs_card knows
                       (Vitis writes the signals of a stream in capitals, and hls.tcl renames its
                       top function to fpvs_pipeline_hls, to leave the name free)
  fpvs_card_kernel.sv  fpvs_card without the ports that belong to no interface: link stays with the
                       MACs (their register 0x204 tells it), so both ports show a link here
  kernel.xml           the kernel as XRT and v++ see it
"""
import pathlib
import re
import sys

PORT = re.compile(r"^\s+(input|output)\s+logic\s+(\[[^\]]*\])?\s*(\w+),?$", re.MULTILINE)
WIDTHS = {"[DATA_W-1:0]": "[511:0]", "[KEEP_W-1:0]": "[63:0]", "[PORTS-1:0]": "[1:0]"}
STREAM_SIGNALS = ("tdata", "tkeep", "tstrb", "tlast", "tvalid", "tready")
REGISTER_BYTES = 0x1000  # hw/abi/registers.hpp, kRegisterBlockBytes.
COMMAND_RING_BASE = 0x100  # The same, kRingBlock: a pointer to host memory.


def ports_of(path, module):
    """[(direction, width, name)] of a module's header."""
    header = re.search(rf"^module {module}\b.*?^\);", path.read_text(), re.DOTALL | re.MULTILINE)
    return [(d, WIDTHS.get(w, w or ""), n) for d, w, n in PORT.findall(header.group(0))]


def module_text(about, name, ports, inner, instance, connections):
    rows = [f"    {d:6} wire {w:7} {n}" for d, w, n in ports]
    pins = [f"        .{pin}({net})" for pin, net in connections]
    return (f"// Written by wrap.py: {about}\nmodule {name} (\n" + ",\n".join(rows) +
            f"\n);\n    {inner} {instance} (\n" + ",\n".join(pins) + "\n    );\nendmodule\n")


def pipeline_adapter(ports):
    def of_vitis(name):
        stream, _, signal = name.rpartition("_")
        return f"{stream}_{signal.upper()}" if signal in STREAM_SIGNALS else name

    return module_text("the pipeline of Vitis HLS under our names.", "fpvs_pipeline", ports,
                       "fpvs_pipeline_hls", "u_hls", [(of_vitis(n), n) for _, _, n in ports])


def is_loose(name):
    return name == "link" or name.endswith("_room")


def kernel_module(ports):
    pins = [(n, "2'b11" if n == "link" else "" if is_loose(n) else n) for _, _, n in ports]
    return module_text("fpvs_card with whole interfaces only.", "fpvs_card_kernel",
                       [p for p in ports if not is_loose(p[2])], "fpvs_card", "u_card", pins)


def streams_of(ports):
    """[(name, True if frames come in by it)]."""
    return [(n[:-len("_tdata")], d == "input") for d, _, n in ports if n.endswith("_tdata")]


def kernel_xml(ports):
    streams = streams_of(ports)
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<root versionMajor="1" versionMinor="6">',
        '  <kernel name="fpvs_card" language="ip_c" vlnv="fpvs:kernel:fpvs_card:1.0" attributes=""',
        '          preferredWorkGroupSizeMultiple="0" workGroupSize="1" interrupt="false"',
        '          hwControlProtocol="user_managed">',
        '    <ports>',
        f'      <port name="s_axil" mode="slave" range="{REGISTER_BYTES:#x}" dataWidth="32"',
        '            portType="addressable" base="0x0"/>',
        '      <port name="m_axi_host" mode="master" range="0xFFFFFFFFFFFFFFFF" dataWidth="512"',
        '            portType="addressable" base="0x0"/>']
    for name, comes_in in streams:
        mode = "read_only" if comes_in else "write_only"
        lines.append(f'      <port name="{name}" mode="{mode}" dataWidth="512" '
                     'portType="stream"/>')
    lines += [
        '    </ports>',
        '    <args>',
        '      <arg name="host" addressQualifier="1" id="0" port="m_axi_host" size="0x8"',
        f'           offset="{COMMAND_RING_BASE:#x}" hostOffset="0x0" hostSize="0x8" '
        'type="void*"/>']
    for number, (name, _) in enumerate(streams, start=1):
        lines.append(f'      <arg name="{name}" addressQualifier="4" id="{number}" port="{name}" '
                     'size="0x0" offset="0x0"\n           hostOffset="0x0" hostSize="0x0" '
                     'type="stream&lt;ap_axiu&lt;512,0,0,0>>&amp;"/>')
    return "\n".join(lines + ["    </args>", "  </kernel>", "</root>", ""])


def package_with(text, flow_log2, flow6_log2):
    for name, log2 in (("FLOW_BUCKETS", flow_log2), ("FLOW6_BUCKETS", flow6_log2)):
        text, count = re.subn(rf"(localparam int unsigned {name}) = \d+;",
                              rf"\1 = {1 << log2};", text)
        if count != 1:
            sys.exit(f"wrap.py: fpvs_abi_pkg.sv has {count} lines that say {name}, not one")
    return text


def main():
    root, folder = map(pathlib.Path, sys.argv[1:3])
    package = (root / "hw/rtl/fpvs_abi_pkg.sv").read_text()
    folder.mkdir(parents=True, exist_ok=True)
    card = ports_of(root / "hw/rtl/fpvs_card.sv", "fpvs_card")
    pipeline = ports_of(root / "sim/card/native/fpvs_pipeline.sv", "fpvs_pipeline")
    (folder / "fpvs_abi_pkg.sv").write_text(package_with(package, *map(int, sys.argv[3:5])))
    (folder / "fpvs_pipeline.sv").write_text(pipeline_adapter(pipeline))
    (folder / "fpvs_card_kernel.sv").write_text(kernel_module(card))
    (folder / "kernel.xml").write_text(kernel_xml(card))


if __name__ == "__main__":
    main()
