// SPDX-License-Identifier: Apache-2.0
// Tells servers behind FULLNAT who their clients are, over the life of a TCP connection.
//
// All that is remembered of a connection is one word (engine::Origin::note), and a lost packet
// costs nothing but its retransmission:
//
//   TOA    The option goes into each of the client's packets that acknowledge no more than the
//          server's SYN, as with DPVS: the server's kernel reads it from the one that opens the
//          connection.  The note is that acknowledgement number.
//   PROXY  The header goes before the first byte that the client sends, with each packet that
//   begins
//          there until the server has acknowledged it; everything later is that much later.  The
//          note is the number of that byte, and then kAcknowledged, since numbers wrap and a long
//          stream comes by the first one again.
//
// Either needs room in packets, so the server's SYN announces that much less segment size.
// Connections whose first number is 0, or 1 with PROXY, are told nothing: those are notes of their
// own.  Bytes within a client's SYN (RFC 7413) go before a PROXY header.
#pragma once

#include <rte_mbuf.h>

#include <cstddef>

#include "host/engine/packet.hpp"
#include "host/slowpath/packet_layout.hpp"

namespace fpvs::slowpath {

// What telling adds to this packet of a client, which is of TCP; 0 for most.
[[nodiscard]] std::size_t telling_bytes(rte_mbuf& frame,
                                        const PacketLayout& layout,
                                        const engine::Origin& origin) noexcept;

// A TCP packet on the way to its server: puts in what telling_bytes() says, and shifts what comes
// after a PROXY header.  False, and the packet must not be sent, when the mbuf has no room in front
// for a PROXY header; TOA then waits for the next packet.
[[nodiscard]] bool tell_server(rte_mbuf& frame,
                               PacketLayout& layout,
                               const engine::Origin& origin) noexcept;

// A TCP packet on the way back: the client must not notice.
void hide_from_client(rte_mbuf& frame,
                      const PacketLayout& layout,
                      const engine::Origin& origin) noexcept;

}  // namespace fpvs::slowpath
