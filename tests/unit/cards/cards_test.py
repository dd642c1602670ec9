# SPDX-License-Identifier: Apache-2.0
"""hw/cards against hw/rtl, hw/abi and drivers/xrt: names, ports, numbers."""
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree as xml

ROOT = pathlib.Path(__file__).resolve().parents[3]
HW_CARDS = ROOT / "hw/cards"
CARDS = ("u250", "u280", "u55c")


def text_of(path):
    return (ROOT / path).read_text()


def settings_of(card):
    return dict(re.findall(r"^(\w+) := (\S+)$", (HW_CARDS / card / "card.mk").read_text(), re.M))


def constant(path, name):
    return re.search(rf'\b{name} = "?([^";]+)"?;', text_of(path)).group(1)


class Wrapped(unittest.TestCase):
    """What wrap.py writes, for each card."""

    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp())
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        for card in CARDS:
            settings = settings_of(card)
            subprocess.run([sys.executable, HW_CARDS / "common/wrap.py", ROOT, cls.folder / card,
                            settings["FLOW_BUCKETS_LOG2"], settings["FLOW6_BUCKETS_LOG2"]],
                           check=True)

    def kernel(self, card):
        return xml.parse(self.folder / card / "kernel.xml").getroot().find("kernel")

    def test_shell_and_wrappers_are_one_design(self):
        for card in CARDS:
            folder = self.folder / card
            adapter = (folder / "fpvs_pipeline.sv").read_text()
            stub = re.search(r"^module.*?^\);", adapter, re.DOTALL | re.MULTILINE).group(0)
            stub = stub.replace("module fpvs_pipeline", "module fpvs_pipeline_hls")
            stub = re.sub(r"_(tdata|tkeep|tstrb|tlast|tvalid|tready)\b",
                          lambda m: "_" + m.group(1).upper(), stub)
            (folder / "stub.sv").write_text(stub + "\nendmodule\n")
            shell = [f for f in (ROOT / "hw/rtl").glob("*.sv") if f.name != "fpvs_abi_pkg.sv"]
            subprocess.run(["verilator", "--lint-only", "-Wall", "-Wno-DECLFILENAME",
                            "-Wno-UNUSED", "-Wno-UNDRIVEN", "-Wno-PINCONNECTEMPTY",
                            "--top-module", "fpvs_card_kernel", ROOT / "hw/rtl/lint.vlt",
                            folder / "fpvs_abi_pkg.sv", *shell, folder / "stub.sv",
                            folder / "fpvs_pipeline.sv", folder / "fpvs_card_kernel.sv"],
                           check=True)

    def test_sizes_reach_registers_and_kernels_alike(self):
        limits = text_of("hw/abi/limits.hpp")
        most = int(constant("hw/abi/limits.hpp", "kFlowBucketsLog2Max"))
        hls = (HW_CARDS / "common/hls.tcl").read_text()
        for name in ("FPVS_FLOW_BUCKETS_LOG2", "FPVS_FLOW6_BUCKETS_LOG2"):
            self.assertIn(f"#ifndef {name}", limits)
            self.assertIn(f"-D{name}=", hls)
        for card in CARDS:
            settings = settings_of(card)
            package = (self.folder / card / "fpvs_abi_pkg.sv").read_text()
            for setting in ("FLOW_BUCKETS", "FLOW6_BUCKETS"):
                log2 = int(settings[setting + "_LOG2"])
                self.assertLessEqual(log2, most)
                self.assertIn(f" {setting} = {1 << log2};", package)

    def test_kernel_xml_is_what_the_host_opens(self):
        for card in CARDS:
            kernel = self.kernel(card)
            self.assertEqual(kernel.get("name"),
                             constant("drivers/xrt/xclbin/format.hpp", "kKernelName"))
            self.assertEqual(kernel.get("hwControlProtocol"), "user_managed")
            registers = kernel.find("ports/port[@name='s_axil']")
            self.assertEqual(int(registers.get("range"), 0), int(constant(
                "hw/abi/registers.hpp", "kRegisterBlockBytes"), 0))
            pointer = kernel.find("args/arg[@name='host']")
            self.assertEqual(int(pointer.get("offset"), 0),
                             int(constant("hw/abi/registers.hpp", "kRingBlock"), 0))
            ids = [int(arg.get("id")) for arg in kernel.iter("arg")]
            self.assertEqual(len(ids) - 1, len(list(kernel.iter("port"))) - 2)
            self.assertEqual(len(set(ids[1:])), len(ids) - 1)

    def test_each_stream_of_the_kernel_is_wired_once_and_the_right_way(self):
        instance = constant("drivers/xrt/xclbin/format.hpp", "kInstanceName")
        for card in CARDS:
            link = (HW_CARDS / card / "link.cfg").read_text()
            self.assertIn(f"nk=fpvs_card:1:{instance}\n", link)
            tag = constant("drivers/xrt/xclbin/format.hpp", "kHostMemoryTag")
            self.assertIn(f"sp={instance}.m_axi_host:{tag}\n", link)
            wired = re.findall(r"^stream_connect=(\w+)\.(\w+):(\w+)\.(\w+)$", link, re.MULTILINE)
            into = sorted(port for _, _, to, port in wired if to == instance)
            out = sorted(port for start, port, _, _ in wired if start == instance)
            streams = self.kernel(card).findall("ports/port[@portType='stream']")
            self.assertEqual(into, sorted(p.get("name") for p in streams
                                          if p.get("mode") == "read_only"))
            self.assertEqual(out, sorted(p.get("name") for p in streams
                                         if p.get("mode") == "write_only"))
            macs = {i for s, _, t, _ in wired for i in (s, t) if i != instance}
            for mac in macs:
                self.assertIn(f"nk={mac}:1:{mac}\n", link)

    def test_package_script_names_every_interface(self):
        script = (HW_CARDS / "common/package.tcl").read_text()
        named = set(re.search(r"foreach bus \{([^}]*)\}", script).group(1).split())
        for card in CARDS:
            self.assertEqual(named, {p.get("name") for p in self.kernel(card).iter("port")})


class Makefile(unittest.TestCase):
    def test_platforms_are_those_that_the_host_accepts(self):
        accepted = re.findall(r'"(xilinx_\w+_)"', text_of("drivers/xrt/xclbin/format.hpp"))
        for card in CARDS:
            platform = settings_of(card)["PLATFORM"]
            self.assertTrue(platform.startswith(f"xilinx_{card}_"))
            self.assertTrue(platform.startswith(tuple(accepted)))

    @unittest.skipIf(shutil.which("v++"), "this machine has Vitis")
    def test_says_what_is_missing_and_fails(self):
        for card in CARDS:
            done = subprocess.run(["make", "-C", HW_CARDS, "xclbin", f"CARD={card}"],
                                  capture_output=True, text=True)
            self.assertNotEqual(done.returncode, 0)
            for word in ("missing  v++", "missing  vitis_hls", "missing  vivado", "missing  VNX",
                         f"missing  {settings_of(card)['PLATFORM']}",
                         f"{card} cannot be built here."):
                self.assertIn(word, done.stdout)


if __name__ == "__main__":
    unittest.main()
