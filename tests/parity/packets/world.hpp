// SPDX-License-Identifier: Apache-2.0
// A director's surroundings for random packets: clients on port 0, servers on port 1, either behind
// an interface of its own or a VLAN with a smaller MTU; and the services that it offers.
#pragma once

#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "sim/reference/director.hpp"

namespace fpvs::parity {

constexpr int kClientPort = 0;
constexpr int kServerPort = 1;
constexpr std::uint32_t kClients = 4;  // Of each family.
constexpr std::uint32_t kServers = 8;
constexpr std::uint16_t kService = 80;       // Its servers listen there too, but for NAT's:
constexpr std::uint16_t kNatService = 8080;  // on this.
constexpr std::uint16_t kEmptyService = 81;  // Has no servers.

struct Interface {
    std::uint32_t index = 0;
    int port = 0;
    std::optional<std::uint16_t> vlan;
    std::size_t mtu = 1500;
};

struct Station {
    reference::Address address;
    reference::Mac mac{};
    std::size_t interface = 0;  // Index into World::interfaces.
};

struct ServerPlan {
    reference::ServiceId service;
    reference::ServerId server;
    reference::ServerSettings settings;
};

struct World {
    std::vector<Interface> interfaces;
    std::vector<Station> stations;
    std::vector<reference::ServiceId> services;
    std::vector<ServerPlan> servers;
    bool path_mtu_discovery = true;
    bool nat_icmp_send = false;
    bool sloppy_tcp = false;
};

[[nodiscard]] World make_world(std::mt19937& random);
[[nodiscard]] std::string describe(const World& world);

[[nodiscard]] reference::Mac own_mac(int port);
[[nodiscard]] reference::Address own_address(int port, int family);
[[nodiscard]] reference::Address virtual_address(int family);
[[nodiscard]] reference::Address client_address(int family, std::uint32_t number);
[[nodiscard]] reference::Address server_address(int family, std::uint32_t number);

}  // namespace fpvs::parity
