// SPDX-License-Identifier: Apache-2.0
// Tells servers behind FULLNAT who their clients are, over the life of a TCP connection.
//
// One word of the connection is enough to know when (engine::Origin::note):
//  - TOA: the first acknowledgement number that the server's SYN asks for.  As with DPVS, a
//  client's
//    segments carry the option until the server has said more than its SYN.
//  - PROXY protocol: the sequence number behind the client's SYN.  Whatever begins there has the
//    header in front, also when it is sent again; what follows is shifted, and the server's
//    acknowledgements back.
// A lost segment loses nothing by this.  The maximum segment size that the server announces is
// reduced by what is put in, so that the client leaves room for it.
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

// A TCP packet on the way to its server, not translated yet: puts in what telling_bytes() says, and
// remembers what is needed for the packets to come.  False, and the packet is as it was, when the
// mbuf has no room in front; TOA then waits for the next segment.
[[nodiscard]] bool tell_server(rte_mbuf& frame,
                               PacketLayout& layout,
                               const engine::Origin& origin) noexcept;

// A TCP packet on the way back: the client must not notice.
void hide_from_client(rte_mbuf& frame,
                      const PacketLayout& layout,
                      const engine::Origin& origin) noexcept;

}  // namespace fpvs::slowpath
