// SPDX-License-Identifier: Apache-2.0
// The catalogue of cases, and packets that a real IPVS forwarded, on the native pipeline.
#include <gtest/gtest.h>

#include <string>

#include "tests/cases/case.hpp"
#include "tests/kit/native_dataplane.hpp"

namespace fpvs {
namespace {

class NativePipeline : public testing::TestWithParam<cases::Case> {};

TEST_P(NativePipeline, does_what_the_case_says) {
    const std::string wrong = cases::run_case(kit::native_dataplane(), GetParam());
    EXPECT_TRUE(wrong.empty()) << wrong;
}

INSTANTIATE_TEST_SUITE_P(Cases,
                         NativePipeline,
                         testing::ValuesIn(cases::catalogue()),
                         [](const auto& instance) { return instance.param.name; });

INSTANTIATE_TEST_SUITE_P(Golden,
                         NativePipeline,
                         testing::ValuesIn(cases::golden_cases()),
                         [](const auto& instance) { return instance.param.name; });

}  // namespace
}  // namespace fpvs
