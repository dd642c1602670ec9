#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Every rule of tidy.py finds the violation planted for it, and lets right code pass."""
import pathlib
import tempfile
import unittest

import tidy

HEAD = "// SPDX-License-Identifier: Apache-2.0\n#pragma once\n"


def messages(path, body):
    return [message for _, message in tidy.findings(path, HEAD + body)]


class Direction(unittest.TestCase):
    def test_a_folder_includes_what_lies_below_it(self):
        self.assertEqual(messages("host/engine/a.hpp", '#include "host/model/x.hpp"\n'), [])
        self.assertEqual(messages("host/engine/a.hpp", '#include "host/engine/x.hpp"\n'), [])
        self.assertEqual(messages("host/daemon/a.hpp", '#include "host/vrrp/x.hpp"\n'), [])

    def test_nothing_includes_what_lies_above_it(self):
        for path, target in [("host/model/a.hpp", "host/engine/x.hpp"),
                             ("host/engine/a.hpp", "host/offload/x.hpp"),
                             ("host/cli/a.hpp", "host/engine/x.hpp"),
                             ("drivers/xrt/a.hpp", "host/daemon/x.hpp"),
                             ("hw/abi/a.hpp", "hw/lib/x.hpp"),
                             ("hw/kernels/a.hpp", "host/util/x.hpp"),
                             ("host/vrrp/a.hpp", "tests/kit/x.hpp")]:
            self.assertEqual(len(messages(path, f'#include "{target}"\n')), 1, (path, target))

    def test_the_reference_stays_a_second_opinion(self):
        for target in ("hw/lib/x.hpp", "host/engine/x.hpp", "hw/kernels/x.hpp"):
            self.assertEqual(len(messages("sim/reference/a.hpp", f'#include "{target}"\n')), 1)

    def test_relative_includes_are_found(self):
        self.assertTrue(messages("host/model/a.hpp", '#include "../util/x.hpp"\n'))
        self.assertTrue(messages("host/model/a.hpp", '#include "./x.hpp"\n'))


class Text(unittest.TestCase):
    def test_banned_text(self):
        for line in ("// FIXME later", "// TODO later", "using namespace fpvs;", "int\ta;",
                     "x" * 101, "int a; ", 'auto p = "/root/x";', "// see ../shared/facts"):
            self.assertEqual(len(messages("host/model/a.hpp", line + "\n")), 1, line)

    def test_allowed_text(self):
        for line in ("// TODO(#12): later", "using namespace std::chrono_literals;", "x" * 100,
                     "// https://example.org/" + "x" * 100, "int network/work;"):
            self.assertEqual(messages("host/model/a.hpp", line + "\n"), [], line)

    def test_a_test_may_open_a_namespace_but_its_headers_may_not(self):
        self.assertEqual(messages("tests/unit/a.cpp", "using namespace fpvs;\n"), [])
        self.assertEqual(messages("host/cli/main.cpp", "using namespace fpvs;\n"), [])
        self.assertEqual(messages("tests/unit/a.hpp", "using namespace fpvs;\n"), ["using namespace"])

    def test_beginning(self):
        self.assertEqual(tidy.findings("host/a.cpp", "int a;\n"), [(1, "no SPDX line")])
        self.assertEqual(tidy.findings("host/a.hpp", "// SPDX-License-Identifier: Apache-2.0\n"),
                         [(1, "header without #pragma once")])
        self.assertEqual(
            tidy.findings("a.py", "#!/usr/bin/python3\n# SPDX-License-Identifier: Apache-2.0\n"), [])


class KernelSubset(unittest.TestCase):
    def test_outside(self):
        for line in ("#include <vector>", "int* p = new int;", "virtual void f();", "float f;",
                     "std::string s;", "namespace a::b {", "if constexpr (true) {",
                     "out.write_nb(x);", "if (s.full()) {", "#pragma HLS PIPELINE II=1",
                     "#pragma HLS PIPELINE II=1 style=frp",
                     "#pragma HLS DEPENDENCE variable=t type=inter direction=RAW distance=4",
                     "#pragma HLS BIND_STORAGE variable=t type=ram_s2p impl=uram latency=4"):
            self.assertEqual(len(messages("hw/kernels/a.hpp", line + "\n")), 1, line)
            self.assertEqual(messages("tests/unit/a.hpp", line + "\n"), [], line)

    def test_inside(self):
        for line in ("#include <cstdint>", "#include <ap_int.h>", "std::uint8_t a;",
                     "Thing(const Thing&) = delete;", "// A new flow.",
                     "#pragma HLS PIPELINE II=1 style=flp", "#pragma HLS PIPELINE II = 1 style = flp",
                     "#pragma HLS BIND_STORAGE variable=t type=ram_s2p impl=uram latency=3"):
            self.assertEqual(messages("hw/kernels/a.hpp", line + "\n"), [], line)


class Tree(unittest.TestCase):
    def run_on(self, files):
        with tempfile.TemporaryDirectory() as folder:
            for path, text in files.items():
                file = pathlib.Path(folder, path)
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text)
            return tidy.main(folder)

    def test_exit_codes(self):
        self.assertEqual(self.run_on({"host/model/a.hpp": HEAD}), 0)
        self.assertEqual(self.run_on({"host/model/a.hpp": "int a;\n"}), 1)
        self.assertEqual(self.run_on({}), 1, "nothing read is not a success")
        self.assertEqual(self.run_on({"host/model/a.hpp": HEAD, "build/a.hpp": "int a;\n"}), 0)


if __name__ == "__main__":
    unittest.main()
