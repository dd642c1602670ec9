// SPDX-License-Identifier: Apache-2.0
// What a frame is: one careful look at its headers.
//
// Nothing beyond the frame is read, and nothing is guessed: whatever is not plainly a TCP or UDP
// packet for the engine, or an ICMP error that quotes one, gets the outcome that settles it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "host/engine/packet.hpp"
#include "host/slowpath/counters.hpp"

namespace fpvs::slowpath {

struct ParsedFrame {
    enum class Kind : std::uint8_t {
        transport,   // TCP or UDP: `packet` is set.
        icmp_error,  // About a packet of a server: `packet` is that connection as its client sends.
        settled,     // `outcome` says what becomes of it.
    };
    Kind kind = Kind::settled;
    Outcome outcome = Outcome::runt;
    std::uint16_t ip_offset = 0;  // Where the IPv4 header begins; not for Outcome::runt.
    std::uint16_t ip_length = 0;  // Its total length.
    engine::Packet packet;
};

// `station` is the MAC address whose unicast frames are taken, or 0 where the port has chosen.
// Written in place, into a result that was used before: copying or clearing one cost more than
// parsing.  What `kind` does not promise is left as it was.
void parse(std::span<const std::uint8_t> frame,
           std::uint64_t station,
           ParsedFrame& parsed) noexcept;

}  // namespace fpvs::slowpath
