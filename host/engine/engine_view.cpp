// SPDX-License-Identifier: Apache-2.0
// Snapshots for lists, tools and metrics.
#include <algorithm>
#include <array>

#include "host/engine/engine.hpp"

namespace fpvs::engine {
namespace {

constexpr std::uint64_t kMsPerSecond = 1000;

constexpr std::array<std::string_view, kReasonCount> kReasonNames = {"none",
                                                                     "no_service",
                                                                     "not_first_packet",
                                                                     "ftp_data",
                                                                     "no_server",
                                                                     "server_unavailable",
                                                                     "connection_table_full",
                                                                     "local_ports_exhausted",
                                                                     "reply_of_no_connection",
                                                                     "drop_packet"};

}  // namespace

std::string_view name(Reason reason) {
    return kReasonNames[static_cast<std::size_t>(reason)];
}

std::vector<model::ServiceView> Engine::services() const {
    std::vector<model::ServiceView> views;
    views.reserve(services_.order().size());
    for (const ServiceIndex index : services_.order()) {
        views.push_back(view_of(services_.service(index)));
    }
    return views;
}

std::optional<model::ServiceView> Engine::service(const model::ServiceKey& key) const {
    const Service* service = services_.find(key);
    return service == nullptr ? std::nullopt : std::optional(view_of(*service));
}

ConnectionPage Engine::connections(std::uint64_t cursor, std::size_t count_max, Time now) const {
    ConnectionPage page;
    const std::uint64_t now_ms = to_ms(now);
    for (std::uint64_t i = cursor; i < connections_.high_water(); ++i) {
        const Connection& record = connections_.at(static_cast<std::uint32_t>(i));
        if (!record.in_use) {
            continue;
        }
        if (page.connections.size() == count_max) {
            page.next_cursor = i;
            break;
        }
        page.connections.push_back(view_of(record, now_ms));
    }
    return page;
}

std::vector<CounterView> Engine::counters() const {
    static constexpr std::array<std::string_view, kEventCount> kEventNames = {
        "connections_created",
        "connections_expired",
        "templates_created",
        "templates_invalidated",
        "offloads_offered",
        "offloads_refused",
        "offloads_withdrawn",
        "activity_queries",
        "activity_unanswered",
        "late_card_messages",
        "replies",
        "local_ports_taken",
        "dropped_entries",
        "connections_learned",
        "learned_elsewhere",
        "offloads_idle"};
    std::vector<CounterView> views;
    for (std::size_t i = 1; i < kReasonCount; ++i) {
        views.push_back({.name = kReasonNames[i], .value = refusals_[i]});
    }
    for (std::size_t i = 0; i < kEventCount; ++i) {
        views.push_back({.name = kEventNames[i], .value = events_[i]});
    }
    return views;
}

// What packets left with the servers since the last fold() counts already.
model::ServiceView Engine::view_of(const Service& service) const {
    const auto add = [](model::TrafficCounters& totals, const ServerLine& line) {
        totals.packets_in += line.packets_in;
        totals.bytes_in += line.bytes_in;
        totals.packets_out += line.packets_out;
        totals.bytes_out += line.bytes_out;
    };
    model::ServiceView view = {.key = service.key,
                               .settings = service.settings,
                               .counters = service.traffic.totals(),
                               .rates = service.traffic.rates(),
                               .local_addresses = {},
                               .servers = {}};
    for (const std::uint16_t number : service.local_addresses) {
        view.local_addresses.push_back(services_.local_address(number));
    }
    view.servers.reserve(service.servers.size());
    for (const schedule::ServerState* state : service.servers) {
        const Server& server = services_.server(state->index);
        const ServerLine& line = services_.line(state->index);
        add(view.counters, line);
        view.servers.push_back({.key = state->key,
                                .settings = server.settings,
                                .active_connections = state->active,
                                .inactive_connections = state->inactive,
                                .persistent_connections = server.templates,
                                .counters = server.traffic.totals(),
                                .rates = server.traffic.rates()});
        add(view.servers.back().counters, line);
    }
    return view;
}

model::ConnectionView Engine::view_of(const Connection& record, std::uint64_t now_ms) const {
    const FlowKey& key = record.key;
    model::ConnectionView view;
    view.client_address = connections_.client_address(record);
    view.client_port = key.client_port();
    view.virtual_port = key.virtual_port();
    view.forwarding = record.forwarding;
    view.server_address = services_.server(record.server).state.key.address;
    view.server_port = record.server_port;
    view.template_entry = key.is_template();
    view.offloaded = record.offloaded;
    // The card is asked before a connection's time is up.
    const std::uint64_t expiry_ms = record.deadline_ms + record.timeout_ms - patience_ms(record);
    view.expires_s =
        static_cast<std::uint32_t>((std::max(expiry_ms, now_ms) - now_ms) / kMsPerSecond);
    const model::IpAddress virtual_address = connections_.virtual_address(record);
    if (key.protocol() == 0) {
        view.firewall_mark = virtual_address.words[virtual_address.is_ipv4() ? 0 : 3];
        view.virtual_address = model::IpAddress::any(virtual_address.family);
    } else {
        view.protocol = static_cast<model::Protocol>(key.protocol());
        view.virtual_address = virtual_address;
    }
    if (record.forwarding == model::Forwarding::full_nat && !key.is_template()) {
        view.local_address = services_.local_address(record.local.address_index);
        view.local_port = record.local.port;
    }
    if (key.is_template()) {
        view.state = record.assured ? "ASSURED" : "NONE";
    } else {
        view.state = view.protocol == model::Protocol::udp    ? "UDP"
                     : view.protocol == model::Protocol::sctp ? name(record.sctp_state())
                                                              : name(record.tcp_state());
    }
    return view;
}

}  // namespace fpvs::engine
