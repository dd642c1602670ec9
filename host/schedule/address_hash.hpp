// SPDX-License-Identifier: Apache-2.0
// The hash of sh and dh: 256 buckets, by multiplication.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "host/model/address.hpp"

namespace fpvs::schedule {

constexpr std::size_t kHashBuckets = 256;

[[nodiscard]] inline std::size_t bucket_of(model::Ipv4 address, std::uint16_t port) {
    constexpr std::uint32_t kMultiplier = 0x61c88647;  // 2^32 * (1 - 1 / golden ratio).
    constexpr int kShift = 24;                         // Leaves 8 bits.
    return (address.value + port) * kMultiplier >> kShift;
}

}  // namespace fpvs::schedule
