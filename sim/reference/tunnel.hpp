// SPDX-License-Identifier: Apache-2.0
// Packets within packets: IP-in-IP, GUE (draft-ietf-intarea-gue, version 0) and GRE (RFC 2784).
#pragma once

#include <cstddef>
#include <optional>

#include "sim/reference/ip_packet.hpp"

namespace fpvs::reference {

// GUE's source port spreads flows over links; any of this range will do.
constexpr std::uint16_t kGueSourcePort = 32768;

// What a tunnel adds to a packet's length.
[[nodiscard]] std::size_t tunnel_overhead(const Tunnel& tunnel, int outer_family);

// `packet` has its new TTL already.
[[nodiscard]] IpPacket encapsulate(const IpPacket& packet,
                                   const Tunnel& tunnel,
                                   const Address& source,
                                   const Address& destination,
                                   bool path_mtu_discovery);

// The bytes behind the outer headers, if it is such a packet; an ICMP error may have quoted it.
struct Inner {
    int family = 4;
    View8 bytes;
};
[[nodiscard]] std::optional<Inner> inner_of(const IpPacket& outer);

}  // namespace fpvs::reference
