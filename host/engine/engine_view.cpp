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
    const auto lock = director_.lock();
    std::vector<model::ServiceView> views;
    views.reserve(services_.order().size());
    for (const ServiceIndex index : services_.order()) {
        views.push_back(view_of(services_.service(index)));
    }
    return views;
}

std::optional<model::ServiceView> Engine::service(const model::ServiceKey& key) const {
    const auto lock = director_.lock();
    const Service* service = services_.find(key);
    return service == nullptr ? std::nullopt : std::optional(view_of(*service));
}

// The first worker's cursor goes through the templates, and then through the connections: those of
// each worker are at kFirstConnection and beyond.
ConnectionPage Engine::connections(std::uint64_t cursor, std::size_t count_max, Time now) const {
    constexpr std::uint64_t kFirstConnection = std::uint64_t{1} << 32;
    ConnectionPage page;
    const std::uint64_t now_ms = to_ms(now);
    const auto add = [&](const ConnectionTable& table, std::uint64_t first, std::uint64_t from) {
        for (std::uint64_t i = from; i < table.high_water(); ++i) {
            const Connection& record = table.at(static_cast<std::uint32_t>(i));
            if (!record.in_use) {
                continue;
            }
            if (page.connections.size() == count_max) {
                page.next_cursor = first + i;
                return false;
            }
            page.connections.push_back(view_of(record, table, now_ms));
        }
        return true;
    };
    if (worker_ == 0 && cursor < kFirstConnection) {
        const auto lock = director_.lock();
        if (!add(director_.templates(), 0, cursor)) {
            return page;
        }
    }
    const std::uint64_t from = cursor < kFirstConnection ? 0 : cursor - kFirstConnection;
    add(connections_, kFirstConnection, from);
    return page;
}

std::vector<CounterView> Engine::counters() const {
    static constexpr std::array<std::string_view, kEventCount> kEventNames = {
        "connections_created",
        "connections_expired",
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
        "offloads_idle",
        "connections_restored",
        "offloads_adopted"};
    std::vector<CounterView> views;
    for (std::size_t i = 1; i < kReasonCount; ++i) {
        views.push_back({.name = kReasonNames[i], .value = refusals_[i]});
    }
    for (std::size_t i = 0; i < kEventCount; ++i) {
        views.push_back({.name = kEventNames[i], .value = events_[i]});
    }
    if (worker_ == 0) {
        const auto lock = director_.lock();
        const Director::TemplateEvents& templates = director_.template_events();
        views.push_back({.name = "templates_created", .value = templates.created});
        views.push_back({.name = "templates_expired", .value = templates.expired});
        views.push_back({.name = "templates_invalidated", .value = templates.invalidated});
    }
    return views;
}

// What packets left with the servers since the last fold() counts already.
model::ServiceView Engine::view_of(const Service& service) const {
    const auto add = [](model::TrafficCounters& totals, const model::TrafficCounters& fresh) {
        totals.packets_in += fresh.packets_in;
        totals.bytes_in += fresh.bytes_in;
        totals.packets_out += fresh.packets_out;
        totals.bytes_out += fresh.bytes_out;
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
        const model::TrafficCounters fresh = services_.unfolded(server);
        add(view.counters, fresh);
        view.servers.push_back({.key = state->key,
                                .settings = server.settings,
                                .active_connections = state->active,
                                .inactive_connections = state->inactive,
                                .persistent_connections = server.templates,
                                .counters = server.traffic.totals(),
                                .rates = server.traffic.rates()});
        add(view.servers.back().counters, fresh);
    }
    return view;
}

model::ConnectionView Engine::view_of(const Connection& record,
                                      const ConnectionTable& table,
                                      std::uint64_t now_ms) const {
    const FlowKey& key = record.key;
    model::ConnectionView view;
    view.client_address = table.client_address(record);
    view.client_port = key.client_port();
    view.virtual_port = key.virtual_port();
    view.forwarding = record.forwarding;
    view.server_address = lines_[record.server].address();
    view.server_port = record.server_port;
    view.template_entry = key.is_template();
    view.offloaded = record.offloaded;
    // The card is asked before a connection's time is up.
    const std::uint64_t expiry_ms = record.deadline_ms + record.timeout_ms - patience_ms(record);
    view.expires_s =
        static_cast<std::uint32_t>((std::max(expiry_ms, now_ms) - now_ms) / kMsPerSecond);
    const model::IpAddress virtual_address = table.virtual_address(record);
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
