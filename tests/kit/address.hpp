// SPDX-License-Identifier: Apache-2.0
// An IP address as the card's tables have it: two halves, the first octet on the wire in the most
// significant bits; IPv4 in the low 32 bits.
#pragma once

#include <compare>
#include <cstdint>

namespace fpvs::kit {

struct Address {
    std::uint64_t low = 0;
    std::uint64_t high = 0;
    bool ipv6 = false;

    constexpr Address() = default;
    // An IPv4 address stands for itself.
    constexpr Address(std::uint32_t ipv4) : low(ipv4) {}
    constexpr Address(std::uint64_t ipv6_high, std::uint64_t ipv6_low)
        : low(ipv6_low), high(ipv6_high), ipv6(true) {}

    friend auto operator<=>(const Address&, const Address&) = default;
};

}  // namespace fpvs::kit
