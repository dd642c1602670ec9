// SPDX-License-Identifier: Apache-2.0
// Whatever carries packets by the card's tables: the native kernels and their RTL, as tests see
// them.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "hw/abi/entries.hpp"
#include "hw/abi/limits.hpp"
#include "hw/abi/reasons.hpp"
#include "tests/kit/address.hpp"
#include "tests/kit/frame_builder.hpp"

namespace fpvs::kit {

struct PortSetup {
    std::uint64_t mac = 0;
    bool enabled = false;
};

// How the card schedules for a service: servers by place, a place without one is the host's.
struct SteerSetup {
    abi::Steer kind = abi::Steer::none;
    bool use_port = false;
    std::vector<std::optional<std::uint16_t>> places;
    std::uint8_t cursor = 0;
};

struct ServiceSetup {
    Address address;
    std::uint16_t port = 0;
    std::uint8_t protocol = 0;
    std::uint16_t service = 0;
    SteerSetup steer = {};
};

// Where replies of a service's server come from.
struct ReplySetup {
    Address address;
    std::uint16_t port = 0;
    std::uint8_t protocol = 0;
    std::uint16_t service = 0;
    std::uint16_t server = 0;
    bool full_nat = false;
};

struct ServerSetup {
    std::uint16_t server = 0;
    std::uint16_t next_hop = 0;
    abi::Method method = abi::Method::direct_routing;  // Of what the card schedules.
    Address address = {};
    std::uint16_t port = 0;
    abi::Tunnel tunnel = abi::Tunnel::ipip;
    bool tunnel_checksum = false;
    std::uint16_t tunnel_port = 0;
    Address outer_source = {};
    bool valid = true;
};

struct NextHopSetup {
    std::uint16_t next_hop = 0;  // Its number.
    std::uint64_t destination_mac = 0;
    std::uint64_t source_mac = 0;
    std::uint16_t mtu = 1500;
    std::uint8_t port = 0;
    std::optional<std::uint16_t> vlan;
};

struct FlowSetup {
    Address client;  // Or FULLNAT's local end, of an entry for replies.
    std::uint16_t client_port = 0;
    std::uint16_t service = 0;
    std::uint16_t server = 0;
    abi::Method method = abi::Method::direct_routing;
    std::uint16_t next_hop = 0;  // To the client.
    bool reply = false;
    std::uint32_t other_address = 0;
    std::uint16_t other_port = 0;
};

struct Setup {
    PortSetup ports[abi::kPortsMax];
    std::vector<ServiceSetup> services;
    std::vector<ReplySetup> replies = {};
    std::vector<ServerSetup> servers = {};
    std::vector<NextHopSetup> next_hops;
    std::vector<FlowSetup> flows;
};

struct Received {
    int port = 0;
    FrameBytes frame;
};

struct Sent {
    int port = 0;
    FrameBytes frame;
};

struct Punted {
    abi::Reason reason{};
    int port = 0;
    std::optional<std::uint16_t> service;
    int version = 0;       // Of the tables that it met.
    bool control = false;  // It came by the stream of control traffic.
    FrameBytes frame;
};

// What an event says of a connection: that a packet of it carried FIN or RST, or that the card
// chose a server for it.
struct FlowNews {
    std::uint8_t tcp_flags = 0;
    Address client;
    std::uint16_t client_port = 0;
    std::uint16_t service = 0;
    std::uint16_t server = 0;
    bool from_server = false;
    bool operator==(const FlowNews&) const = default;
};

struct Count {
    std::uint64_t packets = 0;
    std::uint64_t bytes = 0;
    bool operator==(const Count&) const = default;
};

// Those that are not zero; of servers and services only those of the setup.
struct Counts {
    std::map<abi::Reason, Count> reasons;
    std::map<std::uint16_t, Count> servers;
    std::map<std::uint16_t, Count> replies;  // By server.
    std::map<std::uint16_t, Count> services;
};

struct Observed {
    std::vector<Sent> sent;
    std::vector<Punted> punted;  // Those of either stream in order, control traffic last.
    std::vector<FlowNews> ends;
    std::vector<FlowNews> learned;
};

class Dataplane {
  public:
    virtual ~Dataplane() = default;
    virtual std::string name() const = 0;
    // Replaces whatever setup there was.
    virtual void configure(const Setup& setup) = 0;
    // Gives frames to the ports and returns what came out once all is quiet.
    virtual Observed run(const std::vector<Received>& frames) = 0;
    // Since the first configure(); callers compare two of them.
    virtual Counts counts() = 0;
};

}  // namespace fpvs::kit
