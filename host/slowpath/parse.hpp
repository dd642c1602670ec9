// SPDX-License-Identifier: Apache-2.0
// What a frame is: one careful look at its headers.
//
// Nothing beyond the frame is read, and nothing is guessed: whatever is not plainly a TCP, UDP or
// SCTP packet for the engine, an ICMP error that quotes one, or a fragment, gets the outcome that
// settles it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "host/engine/packet.hpp"
#include "host/slowpath/counters.hpp"
#include "host/slowpath/packet_layout.hpp"

namespace fpvs::slowpath {

// Fields that a kind does not name are whatever they were: clearing them costs more than parsing.
struct ParsedFrame : PacketLayout {
    enum class Kind : std::uint8_t {
        transport,     // TCP, UDP or SCTP: `packet` is set.
        icmp_error,    // Quotes such a packet: `packet` is the quoted one the other way round, so
                       // that it travels as the error does, and `quote` is where the quote lies.
        tunnel_error,  // Quotes a packet in a tunnel: `packet` is the inner one as it was sent into
                       // the tunnel, and `quote` is where it lies.
        fragment,      // A piece; IPv6: `transport_offset` is where the fragment header lies.
        settled,       // `outcome` says what becomes of it.
        handed_over,   // Another worker has it already.
    };
    Kind kind = Kind::settled;
    Outcome outcome = Outcome::runt;
    PacketLayout quote;     // Its ip_length is what the error has of the packet.
    engine::Packet packet;  // Without its firewall mark.
};

// `station` is the MAC address whose unicast frames are taken, or 0 where the port has chosen.
// Written in place, into a result that was used before: copying or clearing one cost more than
// parsing.  What `kind` does not promise is left as it was.
void parse(std::span<const std::uint8_t> frame,
           std::uint64_t station,
           ParsedFrame& parsed) noexcept;

// A frame of kind icmp_error whose quote is a UDP packet may be about a GUE tunnel: only who knows
// the tunnels' ports can tell.  True, and the kind is tunnel_error, if the quote holds such a
// packet; else nothing changes.
[[nodiscard]] bool parse_as_gue(std::span<const std::uint8_t> frame, ParsedFrame& parsed) noexcept;

}  // namespace fpvs::slowpath
