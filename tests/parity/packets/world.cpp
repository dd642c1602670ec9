// SPDX-License-Identifier: Apache-2.0
#include "tests/parity/packets/world.hpp"

#include <fmt/core.h>

#include "tests/parity/text.hpp"

namespace fpvs::parity {
namespace {

using reference::Forwarding;
using reference::Protocol;
using reference::Tunnel;

constexpr std::uint32_t kIpv4Clients = 0x0a000000;  // 10.0.0.0
constexpr std::uint32_t kIpv4Servers = 0xc0a87100;  // 192.168.113.0
constexpr std::uint32_t kIpv6Clients = 0x000c0000;  // fd00:c::
constexpr std::uint32_t kIpv6Servers = 0x000d0000;  // fd00:d::
constexpr std::uint32_t kFirstClient = 2;
constexpr std::uint32_t kFirstServer = 11;
constexpr std::uint16_t kGuePort = 6080;

[[nodiscard]] reference::Address address(int family,
                                         std::uint32_t ipv4_network,
                                         std::uint32_t ipv6_network,
                                         std::uint32_t host) {
    return family == 4 ? reference::ipv4_address(ipv4_network + host)
                       : reference::ipv6_address({0xfd000000 | ipv6_network >> 16, 0, 0, host});
}

[[nodiscard]] reference::Mac station_mac(int port, std::uint32_t number) {
    return {0x02, 0, 0, static_cast<std::uint8_t>(port), 1, static_cast<std::uint8_t>(number)};
}

[[nodiscard]] reference::ServerSettings method(std::mt19937& random, bool same_family) {
    constexpr std::array<Forwarding, 7> kMethods = {Forwarding::direct_routing,
                                                    Forwarding::direct_routing,
                                                    Forwarding::nat,
                                                    Forwarding::nat,
                                                    Forwarding::tunnel,
                                                    Forwarding::tunnel,
                                                    Forwarding::local};
    reference::ServerSettings settings = {
        .forwarding = same_family ? kMethods[random() % kMethods.size()] : Forwarding::tunnel,
        .tunnel = {}};
    if (settings.forwarding == Forwarding::tunnel) {
        settings.tunnel.kind = static_cast<Tunnel::Kind>(random() % 3);
        if (settings.tunnel.kind != Tunnel::Kind::ipip) {
            settings.tunnel.checksum = static_cast<Tunnel::Checksum>(random() % 2);
        }
        settings.tunnel.port = settings.tunnel.kind == Tunnel::Kind::gue ? kGuePort : 0;
    }
    return settings;
}

}  // namespace

reference::Mac own_mac(int port) {
    return {0x02, 0, 0, 0, 0, static_cast<std::uint8_t>(0xd0 + port)};
}
reference::Address own_address(int port, int family) {
    return port == kClientPort ? address(family, kIpv4Clients, kIpv6Clients, 1)
                               : address(family, kIpv4Servers, kIpv6Servers, 149);
}
reference::Address virtual_address(int family) {
    return address(family, kIpv4Clients, kIpv6Clients, 100);
}
reference::Address client_address(int family, std::uint32_t number) {
    return address(family, kIpv4Clients, kIpv6Clients, kFirstClient + number);
}
reference::Address server_address(int family, std::uint32_t number) {
    return address(family, kIpv4Servers, kIpv6Servers, kFirstServer + number);
}

World make_world(std::mt19937& random) {
    World world = {.interfaces = {{10, kClientPort, std::nullopt, 1500},
                                  {11, kServerPort, std::nullopt, 1500},
                                  {12, kServerPort, std::uint16_t{100}, 1400},
                                  {13, kClientPort, std::uint16_t{200}, 1300}},
                   .path_mtu_discovery = random() % 4 != 0,
                   .nat_icmp_send = random() % 2 != 0,
                   .sloppy_tcp = random() % 4 != 0};
    for (const int family : {4, 6}) {
        for (std::uint32_t i = 0; i < kClients; ++i) {
            world.stations.push_back({client_address(family, i),
                                      station_mac(kClientPort, i),
                                      i + 1 == kClients ? 3u : 0u});
        }
        for (std::uint32_t i = 0; i < kServers; ++i) {
            world.stations.push_back({server_address(family, i),
                                      station_mac(kServerPort, i),
                                      random() % 3 == 0 ? 2u : 1u});
        }
        for (const Protocol protocol : {Protocol::tcp, Protocol::udp, Protocol::sctp}) {
            for (const std::uint16_t port : {kService, kEmptyService}) {
                world.services.push_back(
                    {.address = virtual_address(family), .port = port, .protocol = protocol});
            }
            for (std::uint32_t i = 0; i < kServers; ++i) {
                if (random() % 3 != 0) {
                    continue;
                }
                const bool mixed = random() % 6 == 0;
                const int its_family = mixed ? 10 - family : family;
                const auto settings = method(random, its_family == family);
                const bool nat = settings.forwarding == Forwarding::nat;
                world.servers.push_back(
                    {.service = {.address = virtual_address(family),
                                 .port = kService,
                                 .protocol = protocol},
                     .server = {server_address(its_family, i), nat ? kNatService : kService},
                     .settings = settings});
            }
        }
    }
    return world;
}

std::string describe(const World& world) {
    constexpr std::array<const char*, 5> kMethods = {
        "nat", "local", "tunnel", "direct_routing", "full_nat"};
    constexpr std::array<const char*, 3> kTunnels = {"ipip", "gue", "gre"};
    std::string all = fmt::format("  pmtu_disc {}, nat_icmp_send {}, sloppy_tcp {}\n",
                                  world.path_mtu_discovery ? 1 : 0,
                                  world.nat_icmp_send ? 1 : 0,
                                  world.sloppy_tcp ? 1 : 0);
    for (const ServerPlan& plan : world.servers) {
        all += fmt::format("  [{}]:{}/{} has [{}]:{} {}",
                           to_text(plan.service.address),
                           plan.service.port,
                           static_cast<int>(plan.service.protocol),
                           to_text(plan.server.address),
                           plan.server.port,
                           kMethods[static_cast<std::size_t>(plan.settings.forwarding)]);
        if (plan.settings.forwarding == Forwarding::tunnel) {
            all += fmt::format(" {} checksum {}",
                               kTunnels[static_cast<std::size_t>(plan.settings.tunnel.kind)],
                               static_cast<int>(plan.settings.tunnel.checksum));
        }
        for (const Station& station : world.stations) {
            if (station.address == plan.server.address) {
                all += fmt::format(" mtu {}", world.interfaces[station.interface].mtu);
            }
        }
        all += "\n";
    }
    return all;
}

}  // namespace fpvs::parity
