// SPDX-License-Identifier: Apache-2.0
// Cuts packets that are too long for their next hop, as the kernel's IP does on output.
#pragma once

#include <rte_mbuf.h>

#include <cstddef>
#include <cstdint>
#include <span>

#include "host/slowpath/packet_layout.hpp"

namespace fpvs::slowpath {

constexpr std::size_t kFragmentsMax = 128;  // Of one packet; one that needs more is not sent.

// The length that fragments of a packet may have: the MTU of its next hop, but if it came in
// fragments no more than the longest of those (0 if it did not).
[[nodiscard]] std::size_t fragment_bytes(const PacketLayout& layout,
                                         std::size_t mtu,
                                         std::size_t received_bytes_max) noexcept;

// Cuts a frame's packet into fragments of at most `bytes_max`, each in a new frame with the same
// link header, in order.  Returns how many of `fragments` are set: all of the packet, and `frame`
// is freed; or 0 and nothing has changed, where it cannot be done in kFragmentsMax, or `pool` has
// no frame left.
//
// IPv4: fragments have the packet's identification, and its "don't fragment": a caller that must
// not fragment such a packet has to know.  IPv6: a fragment header with `identification`.
[[nodiscard]] std::size_t fragment(rte_mbuf& frame,
                                   const PacketLayout& layout,
                                   std::size_t bytes_max,
                                   std::uint32_t identification,
                                   rte_mempool& pool,
                                   std::span<rte_mbuf*, kFragmentsMax> fragments) noexcept;

}  // namespace fpvs::slowpath
