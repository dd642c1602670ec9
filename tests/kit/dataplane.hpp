// SPDX-License-Identifier: Apache-2.0
// Whatever carries packets, as the catalogue of cases (tests/cases) sees it: the native kernels,
// the RTL, the slow path.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "hw/abi/entries.hpp"
#include "hw/abi/limits.hpp"
#include "hw/abi/reasons.hpp"
#include "tests/kit/frame_builder.hpp"

namespace fpvs::kit {

struct PortSetup {
    std::uint64_t mac = 0;
    bool enabled = false;
};

struct ServiceSetup {
    std::uint32_t address = 0;
    std::uint16_t port = 0;
    std::uint8_t protocol = 0;
    std::uint16_t service = 0;
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
    std::uint32_t client_address = 0;
    std::uint16_t client_port = 0;
    std::uint16_t service = 0;
    std::uint16_t server = 0;
    std::uint16_t next_hop = 0;
    abi::Method method = abi::Method::direct_routing;
};

struct Setup {
    PortSetup ports[abi::kPortsMax];
    std::vector<ServiceSetup> services;
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
    FrameBytes frame;
};

struct FlowEnd {
    std::uint8_t tcp_flags = 0;
    std::uint32_t client_address = 0;
    std::uint16_t client_port = 0;
    std::uint16_t service = 0;
    std::uint16_t server = 0;
    bool operator==(const FlowEnd&) const = default;
};

struct Count {
    std::uint64_t packets = 0;
    std::uint64_t bytes = 0;
    bool operator==(const Count&) const = default;
};

struct Counts {
    std::map<abi::Reason, Count> reasons;    // Those that are not zero.
    std::map<std::uint16_t, Count> servers;  // Those of the setup's flows that are not zero.
};

struct Observed {
    std::vector<Sent> sent;
    std::vector<Punted> punted;
    std::vector<FlowEnd> flow_ends;
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
