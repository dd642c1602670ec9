// SPDX-License-Identifier: Apache-2.0
// A packet that was decided about, on its way to where it goes.
#pragma once

#include <rte_mbuf.h>

#include <cstdint>

#include "host/engine/packet.hpp"
#include "host/slowpath/packet_layout.hpp"

namespace fpvs::slowpath {

struct Outgoing {
    // Nobody is told when an error cannot go on (RFC 1122 3.2.2).
    enum class Kind : std::uint8_t {
        packet,  // Of a connection, as it came.
        error,   // An ICMP error about a connection, translated already.
        own,     // An ICMP error that was made here: its hop limit is as it shall leave.
    };
    Kind kind = Kind::packet;
    bool told = false;  // Of FULLNAT: what the server is to be told is in it.
    // The longest of the fragments that it came in; 0: it came whole.
    std::uint16_t fragment_bytes_max = 0;
    PacketLayout layout;
    rte_mbuf* frame = nullptr;
    engine::Verdict verdict;
    engine::Translation translation;  // Of NAT and FULLNAT.
};

}  // namespace fpvs::slowpath
