// SPDX-License-Identifier: Apache-2.0
// The engine against the independent model of sim/reference: random commands, packets, replies and
// waits; every answer and every list must be equal.
//
//   FPVS_SEED=N        plays that sequence, comparing all lists after each operation;
//   FPVS_OPERATIONS=N  plays new sequences until there were so many operations.
//
// A failure is printed with its seed and the few operations that are needed for it.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <random>

#include "tests/parity/engine/pair.hpp"

namespace fpvs::parity {
namespace {

constexpr std::size_t kOperationsPerSequence = 500;
constexpr std::uint64_t kOperations = 30'000;  // Where nobody asks for more.
constexpr std::size_t kListsEvery = 8;

[[nodiscard]] std::uint64_t number(const char* name, std::uint64_t otherwise) {
    const char* text = std::getenv(name);
    return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

// Returns how many operations were played.
std::size_t play_seed(std::uint32_t seed, std::size_t lists_every) {
    const auto operations = Generator(seed).operations(kOperationsPerSequence);
    std::size_t played = 0;
    if (!play(operations, lists_every, played)) {
        return played;
    }
    const auto needed = shrink(operations);
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
    if (const std::uint64_t seed = number("FPVS_SEED", 0); seed != 0) {
        play_seed(static_cast<std::uint32_t>(seed), 1);
        return;
    }
    const std::uint64_t wanted = number("FPVS_OPERATIONS", kOperations);
    const std::uint32_t first = std::random_device()() % 1'000'000'000 + 1;
    const auto start = std::chrono::steady_clock::now();
    std::uint64_t operations = 0;
    std::uint32_t seed = first;
    for (; operations < wanted && !HasFailure(); ++seed) {
        operations += play_seed(seed, kListsEvery);
    }
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    std::printf("seeds %u to %u: %llu operations in %.1f s, %s\n",
                first,
                seed - 1,
                static_cast<unsigned long long>(operations),
                took.count(),
                HasFailure() ? "a difference" : "0 differences");
}

}  // namespace
}  // namespace fpvs::parity
