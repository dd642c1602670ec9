// SPDX-License-Identifier: Apache-2.0
// Small kernels that once failed, or that hold a construct nothing else has: RTL like native run.
#include <gtest/gtest.h>

#include "hw/hlsc/cosim/diff.hpp"

namespace fpvs::hlsc {
namespace {

class Kernel : public testing::TestWithParam<const char*> {};

TEST_P(Kernel, runs_word_for_word_like_its_native_run) {
    Options options;
    options.source = std::string(FPVS_HLSC_KERNELS) + "/" + GetParam() + ".cpp";
    options.top = "top";
    options.headers = FPVS_HLSC_HEADERS;
    Diagnostics diagnostics;
    EXPECT_TRUE(diff(options, {.seed = 3, .iterations = 18000}, diagnostics)) << diagnostics.text();
}

INSTANTIATE_TEST_SUITE_P(Hlsc,
                         Kernel,
                         testing::Values("wide_words",
                                         "never_written",
                                         "both_ways",
                                         "barrett",
                                         "banked_table",
                                         "realign",
                                         "many_processes",
                                         "interval",
                                         "signed_values"),
                         [](const auto& info) { return std::string(info.param); });

}  // namespace
}  // namespace fpvs::hlsc
