// SPDX-License-Identifier: Apache-2.0
// What the engine is asked about a packet, and what it answers.
#pragma once

#include <cstdint>
#include <limits>
#include <string_view>

#include "host/model/address.hpp"
#include "host/model/virtual_service.hpp"

namespace fpvs::engine {

// Bits of the TCP header's flag octet that decide anything here.
namespace tcp_flag {
constexpr std::uint8_t kFin = 0x01;
constexpr std::uint8_t kSyn = 0x02;
constexpr std::uint8_t kRst = 0x04;
constexpr std::uint8_t kAck = 0x10;
}  // namespace tcp_flag

// The fields of a packet that matter to a decision.  Both addresses are of one family.
struct Packet {
    model::Protocol protocol = model::Protocol::tcp;
    std::uint8_t tcp_flags = 0;         // TCP only.
    std::uint8_t sctp_chunk = 0;        // SCTP only: the type of the first chunk that matters.
    std::uint16_t ip_length_bytes = 0;  // Header and payload of IP: what IPVS counts.
    model::IpAddress source_address = {};
    std::uint16_t source_port = 0;
    model::IpAddress destination_address = {};
    std::uint16_t destination_port = 0;
    std::uint32_t firewall_mark = 0;
};

// Dense indices, below model::kVirtualServicesMax and model::kRealServersMax, usable as indices
// into the card's tables.  One is given again only after no connection can refer to it.
using ServiceIndex = std::uint32_t;
using ServerIndex = std::uint32_t;
constexpr std::uint32_t kNoIndex = std::numeric_limits<std::uint32_t>::max();

// Names a connection.  A handle of a connection that is gone stays wrong for ever (its generation
// differs), so whatever comes late for it can be told and is ignored.
struct ConnectionHandle {
    std::uint32_t index = kNoIndex;
    std::uint32_t generation = 0;

    [[nodiscard]] bool valid() const { return index != kNoIndex; }
    // The handle as one number, for messages and hardware.
    [[nodiscard]] std::uint64_t value() const {
        return static_cast<std::uint64_t>(generation) << 32 | index;
    }
    [[nodiscard]] static ConnectionHandle from_value(std::uint64_t value) {
        return {.index = static_cast<std::uint32_t>(value),
                .generation = static_cast<std::uint32_t>(value >> 32)};
    }
    friend bool operator==(const ConnectionHandle&, const ConnectionHandle&) = default;
};

enum class Action : std::uint8_t {
    forward,       // To the server named in the verdict.
    pass_to_host,  // Not ours: the director's own stack answers.
    drop,
    reject,     // Drop, and tell the client by ICMP port unreachable.
    hand_over,  // Not this worker's to decide: Engine::sender_owner() tells whose.
};

// Why a packet was not forwarded.  Each reason has a counter of the same name.
enum class Reason : std::uint8_t {
    none,
    no_service,              // pass_to_host: no virtual service has this destination.
    not_first_packet,        // pass_to_host: no connection, and it does not begin one.
    ftp_data,                // pass_to_host: source port 20 is never scheduled.
    no_server,               // reject: the service has no server that may take a connection.
    server_unavailable,      // drop: the connection's server was deleted.
    connection_table_full,   // drop: refused; the connections there are go on.
    local_ports_exhausted,   // drop: FULLNAT has no free local port for the connection.
    reply_of_no_connection,  // reject or pass_to_host: a server's packet that no client waits for.
    drop_packet              // drop: the defence of that name, while room is short.
};
constexpr std::size_t kReasonCount = 10;

[[nodiscard]] std::string_view name(Reason reason);

// From which end of its connection a packet comes.
enum class Direction : std::uint8_t {
    to_server,
    to_client,  // A reply that comes by the director: with NAT and FULLNAT.
};

struct Verdict {
    Action action = Action::pass_to_host;
    Reason reason = Reason::none;
    // The rest is set for Action::forward only.
    Direction direction = Direction::to_server;
    model::Forwarding forwarding = model::Forwarding::direct_routing;
    std::uint16_t server_port = 0;
    ServerIndex server = kNoIndex;
    ConnectionHandle connection = {};  // Not valid in a one-packet service.
    model::IpAddress server_address = {};
};

// The two ends that a packet of NAT or FULLNAT has when it leaves.
struct Translation {
    model::IpAddress source_address = {};
    std::uint16_t source_port = 0;
    model::IpAddress destination_address = {};
    std::uint16_t destination_port = 0;
};

// What the server of a FULLNAT connection is to be told, and how.
struct Origin {
    model::ClientAddress told = model::ClientAddress::not_told;
    model::IpAddress client_address = {};
    std::uint16_t client_port = 0;
    model::IpAddress virtual_address = {};
    std::uint16_t virtual_port = 0;
    // The connection's word for who tells it: 0 at first, gone with the connection.
    std::uint32_t* note = nullptr;
};

}  // namespace fpvs::engine
