// SPDX-License-Identifier: Apache-2.0
// The reference itself against the TCP states of a real kernel (tests/data/pkt): NAT with the
// packets of both sides, direct routing and tunnels, with secure_tcp and without.
#include <gtest/gtest.h>

#include <fstream>

#include <nlohmann/json.hpp>

#include "sim/reference/ipvs.hpp"

namespace fpvs::parity {
namespace {

using nlohmann::json;
using reference::Direction;
using reference::Forwarding;

const reference::Endpoint kClient = {reference::ipv4_address(0x0a000002), 30000};
const reference::Endpoint kService = {reference::ipv4_address(0x0a000064), 80};
const reference::Endpoint kServer = {reference::ipv4_address(0xc0a8710f), 80};

// "c:SYN" is a SYN of the client, "s:FIN" a FIN with ACK of the server.
void fire(reference::Ipvs& ipvs, const std::string& event) {
    const std::string flags = event.substr(2);
    reference::Packet packet = {.syn = flags.starts_with("SYN"),
                                .ack = flags == "ACK" || flags == "SYNACK" || flags == "FIN",
                                .fin = flags == "FIN",
                                .rst = flags == "RST",
                                .bytes = 40};
    const bool of_client = event[0] == 'c';
    const reference::Endpoint source = of_client ? kClient : kServer;
    const reference::Endpoint destination = of_client ? kService : kClient;
    packet.source = source.address;
    packet.source_port = source.port;
    packet.destination = destination.address;
    packet.destination_port = destination.port;
    (void)ipvs.handle(packet);
}

[[nodiscard]] Forwarding method_of(const std::string& mode) {
    if (mode.starts_with("nat")) {
        return Forwarding::nat;
    }
    return mode.starts_with("tun") ? Forwarding::tunnel : Forwarding::direct_routing;
}

void check(const json& machine, const json& step) {
    reference::Ipvs ipvs;
    const reference::ServiceId service = {.address = kService.address, .port = kService.port};
    ASSERT_EQ(ipvs.add_service(service, {.scheduler = "rr"}), "");
    ASSERT_EQ(ipvs.add_server(service,
                              {kServer.address, kServer.port},
                              {.forwarding = method_of(machine["mode"]), .tunnel = {}}),
              "");
    ipvs.switches.secure_tcp = machine["secure_tcp"];
    for (const std::string event : step["path"]) {
        fire(ipvs, event);
    }
    fire(ipvs, step["event"]);
    const auto connections = ipvs.connections();
    const std::string what =
        machine["mode"].get<std::string>() + " " + step["path"].dump() + step["event"].dump();
    if (step["after"].is_null()) {
        EXPECT_TRUE(connections.empty()) << what;
        return;
    }
    ASSERT_EQ(connections.size(), 1U) << what;
    EXPECT_EQ(connections[0].state, step["after"][0].get<std::string>()) << what;
    // The kernel's clock went on a little before it was read.
    EXPECT_NEAR(static_cast<double>(connections[0].expires_s), step["after"][1].get<double>(), 1.0)
        << what;
    const auto server = ipvs.services().at(0).servers.at(0);
    EXPECT_EQ(server.active, step["after"][2].get<long>()) << what;
    EXPECT_EQ(server.inactive, step["after"][3].get<long>()) << what;
}

TEST(ReferenceStates, states_are_those_of_a_real_kernel) {
    std::ifstream file("tests/data/pkt/tcp-state-machine.json");
    std::size_t steps = 0;
    for (const json& machine : json::parse(file)) {
        for (const json& step : machine["log"]) {
            check(machine, step);
            ++steps;
        }
    }
    EXPECT_GT(steps, 200U);
}

}  // namespace
}  // namespace fpvs::parity
