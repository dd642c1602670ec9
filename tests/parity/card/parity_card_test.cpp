// SPDX-License-Identifier: Apache-2.0
// Random frames in random surroundings through reference, slow path and card.  Built twice: with
// the native kernels, and with their RTL beside them in lock-step.
#include <fmt/core.h>
#include <gtest/gtest.h>

#include <cstdio>

#include "tests/kit/frame_diff.hpp"
#include "tests/kit/reason_name.hpp"
#include "tests/parity/card/card_under_test.hpp"
#include "tests/parity/card/four_executions.hpp"
#include "tests/parity/sequences.hpp"

namespace fpvs::parity {
namespace {

constexpr std::size_t kFramesPerSequence = 300;

// Returns how many frames were played.
std::size_t play_seed(std::uint32_t seed, CardTally& tally) {
    std::mt19937 random(seed);
    const World world = make_world(random);
    const auto frames = Traffic(random, world).operations(kFramesPerSequence);
    if (!play_with_card(world, frames, card_under_test(), tally)) {
        return frames.size();
    }
    const auto needed = shrink(frames, [&](const std::vector<FrameOperation>& candidate) {
        CardTally unused;
        const auto failure = play_with_card(world, candidate, card_under_test(), unused);
        return failure ? std::optional(failure->operation) : std::nullopt;
    });
    CardTally unused;
    const auto failure = play_with_card(world, needed, card_under_test(), unused);
    std::string all = describe(world);
    for (const FrameOperation& frame : needed) {
        all += fmt::format("  after {} ms by port {}: {}\n    {}\n",
                           frame.pause_ms,
                           frame.port,
                           frame.what,
                           kit::scapy_line(frame.bytes));
    }
    ADD_FAILURE() << "FPVS_SEED=" << seed << " needs these frames to fail:\n"
                  << all << (failure ? failure->difference : "(not when it is played again)");
    return frames.size();
}

TEST(ParityCard, what_the_card_forwards_is_what_ipvs_sends) {
    CardTally tally;
    play_sequences(kCardFrames, [&](std::uint32_t seed) { return play_seed(seed, tally); });
    fmt::print("card: {} forwarded of {} that are to be forwarded; handed over:\n",
               tally.forwarded,
               tally.forwarded_by_both);
    for (const auto& [reason, frames] : tally.punted) {
        fmt::print("  {:18} {}\n", kit::reason_name(reason), frames);
    }
    EXPECT_EQ(card_differences(), 0U) << "RTL and native kernels";
    // First packets, fragments and ICMP errors stay the host's.
    EXPECT_GT(tally.forwarded, tally.forwarded_by_both / 8);
}

}  // namespace
}  // namespace fpvs::parity
