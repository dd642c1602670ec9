// SPDX-License-Identifier: Apache-2.0
// The one pipeline of the test program, and what every test of it checks in the end.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>

#include "tests/cosim/pipeline/pipeline_cosim.hpp"
#include "tests/kit/card_dataplane.hpp"

namespace fpvs::cosim_test {

struct Card {
    explicit Card(std::uint64_t random_seed);

    std::uint64_t seed;
    PipelineCosim streams;
    kit::CardDataplane dataplane;
};

// With the seed of FPVS_SEED.
Card& card();

// FPVS_COSIM_PACKETS, or few.
std::uint64_t packets_wanted();

// Takes what left, unseen: the lock-step compare is the check.
void discard_outputs();

// Each test leaves the card empty, without a difference so far.
class Cosim : public testing::Test {
  protected:
    void SetUp() override { card().streams.set_paces(Pace::always, Pace::always); }
    void TearDown() override {
        EXPECT_EQ(card().streams.progress().mismatches, 0u);
        EXPECT_EQ(card().streams.owed(), 0u);
        EXPECT_EQ(card().streams.waiting(), 0u);
    }
};

}  // namespace fpvs::cosim_test
