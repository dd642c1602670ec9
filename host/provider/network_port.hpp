// SPDX-License-Identifier: Apache-2.0
// The director's network ports, and by which of them an interface of the kernel is reached.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "host/model/address.hpp"

namespace fpvs::provider {

constexpr std::size_t kNetworkPortsMax = 8;

// Ethernet without VLAN tag and FCS.
constexpr std::uint32_t kEthernetMtu = 1500;

// One network port and the kernel's interface for it: a TAP device, whose MAC address is the
// port's own, so that what the kernel announces is what the wire knows.
struct NetworkPort {
    std::uint16_t number = 0;  // As in mbuf->port; below kNetworkPortsMax.
    std::string interface;
    std::uint32_t interface_index = 0;
    model::MacAddress mac;
    std::uint32_t mtu = kEthernetMtu;  // Of the IP packet.
};

// How frames leave by an interface of the kernel: the port, the source MAC and, for a VLAN
// interface on top of a TAP, its tag.
struct Egress {
    std::uint32_t interface_index = 0;
    std::uint16_t port = 0;
    model::MacAddress mac;
    std::uint32_t mtu = kEthernetMtu;
    std::optional<std::uint16_t> vlan = {};

    friend bool operator==(const Egress&, const Egress&) = default;
};

}  // namespace fpvs::provider
