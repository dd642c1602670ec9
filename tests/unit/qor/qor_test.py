# SPDX-License-Identifier: Apache-2.0
"""The arithmetic behind ./run qor."""
import pathlib
import shutil
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "hw/qor"))

import memories  # noqa: E402
import netlist  # noqa: E402
import qor  # noqa: E402
import synthesis  # noqa: E402


class Memories(unittest.TestCase):
    def test_uram_is_cut_into_words_of_72_bits_and_4096_words(self):
        self.assertEqual(memories.urams(72, 4096), 1)
        self.assertEqual(memories.urams(73, 4096), 2)
        self.assertEqual(memories.urams(144, 4097), 4)

    def test_a_million_flows(self):
        ways = 6
        self.assertEqual(ways * memories.urams(144, 1 << 18), 768)

    def test_block_ram_takes_the_best_shape(self):
        self.assertEqual(memories.brams(72, 512), 1)
        self.assertEqual(memories.brams(36, 512), 0.5)
        self.assertEqual(memories.brams(9, 4096), 1)
        self.assertEqual(memories.brams(13, 1 << 18), 104)

    def test_lut_rams_share_a_write_address(self):
        self.assertEqual(memories.lut_rams(14, 32), 8)
        self.assertEqual(memories.lut_rams(7, 64), 8)
        self.assertEqual(memories.lut_rams(8, 65), 32)


@unittest.skipUnless(shutil.which("yosys"), "yosys is not installed")
class Levels(unittest.TestCase):
    """Small modules through yosys."""

    def rows(self, text, top):
        with tempfile.TemporaryDirectory() as folder:
            modules = synthesis.Synthesis(folder, qor.LIBRARY).run(top, [text], flatten=False)
        return netlist.cost(modules, top), netlist.longest_path(modules, top)

    def test_a_lut_between_registers_is_one_level(self):
        cost, path = self.rows(
            "module m(input c, input [5:0] a, output reg q); reg [5:0] r;"
            " always @(posedge c) begin r <= a; q <= ^r; end endmodule", "m")
        self.assertEqual((cost["lut"], cost["ff"], path[0]), (1, 7, 1))

    def test_a_path_goes_through_modules(self):
        _, path = self.rows(
            "module half(input [11:0] a, output o); assign o = ^a; endmodule\n"
            "module m(input c, input [11:0] a, output reg q); reg [11:0] r; wire o;"
            " half h(r, o); always @(posedge c) begin r <= a; q <= o; end endmodule", "m")
        self.assertEqual(path, (2, ["m", "h", "m"]))

    def test_a_carry_chain_is_one_level(self):
        _, path = self.rows(
            "module m(input c, input [31:0] a, b, output reg [31:0] q); reg [31:0] x, y;"
            " always @(posedge c) begin x <= a; y <= b; q <= x + y; end endmodule", "m")
        self.assertEqual(path[0], 2)

    def test_a_table_is_counted_and_ends_paths(self):
        cost, path = self.rows(
            "module m(input c, input [11:0] a, input [71:0] d, output [71:0] q);"
            " fpvs_ram_s2p #(.WIDTH(72), .DEPTH(4096), .STYLE(\"ultra\")) t(.ap_clk(c),"
            " .write_enable(a[0]), .write_address(a), .write_data(d), .read_address(~a),"
            " .data(q)); endmodule", "m")
        self.assertEqual(cost["uram"], 1)
        self.assertEqual(path[0], 0)


class Reference(unittest.TestCase):
    tolerance = {"percent": 5, "count": 10, "levels": 1}

    def found(self, was, now, complete=True):
        return list(qor.differences(self.tolerance, was, now, complete))

    def test_small_changes_pass(self):
        self.assertEqual(self.found({"a": {"lut": 1000, "levels": 4}},
                                    {"a": {"lut": 1050, "levels": 5}}), [])

    def test_larger_ones_new_ones_and_lost_ones_do_not(self):
        self.assertEqual(self.found({"a": {"lut": 1000}}, {"a": {"lut": 900}}),
                         ["a: lut 1000 -> 900"])
        self.assertEqual(self.found({"a": {"levels": 4}}, {"a": {"levels": 6}}),
                         ["a: levels 4 -> 6"])
        self.assertEqual(self.found({"a": {"lut": 1}}, {"b": {"lut": 1}}),
                         ["a is gone", "b is new"])
        self.assertEqual(self.found({"a": {"lut": 1}}, {}, complete=False), [])


if __name__ == "__main__":
    unittest.main()
