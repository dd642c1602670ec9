// SPDX-License-Identifier: Apache-2.0
// Table entries of the card, as commands carry them.  Addresses, MAC addresses and ports are
// numbers: the first octet on the wire is the most significant.  Addresses of
// either family have two halves; an IPv4 address is the low 32 bits of the low one.  An entry of
// all zero is empty.
#pragma once

#include <cstdint>

#include "hw/abi/field.hpp"

namespace fpvs {
namespace abi {

// How a flow's packets leave: IPVS's numbers for its forwarding methods, and two of our own.
enum class Method : std::uint8_t {
    nat = 0,
    local = 1,  // The director itself: always punted.
    tunnel = 2,
    direct_routing = 3,
    full_nat = 5,
    host = 7  // The host wants this connection's packets.
};

// Who chooses the server of a connection that has no flow.
enum class Steer : std::uint8_t {
    none = 0,     // The host.
    source = 1,   // IPVS's sh: words by the hash of the client's address.
    maglev = 2,   // IPVS's mh: words by SipHash modulo steer_size.
    fixed = 3,    // IPVS's dh: a service by address has one server.
    in_turn = 4,  // IPVS's rr and wrr: the next word of the sequence; `cursor` remembers where.
};

// A virtual service: (address, port, protocol) -> service index and how the card schedules for it.
// `steer_reciprocal` is floor(2^48 / steer_size) + 1, with which a 32-bit hash is taken modulo
// steer_size (hw/abi/hash.hpp).
#define FPVS_ABI_SERVICE_ENTRY(FIELD) \
    FIELD(address_low, 0, 64)         \
    FIELD(address_high, 64, 64)       \
    FIELD(port, 128, 16)              \
    FIELD(protocol, 144, 8)           \
    FIELD(ipv6, 152, 1)               \
    FIELD(valid, 153, 1)              \
    FIELD(service, 160, 12)           \
    FIELD(steer, 172, 3)              \
    FIELD(steer_port, 175, 1)         \
    FIELD(steer_base, 176, 18)        \
    FIELD(steer_size, 194, 17)        \
    FIELD(steer_reciprocal, 211, 41)  \
    FIELD(cursor, 252, 4)

// Where replies come from: (server address, port, protocol) -> service, server.  `full_nat`: the
// flow's key is that of the local end.
#define FPVS_ABI_REPLY_ENTRY(FIELD) \
    FIELD(address_low, 0, 64)       \
    FIELD(address_high, 64, 64)     \
    FIELD(port, 128, 16)            \
    FIELD(protocol, 144, 8)         \
    FIELD(ipv6, 152, 1)             \
    FIELD(valid, 153, 1)            \
    FIELD(service, 160, 12)         \
    FIELD(server, 172, 12)          \
    FIELD(full_nat, 184, 1)

// A flow of IPv4: (client address, client port, service) -> server, method.  The key, `reply` and
// `valid` fill the low 64 bits, so that a lookup is one compare.  One entry serves both directions
// of NAT.  FULLNAT has two: that of the client names in `other` the local end, which becomes the
// packets' source; that of the local end has `reply` set and names the client, their destination.
// `next_hop` is the way of replies to the client.
#define FPVS_ABI_FLOW_ENTRY(FIELD) \
    FIELD(client_address, 0, 32)   \
    FIELD(client_port, 32, 16)     \
    FIELD(service, 48, 12)         \
    FIELD(reply, 60, 1)            \
    FIELD(valid, 63, 1)            \
    FIELD(server, 64, 12)          \
    FIELD(method, 76, 3)           \
    FIELD(next_hop, 80, 12)        \
    FIELD(other_address, 96, 32)   \
    FIELD(other_port, 128, 16)

// A flow of IPv6.  FULLNAT stays with the host.
#define FPVS_ABI_FLOW6_ENTRY(FIELD)    \
    FIELD(client_address_low, 0, 64)   \
    FIELD(client_address_high, 64, 64) \
    FIELD(client_port, 128, 16)        \
    FIELD(service, 144, 12)            \
    FIELD(valid, 159, 1)               \
    FIELD(server, 160, 12)             \
    FIELD(method, 172, 3)              \
    FIELD(next_hop, 176, 12)

// A real server of a service, by its index: where NAT, FULLNAT and tunnels send, and how.  `method`
// is for connections that the card schedules.  `outer_source` is the director's address in a
// tunnel's outer header, of the server's family.  While `valid` is 0 all its packets are punted.
#define FPVS_ABI_SERVER_ENTRY(FIELD) \
    FIELD(address_low, 0, 64)        \
    FIELD(address_high, 64, 64)      \
    FIELD(port, 128, 16)             \
    FIELD(next_hop, 144, 12)         \
    FIELD(valid, 156, 1)             \
    FIELD(ipv6, 157, 1)              \
    FIELD(method, 158, 3)            \
    FIELD(tunnel, 161, 2)            \
    FIELD(tunnel_checksum, 163, 1)   \
    FIELD(tunnel_port, 164, 16)      \
    FIELD(outer_source_low, 192, 64) \
    FIELD(outer_source_high, 256, 64)

enum class Tunnel : std::uint8_t { ipip = 0, gue = 1, gre = 2 };

// The virtual end of a service, by its index: the source of replies.
#define FPVS_ABI_VIRTUAL_END_ENTRY(FIELD) \
    FIELD(address_low, 0, 64)             \
    FIELD(address_high, 64, 64)           \
    FIELD(port, 128, 16)

// A word of a hash table or a sequence: the server that is chosen here, or none (the host's
// choice).
#define FPVS_ABI_STEER_ENTRY(FIELD) \
    FIELD(server, 0, 12)            \
    FIELD(valid, 12, 1)

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
    enum : int { bits = 256 };
    FPVS_ABI_SERVICE_ENTRY(FPVS_ABI_FIELD_TYPE)
};

struct ReplyEntry {
    enum : int { bits = 192 };
    FPVS_ABI_REPLY_ENTRY(FPVS_ABI_FIELD_TYPE)
};

// Two words of an UltraRAM.
struct FlowEntry {
    enum : int { bits = 144 };
    FPVS_ABI_FLOW_ENTRY(FPVS_ABI_FIELD_TYPE)
};

struct Flow6Entry {
    enum : int { bits = 192 };
    FPVS_ABI_FLOW6_ENTRY(FPVS_ABI_FIELD_TYPE)
};

struct ServerEntry {
    enum : int { bits = 320 };
    FPVS_ABI_SERVER_ENTRY(FPVS_ABI_FIELD_TYPE)
};

struct VirtualEndEntry {
    enum : int { bits = 144 };
    FPVS_ABI_VIRTUAL_END_ENTRY(FPVS_ABI_FIELD_TYPE)
};

struct SteerEntry {
    enum : int { bits = 13 };
    FPVS_ABI_STEER_ENTRY(FPVS_ABI_FIELD_TYPE)
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
