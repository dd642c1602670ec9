// SPDX-License-Identifier: Apache-2.0
// How a new master tells everybody's caches where a virtual address lives now.
#pragma once

#include <cstdint>
#include <vector>

#include "host/model/address.hpp"

namespace fpvs::vrrp {

// A whole Ethernet frame.  IPv4: a broadcast ARP request in which the address asks for itself.
// IPv6: an unsolicited neighbour advertisement to all nodes from the address itself, Override set
// (RFC 4861 7.2.6).  Both as keepalived sends them.
[[nodiscard]] std::vector<std::uint8_t> announcement(model::MacAddress mac,
                                                     const model::IpAddress& address);

}  // namespace fpvs::vrrp
