// SPDX-License-Identifier: Apache-2.0
// Pipelines of small kernels are proved equal to their references, and faulty ones are not.
#include <gtest/gtest.h>

#include "hw/hlsc/prove/prove.hpp"

namespace fpvs::hlsc {
namespace {

// At a faster clock a pipeline has more stages; not every kernel closes then.
constexpr double kFast = 1.8;
constexpr double kUsual = 2.5;

struct Case {
    const char* kernel;
    double clock_ns;
};

std::vector<ProvedProcess> proved(const std::string& kernel, double clock_ns, Plant plant) {
    Options options;
    options.source = std::string(FPVS_HLSC_KERNELS) + "/proof/" + kernel + ".cpp";
    options.top = "top";
    options.headers = FPVS_HLSC_HEADERS;
    options.clock_ns = clock_ns;
    options.plant = plant;
    Diagnostics diagnostics;
    const auto result = prove(options, {.seconds = 120, .keep_folder = {}}, diagnostics);
    EXPECT_FALSE(result.empty()) << diagnostics.text();
    return result;
}

class Proof : public testing::TestWithParam<Case> {};

TEST_P(Proof, the_pipeline_is_equal_to_its_reference) {
    for (const ProvedProcess& process :
         proved(GetParam().kernel, GetParam().clock_ns, Plant::none)) {
        EXPECT_EQ(process.verdict, Verdict::equal) << process.name;
    }
}

INSTANTIATE_TEST_SUITE_P(Hlsc,
                         Proof,
                         testing::Values(Case{"arithmetic", kFast},
                                         Case{"counters", kFast},
                                         Case{"store_then_load", kFast},
                                         Case{"register_array", kUsual},
                                         Case{"interval", kUsual},
                                         Case{"two_processes", kUsual}),
                         [](const auto& info) { return std::string(info.param.kernel); });

TEST(Proof, a_store_that_comes_a_stage_late_is_refuted) {
    EXPECT_EQ(proved("store_then_load", kFast, Plant::ordering).at(0).verdict, Verdict::different);
}

TEST(Proof, a_value_that_is_taken_a_stage_early_is_refuted) {
    EXPECT_EQ(proved("store_then_load", kFast, Plant::schedule).at(0).verdict, Verdict::different);
}

}  // namespace
}  // namespace fpvs::hlsc
