// SPDX-License-Identifier: Apache-2.0
#include "hw/hlsc/frontend/pragma.hpp"

#include <gtest/gtest.h>

namespace fpvs::hlsc {
namespace {

std::string call_of(const char* line) {
    Diagnostics diagnostics;
    const auto pragma = parse_pragma(line, {}, diagnostics);
    return pragma ? call_for(*pragma) : "refused: " + diagnostics.text();
}

TEST(Pragma, becomes_a_call_that_clang_evaluates) {
    EXPECT_EQ(call_of("STREAM variable=s depth=kDepth"),
              "::__fpvs_pragma(\"STREAM\", \"depth=# \", (const void*)&(s), (long long)(kDepth));");
    EXPECT_EQ(call_of("INTERFACE ap_ctrl_none port=return"),
              "::__fpvs_pragma(\"INTERFACE\", \"ap_ctrl_none port=return \", 0);");
}

TEST(Pragma, spaces_around_equals_and_inside_brackets_do_not_matter) {
    EXPECT_EQ(call_of("stream  variable = s  depth = (2 * kDepth)"),
              call_of("STREAM variable=s depth=(2 * kDepth)"));
}

TEST(Pragma, that_only_guides_vitis_leaves_no_call) {
    EXPECT_EQ(call_of("INLINE off"), "");
    EXPECT_EQ(call_of("UNROLL factor=4"), "");
}

TEST(Pragma, unknown_names_options_and_words_are_refused) {
    EXPECT_NE(call_of("ALLOCATION instances=2").find("not in hlsc's subset"), std::string::npos);
    EXPECT_NE(call_of("STREAM variable=s dept=4").find("no option 'dept'"), std::string::npos);
    EXPECT_NE(call_of("DATAFLOW start_propagation").find("no word"), std::string::npos);
    EXPECT_NE(call_of("STREAM depth=4").find("does not say variable"), std::string::npos);
}

TEST(Pragma, replacement_keeps_every_other_line_where_it_is) {
    Diagnostics diagnostics;
    const std::string text = "# 1 \"k.cpp\"\nint a;\n#pragma HLS PIPELINE II=1 style=flp\nint b;\n";
    const std::string replaced = replace_pragmas(text, diagnostics);
    EXPECT_FALSE(diagnostics.failed());
    const std::string after = replaced.substr(replaced.find("# 1"));
    EXPECT_EQ(std::count(after.begin(), after.end(), '\n'), 4);
    EXPECT_NE(after.find("int a;\n::__fpvs_pragma(\"PIPELINE\""), std::string::npos);
}

TEST(Pragma, a_mistake_names_its_line) {
    Diagnostics diagnostics;
    replace_pragmas("# 7 \"k.cpp\"\nint a;\n#pragma HLS NONSENSE\n", diagnostics);
    EXPECT_NE(diagnostics.text().find("k.cpp:8:1: error:"), std::string::npos)
        << diagnostics.text();
}

}  // namespace
}  // namespace fpvs::hlsc
