// SPDX-License-Identifier: Apache-2.0
// Random sequences of operations: how many, from which seed, and which of them a failure needs.
//
//   FPVS_SEED=N        plays that sequence;
//   FPVS_OPERATIONS=N  plays new ones until there were so many operations.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <random>
#include <vector>

namespace fpvs::parity {

// Those of the operations that a failure needs: none can be left out.  `fails` says at which
// operation a sequence fails, if it does.
template <class Operation, class Fails>
[[nodiscard]] std::vector<Operation> shrink(std::vector<Operation> operations, Fails&& fails) {
    const auto cut_behind_failure = [&](std::vector<Operation>& candidate) {
        const std::optional<std::size_t> place = fails(candidate);
        if (place) {
            candidate.resize(*place + 1);
        }
        return place.has_value();
    };
    if (!cut_behind_failure(operations)) {
        return operations;
    }
    // Leave out ever shorter runs, until no single operation can be spared or patience ends.
    constexpr std::chrono::seconds kPatience(20);
    const auto until = std::chrono::steady_clock::now() + kPatience;
    for (std::size_t run = std::max<std::size_t>(operations.size() / 2, 1); run > 0; run /= 2) {
        for (std::size_t at = 0;
             at + run <= operations.size() && std::chrono::steady_clock::now() < until;) {
            std::vector<Operation> candidate = operations;
            const auto begin = candidate.begin() + static_cast<std::ptrdiff_t>(at);
            candidate.erase(begin, begin + static_cast<std::ptrdiff_t>(run));
            if (cut_behind_failure(candidate)) {
                operations = std::move(candidate);
            } else {
                at += run;
            }
        }
    }
    return operations;
}

[[nodiscard]] inline std::uint64_t number_of(const char* name, std::uint64_t otherwise) {
    const char* text = std::getenv(name);
    return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

// `play_seed(seed)` plays a sequence, adds a failure if it must, and returns its length.
template <class PlaySeed>
void play_sequences(std::uint64_t operations_wanted, PlaySeed&& play_seed) {
    if (const std::uint64_t seed = number_of("FPVS_SEED", 0); seed != 0) {
        play_seed(static_cast<std::uint32_t>(seed));
        return;
    }
    const std::uint64_t wanted = number_of("FPVS_OPERATIONS", operations_wanted);
    const std::uint32_t first = std::random_device()() % 1'000'000'000 + 1;
    const auto start = std::chrono::steady_clock::now();
    std::uint64_t operations = 0;
    std::uint32_t seed = first;
    for (; operations < wanted && !::testing::Test::HasFailure(); ++seed) {
        operations += play_seed(seed);
    }
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    std::printf("seeds %u to %u: %llu operations in %.1f s, %s\n",
                first,
                seed - 1,
                static_cast<unsigned long long>(operations),
                took.count(),
                ::testing::Test::HasFailure() ? "a difference" : "0 differences");
}

}  // namespace fpvs::parity
