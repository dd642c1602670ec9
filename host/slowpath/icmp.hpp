// SPDX-License-Identifier: Apache-2.0
// ICMP and ICMPv6 errors: made here about a packet, and those of others passed on along with the
// connection that they are about.
#pragma once

#include <rte_mbuf.h>

#include <cstdint>

#include "host/engine/packet.hpp"
#include "host/model/address.hpp"
#include "host/slowpath/packet_layout.hpp"
#include "host/slowpath/parse.hpp"

namespace fpvs::slowpath {

// Type and code are of the packet's family.
struct IcmpError {
    std::uint8_t type = 0;
    std::uint8_t code = 0;
    std::uint32_t mtu = 0;  // Of the next hop, for too_big().
};

[[nodiscard]] IcmpError port_unreachable(model::Family family) noexcept;
[[nodiscard]] IcmpError time_exceeded(model::Family family) noexcept;
// "Fragmentation needed" of IPv4, "packet too big" of IPv6.
[[nodiscard]] IcmpError too_big(model::Family family, std::uint32_t mtu) noexcept;
// What a received error says, to say it again about another packet.
[[nodiscard]] IcmpError read_icmp_error(const rte_mbuf& frame, const PacketLayout& layout) noexcept;

// Turns a frame into the ICMP error about it, from `source` to the packet's sender, and back by the
// way it came where the frame has a link header.  It quotes as much as fits in 576 bytes (RFC 1812
// 4.3.2.3) or 1280 (RFC 4443 3); precedence is internetwork control, the rest of the TOS as in the
// packet (RFC 1812 4.3.2.5).  IPVS answers for the address that the packet was sent to; the
// director's stack for the one it has towards the sender.
//
// The packet must be whole, or the quote of another's error; not an error itself, nor from or to a
// group (RFC 1122 3.2.2).  `layout` becomes that of the error.  False, and no change, when the mbuf
// has no room in front.
[[nodiscard]] bool turn_into_icmp_error(rte_mbuf& frame,
                                        PacketLayout& layout,
                                        const IcmpError& error,
                                        const model::IpAddress& source,
                                        std::uint16_t identification) noexcept;

// An error about a packet of a connection that is translated (host/slowpath/nat.hpp), on its way to
// the end that sent that packet.  `to` has the ends that a packet going that way has when it
// leaves, as if it were `parsed.packet`.  The kind is icmp_error.
//
// On the way to a client the error comes from the virtual service; on the way to a server it keeps
// its sender, unless that is the client.  As in IPVS, the quoted IP header gets a right checksum
// and the quoted transport header keeps its own.
void translate_icmp_error(rte_mbuf& frame,
                          const ParsedFrame& parsed,
                          const engine::Translation& to,
                          engine::Direction direction) noexcept;

// A frame of kind tunnel_error becomes the packet that was in the tunnel, as far as the error has
// it, without a link header: what turn_into_icmp_error() then tells its client about.
void uncover_quote(rte_mbuf& frame, ParsedFrame& parsed) noexcept;

}  // namespace fpvs::slowpath
