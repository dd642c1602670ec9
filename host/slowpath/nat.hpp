// SPDX-License-Identifier: Apache-2.0
// Gives a packet other ends: NAT to the server and back, and FULLNAT, are all this.
//
// What IPVS does, byte for byte: checksums are brought up to date, not computed, so a wrong one
// stays wrong; but a UDP packet that came without one leaves with one.
#pragma once

#include <rte_mbuf.h>

#include "host/engine/packet.hpp"
#include "host/slowpath/packet_layout.hpp"

namespace fpvs::slowpath {

// The addresses are of the packet's family.  `layout` is parse()'s of this frame, of kind
// transport.
void translate(rte_mbuf& frame, const PacketLayout& layout, const engine::Translation& to) noexcept;

}  // namespace fpvs::slowpath
