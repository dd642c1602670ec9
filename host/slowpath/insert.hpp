// SPDX-License-Identifier: Apache-2.0
// Room for more bytes within a TCP packet.
#pragma once

#include <rte_mbuf.h>

#include <cstdint>
#include <span>

#include "host/slowpath/packet_layout.hpp"

namespace fpvs::slowpath {

// Puts `bytes`, an even number of them, at `offset` from the first byte of the frame: an even
// distance from the TCP header, and not within the fixed part of it.  The link and IP headers and
// what else is before move to the front.  IP's length and all checksums, and `layout`, are brought
// up to date.  False, and no change, when the mbuf has no room in front or the packet would be too
// long.
[[nodiscard]] bool insert_into_tcp(rte_mbuf& frame,
                                   PacketLayout& layout,
                                   std::size_t offset,
                                   std::span<const std::uint8_t> bytes) noexcept;

}  // namespace fpvs::slowpath
