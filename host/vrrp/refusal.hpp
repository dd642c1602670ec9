// SPDX-License-Identifier: Apache-2.0
// Why an advert changes nothing.  All are counted by name.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "host/util/result.hpp"

namespace fpvs::vrrp {

// REFUSAL(name, meaning)
#define FPVS_VRRP_REFUSALS(REFUSAL)                                                          \
    REFUSAL(malformed_ip, "no whole, unfragmented IP packet of protocol 112")                \
    REFUSAL(wrong_ttl, "came through a router (RFC 9568 7.1: TTL must be 255)")              \
    REFUSAL(truncated, "shorter than its address count says")                                \
    REFUSAL(trailing_bytes, "longer than its address count says")                            \
    REFUSAL(wrong_version, "neither 2 nor 3, or not the instance's")                         \
    REFUSAL(wrong_type, "not an advertisement")                                              \
    REFUSAL(wrong_checksum, "damaged")                                                       \
    REFUSAL(unknown_router, "no instance of that family with this VRID on the interface")    \
    REFUSAL(wrong_authentication, "another type than the instance's")                        \
    REFUSAL(wrong_password, "another password")                                              \
    REFUSAL(wrong_seal, "an Authentication Header of another key, or a damaged packet")      \
    REFUSAL(replayed, "an Authentication Header with a number that was heard before")        \
    REFUSAL(wrong_addresses, "not the instance's list of addresses")                         \
    REFUSAL(own_address, "from our own address: a loop, or a second host that has it")       \
    REFUSAL(wrong_interval, "version 2 peers must agree (RFC 3768 7.1); in version 3, zero") \
    REFUSAL(wrong_destination, "to a host where the instance's peers use the group, or so")  \
    REFUSAL(unknown_peer, "from a host that is no unicast_peer, and check_unicast_src is set")

enum class Refusal : std::uint8_t {
#define FPVS_VRRP_REFUSAL_ENUM(name, meaning) name,
    FPVS_VRRP_REFUSALS(FPVS_VRRP_REFUSAL_ENUM)
#undef FPVS_VRRP_REFUSAL_ENUM
};
#define FPVS_VRRP_REFUSAL_ONE(...) +1
constexpr std::size_t kRefusals = 0 FPVS_VRRP_REFUSALS(FPVS_VRRP_REFUSAL_ONE);
#undef FPVS_VRRP_REFUSAL_ONE

using RefusalCounters = std::array<std::uint64_t, kRefusals>;

inline void count(RefusalCounters& counters, Refusal refusal) {
    ++counters[static_cast<std::size_t>(refusal)];
}

[[nodiscard]] constexpr std::string_view name(Refusal refusal) {
    constexpr std::array<std::string_view, kRefusals> kNames = {
#define FPVS_VRRP_REFUSAL_NAME(name, meaning) #name,
        FPVS_VRRP_REFUSALS(FPVS_VRRP_REFUSAL_NAME)
#undef FPVS_VRRP_REFUSAL_NAME
    };
    return kNames[static_cast<std::size_t>(refusal)];
}

}  // namespace fpvs::vrrp
