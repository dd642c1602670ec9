// SPDX-License-Identifier: Apache-2.0
// Keeps both ends of a TCP connection content when bytes were put into the client's stream: to the
// server what follows them is that much later, to the client it is not.
#pragma once

#include <rte_mbuf.h>

#include <cstdint>

#include "host/slowpath/packet_layout.hpp"

namespace fpvs::slowpath {

struct SequenceShift {
    std::uint32_t first = 0;  // The sequence number that the inserted bytes begin at: the first
                              // byte's behind the client's SYN.
    std::uint32_t bytes = 0;  // 0: none were inserted, nothing shifts.
};

// A TCP packet of the client's.  One that begins at `first` is where the inserted bytes go: the
// caller says by `has_inserted` whether they are in it, so that its number stays.
void shift_to_server(rte_mbuf& frame,
                     const PacketLayout& layout,
                     const SequenceShift& shift,
                     bool has_inserted) noexcept;

// A TCP packet of the server's: what it acknowledges, in the header and in SACK blocks (RFC 2018).
// Inserted bytes are nothing that the client could have sent: acknowledged in part, they are as
// good as not yet.
void shift_to_client(rte_mbuf& frame,
                     const PacketLayout& layout,
                     const SequenceShift& shift) noexcept;

}  // namespace fpvs::slowpath
