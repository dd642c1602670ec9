// SPDX-License-Identifier: Apache-2.0
// The engine against the independent model of sim/reference: random commands, packets, replies and
// waits; every answer and every list must be equal.  A failure is printed with its seed and the few
// operations that it needs.  FPVS_OPERATIONS=10000000 plays that many.
#include <gtest/gtest.h>

#include "tests/parity/engine/pair.hpp"
#include "tests/parity/sequences.hpp"

namespace fpvs::parity {
namespace {

constexpr std::size_t kUsualOperations = 800;
constexpr std::size_t kManyOperations = 4'000;  // Now and then: things grow old.
constexpr std::uint64_t kOperations = 30'000;   // Where nobody asks for more.
constexpr std::size_t kListsEvery = 24;
// Room for all, or too little.
constexpr std::size_t kManyConnections = 1000;
constexpr std::size_t kFewConnections = 16;

// Returns how many operations were played.
std::size_t play_seed(std::uint32_t seed, Tally& tally) {
    const auto operations =
        Generator(seed).operations(seed % 16 == 1 ? kManyOperations : kUsualOperations);
    const std::size_t connections_max = seed % 4 == 0 ? kFewConnections : kManyConnections;
    const Played played = play(operations, connections_max, kListsEvery);
    tally.add(played.tally);
    if (!played.failure) {
        return played.operations;
    }
    const auto needed = shrink(operations, [&](const std::vector<Operation>& candidate) {
        const Played again = play(candidate, connections_max, 1);
        return again.failure ? std::optional(again.failure->operation) : std::nullopt;
    });
    std::string all;
    for (const Operation& operation : needed) {
        all += "  " + describe(operation) + "\n";
    }
    const auto failure = play(needed, connections_max, 1).failure;
    ADD_FAILURE() << "FPVS_SEED=" << seed << ", room for " << connections_max
                  << " connections, needs these operations to fail:\n"
                  << all << (failure ? failure->difference : "(not when it is played again)");
    return played.operations;
}

TEST(EngineReference, random_sequences_get_the_same_answers) {
    Tally tally;
    play_sequences(kOperations, [&](std::uint32_t seed) { return play_seed(seed, tally); });
    std::printf(
        "packets: %llu to servers, %llu to clients, %llu to the host, %llu dropped, "
        "%llu rejected\n",
        static_cast<unsigned long long>(tally.to_server),
        static_cast<unsigned long long>(tally.to_client),
        static_cast<unsigned long long>(tally.to_host),
        static_cast<unsigned long long>(tally.dropped),
        static_cast<unsigned long long>(tally.rejected));
    EXPECT_GT(tally.to_server, 0U);
}

}  // namespace
}  // namespace fpvs::parity
