// SPDX-License-Identifier: Apache-2.0
// Table entries of the card, as commands carry them.  IPv4 addresses, MAC addresses and ports are
// numbers: the first octet on the wire is the most significant.
#pragma once

#include <cstdint>

#include "hw/abi/field.hpp"

namespace fpvs {
namespace abi {

// How a flow's packets leave: IPVS's numbers for its forwarding methods.
enum class Method : std::uint8_t { nat = 0, local = 1, tunnel = 2, direct_routing = 3 };

// A virtual service: (address, port, protocol) -> service index.  All zero is an empty way.
#define FPVS_ABI_SERVICE_ENTRY(FIELD) \
    FIELD(address, 0, 32)             \
    FIELD(port, 32, 16)               \
    FIELD(protocol, 48, 8)            \
    FIELD(valid, 56, 1)               \
    FIELD(service, 64, 12)

// A flow: (client address, client port, service) -> server, method, next hop.  The key and `valid`
// fill the low 64 bits, so that a lookup is one compare.  All zero is an empty way.
#define FPVS_ABI_FLOW_ENTRY(FIELD) \
    FIELD(client_address, 0, 32)   \
    FIELD(client_port, 32, 16)     \
    FIELD(service, 48, 12)         \
    FIELD(valid, 63, 1)            \
    FIELD(server, 64, 12)          \
    FIELD(next_hop, 80, 12)        \
    FIELD(method, 96, 3)

// Where a frame goes: the Ethernet header it gets and the port it leaves by.  `mtu` bounds the IP
// packet, not the frame.
#define FPVS_ABI_NEXT_HOP_ENTRY(FIELD) \
    FIELD(destination_mac, 0, 48)      \
    FIELD(valid, 48, 1)                \
    FIELD(port, 49, 1)                 \
    FIELD(tagged, 50, 1)               \
    FIELD(vlan, 51, 12)                \
    FIELD(source_mac, 64, 48)          \
    FIELD(mtu, 112, 14)

// A network port: frames to another unicast address than `mac` are dropped, as a NIC does.
#define FPVS_ABI_PORT_ENTRY(FIELD) \
    FIELD(mac, 0, 48)              \
    FIELD(enabled, 48, 1)

struct ServiceEntry {
    enum : int { bits = 80 };
    FPVS_ABI_SERVICE_ENTRY(FPVS_ABI_FIELD_TYPE)
};

struct FlowEntry {
    enum : int { bits = 128 };
    FPVS_ABI_FLOW_ENTRY(FPVS_ABI_FIELD_TYPE)
};

struct NextHopEntry {
    enum : int { bits = 128 };
    FPVS_ABI_NEXT_HOP_ENTRY(FPVS_ABI_FIELD_TYPE)
};

struct PortEntry {
    enum : int { bits = 64 };
    FPVS_ABI_PORT_ENTRY(FPVS_ABI_FIELD_TYPE)
};

}  // namespace abi
}  // namespace fpvs
