// SPDX-License-Identifier: Apache-2.0
// fpvs-abi-print registers|package: prints docs/registers.md or hw/rtl/fpvs_abi_pkg.sv.
#include <cstdio>
#include <string>

#include "hw/abi/print/print.hpp"

int main(int argc, char** argv) {
    const std::string what = argc == 2 ? argv[1] : "";
    std::string text;
    if (what == "registers") {
        text = fpvs::abi::registers_markdown();
    } else if (what == "package") {
        text = fpvs::abi::systemverilog_package();
    } else {
        std::fputs("usage: fpvs-abi-print registers|package\n", stderr);
        return 2;
    }
    const bool complete = std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
    return complete && std::fflush(stdout) == 0 ? 0 : 1;
}
