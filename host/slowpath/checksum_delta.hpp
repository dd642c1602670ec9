// SPDX-License-Identifier: Apache-2.0
// Changes words of a packet and remembers by how much the Internet checksum over them changes, so
// that every checksum that covers them is brought up to date (RFC 1624, equation 3) instead of
// computed anew: a packet that arrived damaged stays visibly damaged.
//
// The one's complement sum is the same in either byte order (RFC 1071 2.B), so words are summed as
// they lie in memory.  A word must begin at an even distance from the start of what is checksummed.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>

#include "host/model/address.hpp"
#include "host/slowpath/bytes.hpp"
#include "host/slowpath/checksum.hpp"

namespace fpvs::slowpath {

class ChecksumDelta {
  public:
    void store16(std::uint8_t* at, std::uint16_t value) noexcept {
        const std::uint16_t fresh = __builtin_bswap16(value);
        std::uint16_t old = 0;
        std::memcpy(&old, at, sizeof old);
        std::memcpy(at, &fresh, sizeof fresh);
        sum_ += static_cast<std::uint16_t>(~old);
        sum_ += fresh;
    }

    void store32(std::uint8_t* at, std::uint32_t value) noexcept {
        const std::uint32_t fresh = __builtin_bswap32(value);
        std::uint32_t old = 0;
        std::memcpy(&old, at, sizeof old);
        std::memcpy(at, &fresh, sizeof fresh);
        sum_ += static_cast<std::uint32_t>(~old);
        sum_ += fresh;
    }

    void store(std::uint8_t* at, model::Ipv4 address) noexcept { store32(at, address.value); }

    void store(std::uint8_t* at, const model::Ipv6& address) noexcept {
        for (const std::uint32_t word : address.words) {
            store32(at, word);
            at += sizeof word;
        }
    }

    // The bytes counted here are covered now, or are no longer; an even number of them.
    void add(std::uint16_t ones_sum) noexcept { sum_ += __builtin_bswap16(ones_sum); }
    void subtract(std::uint16_t ones_sum) noexcept {
        sum_ += static_cast<std::uint16_t>(~__builtin_bswap16(ones_sum));
    }

    // Brings the checksum at `at` up to date.
    void apply(std::uint8_t* at) const noexcept {
        const std::uint16_t fresh = updated(at);
        std::memcpy(at, &fresh, sizeof fresh);
    }

    // The same for UDP, where a checksum of 0 is sent as 0xffff (RFC 768).
    void apply_udp(std::uint8_t* at) const noexcept {
        std::uint16_t fresh = updated(at);
        fresh = fresh == 0 ? 0xffff : fresh;
        std::memcpy(at, &fresh, sizeof fresh);
    }

  private:
    [[nodiscard]] std::uint16_t updated(const std::uint8_t* at) const noexcept {
        std::uint16_t old = 0;
        std::memcpy(&old, at, sizeof old);
        return static_cast<std::uint16_t>(~fold(sum_ + static_cast<std::uint16_t>(~old)));
    }

    std::uint64_t sum_ = 0;
};

}  // namespace fpvs::slowpath
