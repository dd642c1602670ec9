// SPDX-License-Identifier: Apache-2.0
// What the engine says, the kernel's neighbours and its routes, as entries of the card's tables.
#include <algorithm>
#include <utility>

#include "host/offload/method.hpp"
#include "host/offload/offload.hpp"
#include "host/util/check.hpp"
#include "host/util/log.hpp"

namespace fpvs::offload {
namespace {

using namespace std::chrono_literals;
using model::Forwarding;

constexpr std::uint32_t kMtuMax = abi::kFrameBytesMax - 18;

// Tables are made at most this often for one service, and so many in one poll: a server that goes
// back and forth over its threshold costs the card a bounded number of commands.
constexpr provider::Nanoseconds kSteerInterval = 10ms;
constexpr int kSteerTablesPerPoll = 4;
// Tables are of IPVS's sizes.  A sequence is cut here: one that is longer is the engine's.
constexpr std::size_t kSteerWordsMax = 4096;
static_assert(kSteerWordsMax <= abi::kSteerSizeMax);

// All are asked for once in so many seconds, in case somebody else let their upkeep go.
constexpr std::size_t kHopsRefreshedPerSecond = abi::kNextHopsMax / 16;
constexpr std::size_t kReroutedPerPoll = 1024;

[[nodiscard]] abi::Tunnel tunnel_of(model::TunnelKind kind) {
    switch (kind) {
        case model::TunnelKind::ipip:
            return abi::Tunnel::ipip;
        case model::TunnelKind::gue:
            return abi::Tunnel::gue;
        case model::TunnelKind::gre:
            return abi::Tunnel::gre;
    }
    return abi::Tunnel::ipip;
}

[[nodiscard]] abi::Steer steer_of(schedule::Choices::By by) {
    switch (by) {
        case schedule::Choices::By::source:
            return abi::Steer::source;
        case schedule::Choices::By::maglev:
            return abi::Steer::maglev;
        case schedule::Choices::By::nothing:
            return abi::Steer::fixed;
        case schedule::Choices::By::sequence:
            return abi::Steer::in_turn;
    }
    return abi::Steer::none;
}

[[nodiscard]] std::uint64_t low_half(const model::IpAddress& address) {
    const auto& words = address.words;
    return address.is_ipv4() ? words[0] : std::uint64_t{words[2]} << 32 | words[3];
}

[[nodiscard]] std::uint64_t high_half(const model::IpAddress& address) {
    const auto& words = address.words;
    return address.is_ipv4() ? 0 : std::uint64_t{words[0]} << 32 | words[1];
}

[[nodiscard]] bool is_link_local(const model::IpAddress& address) {
    return address.is_ipv6() && address.words[0] >> 22 == 0xfe80U >> 6;
}

[[nodiscard]] bool both_ways(Forwarding forwarding) {
    return forwarding == Forwarding::nat || forwarding == Forwarding::full_nat;
}

[[nodiscard]] FlowKey client_key(const engine::OffloadFlow& flow) {
    return {.client_address = flow.client_address,
            .client_port = flow.client_port,
            .service = flow.service};
}

[[nodiscard]] FlowKey local_key(const engine::OffloadFlow& flow) {
    return {.client_address = flow.local_address,
            .client_port = flow.local_port,
            .service = flow.service,
            .reply = true};
}

}  // namespace

// --- Services.

void Offload::service_added(engine::ServiceIndex service, const model::ServiceKey& key) {
    if (!tables_.add_service(service, key)) {
        counters_.count(OffloadCounter::services_refused);
        log::warn("offload",
                  "service {} stays in software: the card's table has no room for it",
                  model::to_string(key));
        return;
    }
    services_[service] = {.key = key, .known = true};
}

void Offload::service_removed(engine::ServiceIndex service) {
    tables_.remove_service(service);
    if (service < services_.size()) {
        services_[service].known = false;
    }
}

void Offload::steering_changed(engine::ServiceIndex service) {
    if (is_known_service(service)) {
        steering_due_.push(service);
    }
}

// Once a second: at the limit it may change with every connection.
void Offload::check_room() {
    const bool may_steer = engine_.may_steer();
    if (may_steer == steers_) {
        return;
    }
    steers_ = may_steer;
    for (engine::ServiceIndex service = 0; service < services_.size(); ++service) {
        steering_changed(service);
    }
}

void Offload::steer_services(Time now) {
    const std::size_t waiting = steering_due_.size();
    int made = 0;
    for (std::size_t i = 0; i < waiting && made < kSteerTablesPerPoll; ++i) {
        const auto service = steering_due_.pop();
        if (!service || !services_[*service].known) {
            continue;
        }
        if (now < services_[*service].steered_at + kSteerInterval) {
            steering_due_.push(*service);
            continue;
        }
        services_[*service].steered_at = now;
        steer(*service);
        ++made;
    }
}

void Offload::steer(engine::ServiceIndex service) {
    const auto steering = engine_.steering(service, kSteerWordsMax);
    if (!steering) {
        tables_.clear_steering(service);
        return;
    }
    SteerTable table{.kind = steer_of(steering->by), .use_port = steering->use_port};
    const bool in_turn = table.kind == abi::Steer::in_turn;
    if (!options_.limits.can(in_turn ? abi::Capability::steer_in_turn
                                     : abi::Capability::steer_hash)) {
        return;
    }
    for (const engine::ServerIndex server : steering->servers) {
        // A number that the card has not is a gap, which a sequence may not have.
        const bool has = server < servers_.size();
        if (!has && in_turn) {
            tables_.clear_steering(service);
            return;
        }
        table.servers.push_back(has ? static_cast<std::uint16_t>(server) : kNoSteerServer);
    }
    if (const auto refusal = tables_.set_steering(service, table)) {
        counters_.count(*refusal == SteerRefusal::words_full
                            ? OffloadCounter::steer_words_refused
                            : OffloadCounter::steer_cursors_refused);
        return;
    }
    counters_.count(OffloadCounter::steer_tables);
}

// --- Servers.

void Offload::server_available(const engine::OffloadServer& server) {
    if (server.server >= servers_.size()) {
        if (counters_[OffloadCounter::servers_refused] == 0) {
            log::warn(
                "offload", "more than {} servers: those beyond stay in software", servers_.size());
        }
        counters_.count(OffloadCounter::servers_refused);
        return;
    }
    if (!is_known_service(server.service)) {
        return;
    }
    Server& known = servers_[server.server];
    tables_.name_server(server.server, server.service, server.key);
    known.is = server;
    known.known = true;
    known.available = true;
    // Counters of a card that ran before have to be read once, to know where they stand.
    known.counted = known.counted || !options_.fresh;
    write_server(server.server);
}

void Offload::server_unavailable(engine::ServerIndex server) {
    if (server < servers_.size() && servers_[server].known) {
        servers_[server].available = false;
        write_server(server);
    }
}

bool Offload::card_has(Forwarding forwarding, const model::Tunnel& tunnel) const {
    const CardLimits& limits = options_.limits;
    switch (forwarding) {
        case Forwarding::direct_routing:
            return true;
        case Forwarding::nat:
            return limits.can(abi::Capability::nat);
        case Forwarding::full_nat:
            return limits.can(abi::Capability::full_nat);
        case Forwarding::tunnel:
            return limits.can(tunnel.kind == model::TunnelKind::ipip  ? abi::Capability::ipip
                              : tunnel.kind == model::TunnelKind::gue ? abi::Capability::gue
                                                                      : abi::Capability::gre);
        case Forwarding::local:
            break;
    }
    return false;
}

void Offload::write_server(engine::ServerIndex index) {
    Server& server = servers_[index];
    const model::IpAddress& address = server.is.key.address;
    const model::Tunnel& tunnel = server.is.tunnel;
    bool usable =
        server.available && !server.is.in_software_only && card_has(server.is.forwarding, tunnel);
    ServerRecord record;
    record.set<abi::ServerEntry::address_low>(low_half(address))
        .set<abi::ServerEntry::address_high>(high_half(address))
        .set<abi::ServerEntry::port>(server.is.key.port)
        .set<abi::ServerEntry::ipv6>(address.is_ipv6() ? 1 : 0)
        .set<abi::ServerEntry::method>(static_cast<std::uint64_t>(method_of(server.is.forwarding)));
    if (server.is.forwarding == Forwarding::tunnel) {
        const auto neighbour = neighbours_.resolve(address);
        usable = usable && neighbour && neighbour->source.family == address.family;
        record.set<abi::ServerEntry::tunnel>(static_cast<std::uint64_t>(tunnel_of(tunnel.kind)))
            .set<abi::ServerEntry::tunnel_checksum>(
                tunnel.checksum != model::TunnelChecksum::none ? 1 : 0)
            .set<abi::ServerEntry::tunnel_port>(tunnel.port);
        if (usable) {
            record.set<abi::ServerEntry::outer_source_low>(low_half(neighbour->source))
                .set<abi::ServerEntry::outer_source_high>(high_half(neighbour->source));
        }
    }
    server.next_hop = use_hop({.address = address}, address);
    record.set<abi::ServerEntry::valid>(usable ? 1 : 0);
    tables_.set_server(index, record, server.next_hop);
    if (!both_ways(server.is.forwarding)) {
        tables_.clear_reply_end(index);
    } else if (!tables_.set_reply_end(index,
                                      server.is.key,
                                      server.is.protocol,
                                      server.is.forwarding == Forwarding::full_nat,
                                      server.available)) {
        counters_.count(OffloadCounter::replies_refused);
    }
}

// --- Next hops.

NextHopRecord Offload::next_hop_to(const model::IpAddress& target,
                                   const std::optional<provider::Neighbour>& neighbour,
                                   std::uint32_t route_mtu) const {
    NextHopRecord record;
    if (!neighbour) {
        return record;
    }
    const auto egress =
        std::find_if(egresses_.begin(), egresses_.end(), [&](const provider::Egress& candidate) {
            return candidate.interface_index == neighbour->interface_index;
        });
    if (egress == egresses_.end()) {
        return record;
    }
    std::uint32_t mtu = route_mtu != 0 ? std::min(route_mtu, egress->mtu) : egress->mtu;
    if (const auto path = path_mtus_.find(target); path != path_mtus_.end()) {
        mtu = std::min(mtu, path->second);
    }
    record.set<abi::NextHopEntry::destination_mac>(neighbour->mac.value())
        .set<abi::NextHopEntry::source_mac>(egress->mac.value())
        .set<abi::NextHopEntry::port>(egress->port)
        .set<abi::NextHopEntry::tagged>(egress->vlan ? 1 : 0)
        .set<abi::NextHopEntry::vlan>(egress->vlan.value_or(0))
        .set<abi::NextHopEntry::mtu>(std::min(mtu, kMtuMax))
        .set<abi::NextHopEntry::valid>(1);
    return record;
}

std::uint16_t Offload::use_hop(const NextHopKey& key, const model::IpAddress& target) {
    NextHopTable& hops = tables_.next_hops();
    const std::uint16_t hop =
        hops.use(key, target, [this](const model::IpAddress& asked, std::uint32_t mtu) {
            return next_hop_to(asked, neighbours_.resolve(asked), mtu);
        });
    // One more question: the answer may have come meanwhile.
    if (hop != kNoNextHop && !hops.is_valid(hop)) {
        hops.set(hop, next_hop_to(target, neighbours_.resolve(target), key.mtu));
    }
    return hop;
}

void Offload::neighbour_changed(const model::IpAddress& target,
                                const std::optional<provider::Neighbour>& neighbour) {
    NextHopTable& hops = tables_.next_hops();
    hops.visit(
        0, hops.size(), [&](std::uint16_t hop, const model::IpAddress& asked, std::uint32_t mtu) {
            if (asked == target) {
                hops.set(hop, next_hop_to(target, neighbour, mtu));
            }
        });
    // A tunnel's outer source is the neighbour's news too.
    for (engine::ServerIndex index = 0; index < servers_.size(); ++index) {
        if (servers_[index].available && servers_[index].is.forwarding == Forwarding::tunnel &&
            servers_[index].is.key.address == target) {
            write_server(index);
        }
    }
}

// Longer packets come to the host, which tells their senders.
void Offload::path_mtu_changed(const model::IpAddress& target, std::uint32_t mtu) {
    if (mtu == 0) {
        path_mtus_.erase(target);
    } else if (path_mtus_.size() < abi::kNextHopsMax || path_mtus_.contains(target)) {
        path_mtus_[target] = mtu;
    }
    NextHopTable& hops = tables_.next_hops();
    hops.visit(0,
               hops.size(),
               [&](std::uint16_t hop, const model::IpAddress& asked, std::uint32_t route_mtu) {
                   if (asked == target) {
                       hops.set(hop, next_hop_to(target, neighbours_.resolve(target), route_mtu));
                   }
               });
}

void Offload::refresh_hops() {
    NextHopTable& hops = tables_.next_hops();
    refresh_position_ =
        hops.visit(refresh_position_,
                   kHopsRefreshedPerSecond,
                   [&](std::uint16_t hop, const model::IpAddress& target, std::uint32_t mtu) {
                       hops.set(hop, next_hop_to(target, neighbours_.resolve(target), mtu));
                   });
    for (const model::IpAddress& target : hops.take_left_targets()) {
        neighbours_.forget(target);
    }
}

// --- Flows.

void Offload::offer(const engine::OffloadFlow& flow) {
    counters_.count(OffloadCounter::offered);
    if (const auto refusal = try_offer(flow)) {
        counters_.count(*refusal);
        // A burst of each port's frames, or an event, offers no more than this holds; the queue is
        // emptied after each.
        FPVS_CHECK(refusals_.push(flow.connection), "too many refusals in one step");
    }
}

std::optional<OffloadCounter> Offload::try_offer(const engine::OffloadFlow& flow) {
    if (flow.server >= servers_.size()) {
        return OffloadCounter::refused_number;
    }
    if (!tables_.has_service(flow.service)) {
        return OffloadCounter::refused_service;
    }
    const Server& server = servers_[flow.server];
    if (!server.available) {
        return OffloadCounter::refused_server;
    }
    const bool ipv6 = flow.client_address.is_ipv6();
    if ((ipv6 && !options_.limits.can(abi::Capability::ipv6)) ||
        (flow.protocol == model::Protocol::sctp && !options_.limits.can(abi::Capability::sctp)) ||
        !card_has(flow.forwarding, server.is.tunnel) ||
        (ipv6 && flow.forwarding == Forwarding::full_nat)) {
        return OffloadCounter::refused_method;
    }
    if (server.next_hop == kNoNextHop) {
        return OffloadCounter::refused_next_hops;
    }
    NextHopTable& hops = tables_.next_hops();
    if (!hops.is_valid(server.next_hop) ||
        tables_.server(flow.server).get<abi::ServerEntry::valid>() == 0) {
        hops.set(server.next_hop,
                 next_hop_to(server.is.key.address, neighbours_.resolve(server.is.key.address), 0));
        write_server(flow.server);
        if (!hops.is_valid(server.next_hop) ||
            tables_.server(flow.server).get<abi::ServerEntry::valid>() == 0) {
            return OffloadCounter::refused_neighbour;
        }
    }
    return put_flows(flow);
}

std::optional<OffloadCounter> Offload::put_flows(const engine::OffloadFlow& flow) {
    Flow entry{.connection = flow.connection.value(),
               .hit_epoch = epoch_,
               .server = static_cast<std::uint16_t>(flow.server),
               .method = method_of(flow.forwarding)};
    std::uint16_t reply_hop = kNoNextHop;
    if (both_ways(flow.forwarding)) {
        if (const auto refusal = find_client_hop(flow.client_address, reply_hop)) {
            return refusal;
        }
    }
    if (flow.forwarding == Forwarding::full_nat) {
        Flow answer = entry;
        answer.reply_hop = reply_hop;
        answer.other_address = flow.client_address.ipv4().value;
        answer.other_port = flow.client_port;
        if (!tables_.add_flow(local_key(flow), answer)) {
            tables_.next_hops().release(reply_hop);
            return OffloadCounter::refused_bucket;
        }
        entry.other_address = flow.local_address.ipv4().value;
        entry.other_port = flow.local_port;
    } else {
        entry.reply_hop = reply_hop;
    }
    if (!tables_.add_flow(client_key(flow), entry)) {
        if (flow.forwarding == Forwarding::full_nat) {
            tables_.remove_flow(local_key(flow));
        } else {
            tables_.next_hops().release(reply_hop);
        }
        return OffloadCounter::refused_bucket;
    }
    servers_[flow.server].counted = true;
    return std::nullopt;
}

std::optional<OffloadCounter> Offload::find_client_hop(const model::IpAddress& client,
                                                       std::uint16_t& hop) {
    const auto way = options_.way_to ? options_.way_to(client) : std::nullopt;
    if (!way) {
        return OffloadCounter::refused_client_way;
    }
    // A link-local gateway means nothing without its interface; an address behind it leads the
    // kernel to the same gateway.
    hop = use_hop(
        {.address = way->next_hop, .interface_index = way->interface_index, .mtu = way->mtu},
        is_link_local(way->next_hop) ? client : way->next_hop);
    if (hop == kNoNextHop) {
        return OffloadCounter::refused_next_hops;
    }
    if (!tables_.next_hops().is_valid(hop)) {
        tables_.next_hops().release(std::exchange(hop, kNoNextHop));
        return OffloadCounter::refused_client_way;
    }
    return std::nullopt;
}

void Offload::withdraw(const engine::OffloadFlow& flow) {
    const auto found = tables_.find_flow(client_key(flow));
    if (!found || found->connection() != flow.connection) {
        return;
    }
    tables_.remove_flow(client_key(flow));
    if (flow.forwarding == Forwarding::full_nat) {
        tables_.remove_flow(local_key(flow));
    }
    counters_.count(OffloadCounter::withdrawn);
}

void Offload::query_activity(const engine::OffloadFlow& flow) {
    query(client_key(flow), flow.connection);
}

// The engine asks again if it gets no answer.
void Offload::query(const FlowKey& key, engine::ConnectionHandle connection) {
    if (!queries_.push({key, connection})) {
        counters_.count(OffloadCounter::queries_dropped);
    }
}

void Offload::report_refusals(Time now) {
    while (const auto connection = refusals_.pop()) {
        engine_.on_offload_refused(*connection, now);
    }
}

void Offload::reroute() {
    for (std::size_t i = 0; i < kReroutedPerPoll && reroute_position_; ++i) {
        if (*reroute_position_ == tables_.positions()) {
            reroute_position_.reset();
            return;
        }
        const auto flow = tables_.flow_at((*reroute_position_)++);
        if (!flow || flow->flow.reply_hop == kNoNextHop || reroute(*flow)) {
            continue;
        }
        counters_.count(OffloadCounter::unrouted);
        tables_.remove_flow(flow->key);
        if (flow->flow.method == abi::Method::full_nat) {
            tables_.remove_flow({.client_address = model::Ipv4{flow->flow.other_address},
                                 .client_port = flow->flow.other_port,
                                 .service = flow->key.service});
        }
        engine_.on_offload_refused(flow->connection(), last_poll_);
    }
}

// False: no way leads to the client any more.
bool Offload::reroute(const FlowView& flow) {
    const model::IpAddress client = flow.key.reply
                                        ? model::IpAddress(model::Ipv4{flow.flow.other_address})
                                        : flow.key.client_address;
    std::uint16_t hop = kNoNextHop;
    if (find_client_hop(client, hop)) {
        return false;
    }
    if (hop == flow.flow.reply_hop) {
        tables_.next_hops().release(hop);
        return true;
    }
    counters_.count(OffloadCounter::rerouted);
    tables_.set_reply_hop(flow.key, hop);
    return true;
}

}  // namespace fpvs::offload
