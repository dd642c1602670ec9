// SPDX-License-Identifier: Apache-2.0
// The hash of sh and dh: 256 buckets, by multiplication.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "host/model/address.hpp"

namespace fpvs::schedule {

constexpr std::size_t kHashBuckets = 256;

// An address as 32 bits: the words of IPv6 by exclusive or.
[[nodiscard]] inline std::uint32_t folded(const model::IpAddress& address) {
    const auto& words = address.words;
    return words[0] ^ words[1] ^ words[2] ^ words[3];
}

[[nodiscard]] inline std::size_t bucket_of(const model::IpAddress& address, std::uint16_t port) {
    constexpr std::uint32_t kMultiplier = 0x61c88647;  // 2^32 * (1 - 1 / golden ratio).
    constexpr int kShift = 24;                         // Leaves 8 bits.
    return (folded(address) + port) * kMultiplier >> kShift;
}

}  // namespace fpvs::schedule
