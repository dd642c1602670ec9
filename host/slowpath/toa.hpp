// SPDX-License-Identifier: Apache-2.0
// TOA: tells a server behind FULLNAT who its client is, by a TCP option that a kernel module there
// reads.  The form is DPVS's: kind 254, length, port, address; 8 bytes for an IPv4 client and 20
// for IPv6.  (Some others give IPv6 the kind 253; DPVS's module does not.)
#pragma once

#include <rte_mbuf.h>

#include <cstddef>
#include <cstdint>

#include "host/model/address.hpp"
#include "host/slowpath/packet_layout.hpp"

namespace fpvs::slowpath {

// What the option adds to a packet: whoever inserts it minds the next hop's MTU.
[[nodiscard]] std::size_t toa_bytes(model::Family client_family) noexcept;

// Inserts the option as the first.  `layout` is of a TCP packet, and is brought up to date.  False,
// and no change, if the TCP header has no room for it (60 bytes at most), or the mbuf none in
// front.
[[nodiscard]] bool insert_toa(rte_mbuf& frame,
                              PacketLayout& layout,
                              const model::IpAddress& client,
                              std::uint16_t port) noexcept;

}  // namespace fpvs::slowpath
