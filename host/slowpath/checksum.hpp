// SPDX-License-Identifier: Apache-2.0
// The Internet checksum (RFC 1071) and its update after a change (RFC 1624, equation 3).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "host/slowpath/bytes.hpp"

namespace fpvs::slowpath {

[[nodiscard]] inline std::uint16_t fold(std::uint64_t sum) noexcept {
    while (sum >> 16 != 0) {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return static_cast<std::uint16_t>(sum);
}

// The one's complement sum of the bytes, an odd one padded with zero.  A header whose checksum is
// right sums up to 0xffff.
[[nodiscard]] inline std::uint16_t ones_sum(std::span<const std::uint8_t> bytes) noexcept {
    std::uint64_t sum = 0;
    std::size_t at = 0;
    for (; at + 4 <= bytes.size(); at += 4) {
        sum += load_be32(bytes.data() + at);
    }
    if (at + 2 <= bytes.size()) {
        sum += load_be16(bytes.data() + at);
        at += 2;
    }
    if (at < bytes.size()) {
        sum += static_cast<std::uint64_t>(bytes[at]) << 8;
    }
    return fold(sum);
}

// The checksum to store for bytes whose own checksum field is zero.
[[nodiscard]] inline std::uint16_t checksum(std::span<const std::uint8_t> bytes) noexcept {
    return static_cast<std::uint16_t>(~ones_sum(bytes));
}

// The same for UDP, given the sum with its pseudo-header: 0 would mean that there is none (RFC
// 768).
[[nodiscard]] inline std::uint16_t udp_checksum(std::uint16_t ones_sum) noexcept {
    return ones_sum == 0xffff ? ones_sum : static_cast<std::uint16_t>(~ones_sum);
}

// The checksum after one 16-bit word of what it covers has changed.
[[nodiscard]] inline std::uint16_t updated_checksum(std::uint16_t old_checksum,
                                                    std::uint16_t old_word,
                                                    std::uint16_t new_word) noexcept {
    const std::uint64_t sum =
        static_cast<std::uint64_t>(static_cast<std::uint16_t>(~old_checksum)) +
        static_cast<std::uint16_t>(~old_word) + new_word;
    return static_cast<std::uint16_t>(~fold(sum));
}

}  // namespace fpvs::slowpath
