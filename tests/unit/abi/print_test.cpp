// SPDX-License-Identifier: Apache-2.0
#include "hw/abi/print/print.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>

namespace fpvs::abi {
namespace {

// Tests run in the root of the tree.
std::string committed(const std::string& path) {
    std::ifstream file(path);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

TEST(AbiPrint, committed_register_document_is_what_the_headers_say) {
    EXPECT_EQ(committed("docs/registers.md"), registers_markdown())
        << "print it again: build/bin/fpvs-abi-print registers > docs/registers.md";
}

TEST(AbiPrint, committed_systemverilog_package_is_what_the_headers_say) {
    EXPECT_EQ(committed("hw/rtl/fpvs_abi_pkg.sv"), systemverilog_package())
        << "print it again: build/bin/fpvs-abi-print package > hw/rtl/fpvs_abi_pkg.sv";
}

}  // namespace
}  // namespace fpvs::abi
