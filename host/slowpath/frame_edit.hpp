// SPDX-License-Identifier: Apache-2.0
// Changes to a frame in its mbuf, as IPVS and the kernel's IP make them.
#pragma once

#include <rte_mbuf.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "host/model/address.hpp"
#include "host/slowpath/headers.hpp"

namespace fpvs::slowpath {

// An Ethernet header for IPv4, ready to be copied in front of a packet.
struct LinkHeader {
    std::array<std::uint8_t, ethernet::kHeaderBytes + ethernet::kVlanTagBytes> bytes{};
    std::uint8_t length = 0;

    [[nodiscard]] static LinkHeader make(model::MacAddress destination,
                                         model::MacAddress source,
                                         std::optional<std::uint16_t> vlan);
};

[[nodiscard]] inline std::uint8_t* bytes_at(rte_mbuf& frame, std::size_t offset) noexcept {
    return rte_pktmbuf_mtod_offset(&frame, std::uint8_t*, offset);
}

// Cuts off what lies behind the IP packet: padding of short frames.
void trim(rte_mbuf& frame, std::size_t ip_offset, std::size_t ip_length) noexcept;

// Puts `header` in the place of the `ip_offset` bytes before the IP packet.  False, and no change,
// when the mbuf has no room in front.
[[nodiscard]] bool replace_link_header(rte_mbuf& frame,
                                       std::size_t ip_offset,
                                       const LinkHeader& header) noexcept;

// One hop less to live, with the header's checksum brought up to date.  The TTL is above 0.
void decrement_ttl(std::uint8_t* ip) noexcept;

struct IcmpError {
    std::uint8_t type = 0;
    std::uint8_t code = 0;
    std::uint16_t mtu = 0;  // Of the next hop, for "fragmentation needed".
};

// Turns a frame into the ICMP error about it: from the address it was sent to, to its sender, back
// by the way it came, quoting as much as fits in 576 bytes (RFC 1812 4.3.2.3).  Precedence is
// internetwork control, the rest of the TOS as in the packet (RFC 1812 4.3.2.5).  The packet must
// be whole, not an ICMP error itself, and its sender a host.  False, and no change, when the mbuf
// has no room in front.
[[nodiscard]] bool turn_into_icmp_error(rte_mbuf& frame,
                                        std::size_t ip_offset,
                                        std::size_t ip_length,
                                        IcmpError error,
                                        std::uint16_t identification) noexcept;

}  // namespace fpvs::slowpath
