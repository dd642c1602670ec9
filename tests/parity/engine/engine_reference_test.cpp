// SPDX-License-Identifier: Apache-2.0
// The engine against the independent model of sim/reference: random commands, packets, replies and
// waits; every answer and every list must be equal.  A failure is printed with its seed and the few
// operations that it needs.  FPVS_OPERATIONS=10000000 plays that many.
#include <gtest/gtest.h>

#include "tests/parity/engine/pair.hpp"
#include "tests/parity/sequences.hpp"

namespace fpvs::parity {
namespace {

constexpr std::size_t kOperationsPerSequence = 500;
constexpr std::uint64_t kOperations = 30'000;  // Where nobody asks for more.
constexpr std::size_t kListsEvery = 8;

// Returns how many operations were played.
std::size_t play_seed(std::uint32_t seed) {
    const auto operations = Generator(seed).operations(kOperationsPerSequence);
    std::size_t played = 0;
    if (!play(operations, kListsEvery, played)) {
        return played;
    }
    const auto needed = shrink(operations, [](const std::vector<Operation>& candidate) {
        std::size_t count = 0;
        const auto failure = play(candidate, 1, count);
        return failure ? std::optional(failure->operation) : std::nullopt;
    });
    const auto failure = play(needed, 1, played);
    std::string all;
    for (const Operation& operation : needed) {
        all += "  " + describe(operation) + "\n";
    }
    ADD_FAILURE() << "FPVS_SEED=" << seed << " needs these operations to fail:\n"
                  << all << (failure ? failure->difference : "(not when it is played again)");
    return played;
}

TEST(EngineReference, random_sequences_get_the_same_answers) {
    play_sequences(kOperations, play_seed);
}

}  // namespace
}  // namespace fpvs::parity
