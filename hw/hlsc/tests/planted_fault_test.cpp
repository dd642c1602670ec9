// SPDX-License-Identifier: Apache-2.0
// The differential test sees a fault where one is planted, and none where none is.
#include <gtest/gtest.h>

#include "hw/hlsc/cosim/diff.hpp"

namespace fpvs::hlsc {
namespace {

bool runs_alike(const char* kernel, Plant plant, std::string* said = nullptr) {
    Options options;
    options.source = std::string(FPVS_HLSC_KERNELS) + "/" + kernel;
    options.top = "top";
    options.headers = FPVS_HLSC_HEADERS;
    options.plant = plant;
    Diagnostics diagnostics;
    const bool alike = diff(options, {.seed = 1, .iterations = 18000}, diagnostics);
    if (said != nullptr) {
        *said = diagnostics.text();
    }
    return alike;
}

TEST(PlantedFault, the_plain_kernel_runs_alike) {
    std::string said;
    EXPECT_TRUE(runs_alike("lookup.cpp", Plant::none, &said)) << said;
}

TEST(PlantedFault, a_store_one_stage_late_is_seen) {
    std::string said;
    EXPECT_FALSE(runs_alike("lookup.cpp", Plant::ordering, &said));
    EXPECT_NE(said.find("differ"), std::string::npos) << said;
}

TEST(PlantedFault, a_value_taken_a_stage_early_is_seen) {
    std::string said;
    EXPECT_FALSE(runs_alike("lookup.cpp", Plant::schedule, &said));
    EXPECT_NE(said.find("differ"), std::string::npos) << said;
}

TEST(PlantedFault, a_false_claim_of_distance_stops_the_simulation) {
    std::string said;
    EXPECT_FALSE(runs_alike("false_distance.cpp", Plant::none, &said));
}

}  // namespace
}  // namespace fpvs::hlsc
