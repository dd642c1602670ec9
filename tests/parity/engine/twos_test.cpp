// SPDX-License-Identifier: Apache-2.0
// twos draws lots, so the engine's choices cannot be foretold; given the draws they can.
#include "host/schedule/twos.hpp"

#include <gtest/gtest.h>

#include <array>
#include <random>

#include "sim/reference/choose.hpp"
#include "tests/parity/sequences.hpp"

namespace fpvs::parity {
namespace {

constexpr int kServersMax = 6;
constexpr std::uint64_t kLists = 10'000;

// Returns how many choices were compared.
std::size_t play_seed(std::uint32_t seed) {
    std::mt19937 random(seed);
    std::array<reference::Server, kServersMax> theirs;
    std::array<schedule::ServerState, kServersMax> ours;
    reference::ServerList their_list;
    std::vector<const schedule::ServerState*> our_list;
    const std::size_t count = random() % (kServersMax + 1);
    for (std::size_t i = 0; i < count; ++i) {
        theirs[i].settings.weight = static_cast<int>(random() % 4);
        theirs[i].overloaded = random() % 8 == 0;
        theirs[i].active = random() % 5;
        theirs[i].inactive = random() % 300;
        ours[i] = {.weight = theirs[i].settings.weight,
                   .active = static_cast<std::uint32_t>(theirs[i].active),
                   .inactive = static_cast<std::uint32_t>(theirs[i].inactive),
                   .overloaded = theirs[i].overloaded};
        their_list.push_back(&theirs[i]);
        our_list.push_back(&ours[i]);
    }
    const std::uint64_t total = schedule::total_weight(our_list);
    const std::array<std::uint32_t, 2> draws = {static_cast<std::uint32_t>(random() % (total + 1)),
                                                static_cast<std::uint32_t>(random() % (total + 1))};
    std::size_t drawn = 0;
    reference::Memory memory;
    const reference::Server* their =
        reference::choose({.scheduler = "twos"}, their_list, {}, memory, [&](std::uint32_t most) {
            EXPECT_EQ(most, total);
            return draws[drawn++];
        });
    const auto our =
        total == 0 ? std::nullopt : schedule::better_of_two(our_list, draws[0], draws[1]);
    EXPECT_EQ(our ? static_cast<long>(*our) : -1, their != nullptr ? their - theirs.data() : -1)
        << "FPVS_SEED=" << seed;
    return 1;
}

TEST(TwosReference, the_same_draws_choose_the_same_server) {
    play_sequences(kLists, play_seed);
}

}  // namespace
}  // namespace fpvs::parity
