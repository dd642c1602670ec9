// SPDX-License-Identifier: Apache-2.0
// Addresses and ports of a packet replaced, as NAT does it, with its checksums.
#pragma once

#include <optional>

#include "sim/reference/ip_packet.hpp"
#include "sim/reference/ipvs.hpp"

namespace fpvs::reference {

struct Ends {
    std::optional<Endpoint> source;  // Nothing: stays as it is.
    std::optional<Endpoint> destination;
};

// What NAT and FULLNAT write into a packet of the connection.
[[nodiscard]] Ends ends_for(const Decision& decision);

void translate(IpPacket& packet, const Ends& ends);
// The same in a packet of which an ICMP error quotes the beginning.  The checksum of its transport
// stays as it is: mostly it is not quoted, and nobody looks at it.
void translate_quote(IpPacket& quote, const Ends& ends);

}  // namespace fpvs::reference
