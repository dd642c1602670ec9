// SPDX-License-Identifier: Apache-2.0
// The catalogue of packet cases through the whole card: MACs, pipeline, rings.  Built once for each
// pipeline: FPVS_PIPELINE_NAME says which.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "hw/abi/limits.hpp"
#include "tests/cases/case.hpp"
#include "tests/kit/card_dataplane.hpp"
#include "tests/unit/simcard/shell_streams.hpp"

namespace fpvs::sim::card {
namespace {

// One card for all cases: the catalogue replaces its set-up, and natively there is only one.
kit::CardDataplane& dataplane() {
    static VerilatedCard card({.macs_pad = false});
    static ShellStreams streams(card);
    static kit::CardDataplane the_dataplane(FPVS_PIPELINE_NAME, streams);
    return the_dataplane;
}

// What no MAC hands over concerns the pipeline alone.
bool comes_from_a_mac(const cases::Case& one) {
    return std::all_of(one.steps.begin(), one.steps.end(), [](const cases::Step& step) {
        const std::size_t bytes = step.in.frame.size();
        return bytes > 0 && bytes <= abi::kFrameBytesMax;
    });
}

std::vector<cases::Case> cases_for_a_card() {
    std::vector<cases::Case> chosen = cases::catalogue();
    std::erase_if(chosen, [](const cases::Case& one) { return !comes_from_a_mac(one); });
    return chosen;
}

class CardCases : public testing::TestWithParam<cases::Case> {};

TEST_P(CardCases, holds) {
    EXPECT_EQ(cases::run_case(dataplane(), GetParam()), "");
}

INSTANTIATE_TEST_SUITE_P(Catalogue,
                         CardCases,
                         testing::ValuesIn(cases_for_a_card()),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace fpvs::sim::card
