// SPDX-License-Identifier: Apache-2.0
// Connections that the card schedules: their first packet, the packets before the host has learnt
// of them, and what stays the host's choice.  Which place a client has in a hash table is the
// business of other tests; here all places have one server, or the service's turn decides.
#include <string>
#include <vector>

#include "tests/cases/director.hpp"

namespace fpvs::cases {
namespace {

using abi::Reason;
using abi::Steer;
using kit::FrameSpec;

constexpr std::uint16_t kByAddress = 20;
constexpr std::uint16_t kMaglev = 21;
constexpr std::uint16_t kFixed = 22;
constexpr std::uint16_t kInTurn = 23;
constexpr std::uint16_t kNobody = 24;
constexpr std::uint16_t kUdpByAddress = 25;
constexpr std::uint16_t kServer = 5;  // Of the director's, two-armed.
constexpr std::uint8_t kCursor = 15;

std::uint16_t port_of(std::uint16_t service) {
    return static_cast<std::uint16_t>(9000 + service);
}

kit::Setup with_steering() {
    kit::Setup setup = director();
    const auto add = [&](std::uint16_t service, std::uint8_t protocol, kit::SteerSetup steer) {
        setup.services.push_back({kVip, port_of(service), protocol, service, std::move(steer)});
    };
    using Places = std::vector<std::optional<std::uint16_t>>;
    add(kByAddress, kTcp, {Steer::source, false, Places(256, kServer)});
    add(kMaglev, kTcp, {Steer::maglev, true, Places(251, kServer)});
    add(kFixed, kTcp, {Steer::fixed, false, {kServer}});
    add(kInTurn, kTcp, {Steer::in_turn, false, {5, 6, 7}, kCursor});
    add(kNobody, kTcp, {Steer::source, false, Places(256)});
    add(kUdpByAddress, kUdp, {Steer::source, false, Places(256, kServer)});
    return setup;
}

FrameSpec packet(std::uint16_t service, std::uint16_t client_port, std::uint8_t flags) {
    FrameSpec spec;
    spec.source_port = client_port;
    spec.destination_port = port_of(service);
    spec.protocol = service == kUdpByAddress ? kUdp : kTcp;
    spec.tcp_flags = flags;
    return spec;
}

Step steered(const std::string& what,
             const FrameSpec& in,
             std::uint16_t service,
             std::uint16_t server,
             bool first) {
    const std::uint16_t hop_number = server == 6 ? kOneArmed : server == 7 ? kTagged : kTwoArmed;
    const kit::NextHopSetup hop = hop_of(director(), hop_number);
    Step step = forwarded_as(what, in, sent_by(in, hop), hop, {service, server});
    step.reason = Reason::steered;
    if (first) {
        const std::uint8_t flags = in.protocol == kTcp ? in.tcp_flags : std::uint8_t{0};
        step.learned = kit::FlowNews{flags, kClient, in.source_port, service, server};
    }
    return step;
}

Case first_packets() {
    Case one{"steered_by_hash", with_steering(), {}};
    for (const std::uint16_t service : {kByAddress, kMaglev, kFixed}) {
        const auto syn = packet(service, 1000, kit::tcp::kSyn);
        const auto ack = packet(service, 1000, kit::tcp::kAck);
        const std::string name = "service " + std::to_string(service) + ", ";
        one.steps.push_back(settled(name + "no SYN before", ack, Reason::flow_miss, service));
        one.steps.push_back(steered(name + "SYN", syn, service, kServer, true));
        one.steps.push_back(steered(name + "ACK", ack, service, kServer, false));
        one.steps.push_back(steered(name + "SYN again", syn, service, kServer, false));
        one.steps.push_back(settled(name + "another connection's ACK",
                                    packet(service, 1001, kit::tcp::kAck),
                                    Reason::flow_miss,
                                    service));
    }
    for (const bool first : {true, false}) {
        one.steps.push_back(
            steered("UDP", packet(kUdpByAddress, 1000, 0), kUdpByAddress, kServer, first));
    }
    one.steps.push_back(
        settled("no server", packet(kNobody, 1000, kit::tcp::kSyn), Reason::steer_none, kNobody));
    return one;
}

Case in_turn() {
    Case one{"steered_in_turn", with_steering(), {}};
    constexpr std::uint16_t kOrder[] = {5, 6, 7, 5, 6, 7, 5};
    std::uint16_t port = 2000;
    for (const std::uint16_t server : kOrder) {
        const auto syn = packet(kInTurn, port, kit::tcp::kSyn);
        const auto ack = packet(kInTurn, port, kit::tcp::kAck);
        const std::string name = "connection " + std::to_string(port++ - 1999) + ", ";
        one.steps.push_back(steered(name + "SYN", syn, kInTurn, server, true));
        one.steps.push_back(steered(name + "SYN again", syn, kInTurn, server, false));
        one.steps.push_back(steered(name + "ACK", ack, kInTurn, server, false));
    }
    return one;
}

}  // namespace

std::vector<Case> steer_cases() {
    return {first_packets(), in_turn()};
}

}  // namespace fpvs::cases
