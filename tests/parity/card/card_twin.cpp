// SPDX-License-Identifier: Apache-2.0
#include "tests/parity/card/card_twin.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "host/util/check.hpp"

namespace fpvs::parity {
namespace {

using reference::Forwarding;

// Next hops: a station's by its place in the world, a server's behind all of them.
constexpr std::uint16_t kServerHops = 1000;

[[nodiscard]] kit::Address to_kit(const reference::Address& address) {
    if (address.family == 4) {
        return address.word(0);
    }
    return {std::uint64_t{address.word(0)} << 32 | address.word(1),
            std::uint64_t{address.word(2)} << 32 | address.word(3)};
}

[[nodiscard]] std::uint64_t to_kit(const reference::Mac& mac) {
    std::uint64_t number = 0;
    for (const std::uint8_t octet : mac) {
        number = number << 8 | octet;
    }
    return number;
}

[[nodiscard]] abi::Method method_of(Forwarding forwarding) {
    switch (forwarding) {
        case Forwarding::nat:
            return abi::Method::nat;
        case Forwarding::local:
            return abi::Method::local;
        case Forwarding::tunnel:
            return abi::Method::tunnel;
        case Forwarding::direct_routing:
            return abi::Method::direct_routing;
        case Forwarding::full_nat:
            return abi::Method::full_nat;
    }
    return abi::Method::host;
}

// A damaged packet can come from nowhere.
[[nodiscard]] std::optional<std::size_t> station_of(const World& world,
                                                    const reference::Address& address) {
    const auto found = std::find_if(world.stations.begin(),
                                    world.stations.end(),
                                    [&](const Station& one) { return one.address == address; });
    if (found == world.stations.end()) {
        return std::nullopt;
    }
    return static_cast<std::size_t>(found - world.stations.begin());
}

[[nodiscard]] kit::NextHopSetup hop_to(const World& world,
                                       std::uint16_t number,
                                       std::size_t station) {
    const Station& to = world.stations[station];
    const Interface& interface = world.interfaces[to.interface];
    kit::NextHopSetup hop;
    hop.next_hop = number;
    hop.destination_mac = to_kit(to.mac);
    hop.source_mac = to_kit(own_mac(interface.port));
    hop.mtu = static_cast<std::uint16_t>(interface.mtu);
    hop.port = static_cast<std::uint8_t>(interface.port);
    hop.vlan = interface.vlan;
    return hop;
}

[[nodiscard]] std::uint16_t service_of(const World& world, const reference::ServiceId& id) {
    const auto found = std::find(world.services.begin(), world.services.end(), id);
    FPVS_CHECK(found != world.services.end());
    return static_cast<std::uint16_t>(found - world.services.begin());
}

[[nodiscard]] std::optional<std::uint16_t> server_of(const World& world,
                                                     const reference::ServiceId& service,
                                                     const reference::ServerId& server) {
    for (std::size_t i = 0; i < world.servers.size(); ++i) {
        if (world.servers[i].service == service && world.servers[i].server == server) {
            return static_cast<std::uint16_t>(i);
        }
    }
    return std::nullopt;
}

[[nodiscard]] kit::ServerSetup server_setup(const World& world, std::uint16_t number) {
    const ServerPlan& plan = world.servers[number];
    kit::ServerSetup server;
    server.server = number;
    server.next_hop = static_cast<std::uint16_t>(kServerHops + number);
    server.method = method_of(plan.settings.forwarding);
    server.address = to_kit(plan.server.address);
    server.port = plan.server.port;
    server.tunnel = static_cast<abi::Tunnel>(plan.settings.tunnel.kind);
    server.tunnel_checksum = plan.settings.tunnel.checksum != reference::Tunnel::Checksum::none;
    server.tunnel_port = plan.settings.tunnel.port;
    server.outer_source = to_kit(own_address(kServerPort, plan.server.address.family));
    return server;
}

template <class Counted>
[[nodiscard]] std::string compare_counts(const char* what,
                                         const std::map<std::uint16_t, kit::Count>& expected,
                                         const Counted& before,
                                         const Counted& after) {
    std::string text;
    for (const auto& [key, count] : after) {
        const auto old = before.find(key);
        const kit::Count base = old == before.end() ? kit::Count{} : old->second;
        const auto wanted = expected.find(key);
        const kit::Count want = wanted == expected.end() ? kit::Count{} : wanted->second;
        const kit::Count grown{count.packets - base.packets, count.bytes - base.bytes};
        if (grown != want) {
            text += fmt::format("{} {}: counted {} packets {} bytes, forwarded {} and {}\n",
                                what,
                                key,
                                grown.packets,
                                grown.bytes,
                                want.packets,
                                want.bytes);
        }
    }
    for (const auto& [key, count] : expected) {
        if (!after.contains(key)) {
            text += fmt::format("{} {}: {} packets not counted\n", what, key, count.packets);
        }
    }
    return text;
}

}  // namespace

CardTwin::CardTwin(const World& world, kit::CardDataplane& dataplane)
    : world_(world), dataplane_(dataplane), setup_(make_setup()) {
    dataplane_.configure(setup_);
    before_ = dataplane_.counts();
}

kit::Setup CardTwin::make_setup() const {
    kit::Setup setup;
    for (const int port : {kClientPort, kServerPort}) {
        setup.ports[port] = {to_kit(own_mac(port)), true};
    }
    for (std::size_t i = 0; i < world_.stations.size(); ++i) {
        setup.next_hops.push_back(hop_to(world_, static_cast<std::uint16_t>(i), i));
    }
    for (std::size_t i = 0; i < world_.services.size(); ++i) {
        const reference::ServiceId& id = world_.services[i];
        setup.services.push_back({to_kit(id.address),
                                  id.port,
                                  static_cast<std::uint8_t>(id.protocol),
                                  static_cast<std::uint16_t>(i)});
    }
    for (std::size_t i = 0; i < world_.servers.size(); ++i) {
        const auto number = static_cast<std::uint16_t>(i);
        const ServerPlan& plan = world_.servers[i];
        setup.servers.push_back(server_setup(world_, number));
        setup.next_hops.push_back(hop_to(world_,
                                         static_cast<std::uint16_t>(kServerHops + i),
                                         *station_of(world_, plan.server.address)));
        if (plan.settings.forwarding == Forwarding::nat) {
            setup.replies.push_back({to_kit(plan.server.address),
                                     plan.server.port,
                                     static_cast<std::uint8_t>(plan.service.protocol),
                                     service_of(world_, plan.service),
                                     number});
        }
    }
    return setup;
}

std::optional<kit::FlowSetup> CardTwin::flow_of(const reference::ConnectionView& connection) const {
    const bool lasts = connection.state == "ESTABLISHED" || connection.state == "UDP";
    if (connection.is_template || !lasts) {
        return std::nullopt;
    }
    const reference::ServiceId service = {.address = connection.service.address,
                                          .port = connection.service.port,
                                          .protocol = connection.protocol};
    const auto server =
        server_of(world_, service, {connection.server.address, connection.server.port});
    const auto station = station_of(world_, connection.client.address);
    if (!server || !station) {
        return std::nullopt;
    }
    // The card's outer headers are those of pmtu_disc 1.
    const Forwarding forwarding = world_.servers[*server].settings.forwarding;
    if (forwarding == Forwarding::tunnel && !world_.path_mtu_discovery) {
        return std::nullopt;
    }
    kit::FlowSetup flow;
    flow.client = to_kit(connection.client.address);
    flow.client_port = connection.client.port;
    flow.service = service_of(world_, service);
    flow.server = *server;
    flow.method = method_of(forwarding);
    flow.next_hop = static_cast<std::uint16_t>(*station);
    return flow;
}

void CardTwin::follow(reference::Director& model, std::uint64_t now_ms) {
    model.ipvs.advance(now_ms);
    std::map<kit::FlowKey, kit::FlowSetup> wanted;
    for (const reference::ConnectionView& connection : model.ipvs.connections()) {
        if (const auto flow = flow_of(connection)) {
            wanted[kit::key_of(*flow)] = *flow;
        }
    }
    for (const auto& [key, flow] : flows_) {
        const auto still = wanted.find(key);
        if (still == wanted.end() || still->second.server != flow.server) {
            dataplane_.remove_flow(flow);
        }
    }
    for (const auto& [key, flow] : wanted) {
        const auto before = flows_.find(key);
        if (before == flows_.end() || before->second.server != flow.server) {
            dataplane_.add_flow(flow);
        }
    }
    flows_ = std::move(wanted);
    for (std::size_t i = 0; i < world_.servers.size(); ++i) {
        kit::NextHopSetup& hop = setup_.next_hops[world_.stations.size() + i];
        const auto known = model.path_mtus().find(world_.servers[i].server.address);
        const bool tunnelled = world_.servers[i].settings.forwarding == Forwarding::tunnel;
        if (tunnelled && known != model.path_mtus().end() && known->second < hop.mtu) {
            hop.mtu = static_cast<std::uint16_t>(known->second);
            (void)dataplane_.command({kit::write_next_hop(hop)});
        }
    }
    (void)dataplane_.command({});  // The next frame comes when all of it is written.
}

CardTwin::Answer CardTwin::receive(int port, const reference::Bytes& frame) {
    kit::Observed observed = dataplane_.run({{port, frame}});
    Answer answer;
    for (kit::Sent& sent : observed.sent) {
        answer.sent.push_back({.port = sent.port, .bytes = std::move(sent.frame)});
    }
    answer.punted = std::move(observed.punted);
    return answer;
}

void CardTwin::forwarded(const std::vector<reference::ServiceView>& before,
                         const std::vector<reference::ServiceView>& after) {
    for (std::size_t i = 0; i < after.size(); ++i) {
        for (std::size_t k = 0; k < after[i].servers.size(); ++k) {
            const reference::ServerView& now = after[i].servers[k];
            const reference::Counters& was = before[i].servers[k].counters;
            const auto server = server_of(world_, after[i].id, now.id);
            if (!server) {
                continue;
            }
            const auto grow = [&](auto& counts, std::uint64_t packets, std::uint64_t bytes) {
                if (packets != 0) {
                    counts[*server].packets += packets;
                    counts[*server].bytes += bytes;
                }
            };
            grow(to_servers_,
                 now.counters.packets_in - was.packets_in,
                 now.counters.bytes_in - was.bytes_in);
            grow(to_clients_,
                 now.counters.packets_out - was.packets_out,
                 now.counters.bytes_out - was.bytes_out);
        }
    }
}

std::string CardTwin::check_counters() {
    const kit::Counts after = dataplane_.counts();
    return compare_counts("server", to_servers_, before_.servers, after.servers) +
           compare_counts("replies of server", to_clients_, before_.replies, after.replies);
}

}  // namespace fpvs::parity
