// SPDX-License-Identifier: Apache-2.0
// Edits, packets and timers.
#include "host/engine/engine.hpp"

#include <algorithm>

#include "host/util/check.hpp"

namespace fpvs::engine {
namespace {

using model::Forwarding;
using model::Protocol;

constexpr std::uint16_t kFtpPort = 21;
constexpr std::uint16_t kFtpDataPort = 20;

// A template whose time is up is kept this long again while it has connections.
constexpr std::uint32_t kTemplateExtensionMs = 60'000;
constexpr std::uint64_t kTrashIntervalMs = 5'000;

[[nodiscard]] std::uint32_t in_ms(std::uint32_t seconds) {
    constexpr std::uint32_t kMsPerSecond = 1000;
    return std::min(seconds, kTimeoutSecondsMax) * kMsPerSecond;
}

[[nodiscard]] FlowKey key_of(const Packet& packet) {
    return {.client_address = packet.source_address.ipv4().value,
            .virtual_address = packet.destination_address.ipv4().value,
            .client_port = packet.source_port,
            .virtual_port = packet.destination_port,
            .protocol = static_cast<std::uint8_t>(packet.protocol)};
}

// One template serves one port, except in services for every port and those of FTP.
[[nodiscard]] FlowKey template_key_of(const Service& service,
                                      const model::Persistence& persistence,
                                      const Packet& packet) {
    FlowKey key = {.client_address = packet.source_address.ipv4().value & persistence.client_mask,
                   .virtual_address = packet.destination_address.ipv4().value,
                   .protocol = static_cast<std::uint8_t>(packet.protocol),
                   .is_template = true};
    if (service.key.firewall_mark != 0) {
        key.virtual_address = service.key.firewall_mark;
        key.protocol = 0;
    } else if (packet.destination_port == service.key.port && service.key.port != kFtpPort) {
        key.virtual_port = packet.destination_port;
    }
    return key;
}

[[nodiscard]] bool is_syn(const Packet& packet) {
    return packet.protocol == Protocol::tcp && (packet.tcp_flags & tcp_flag::kSyn) != 0;
}

[[nodiscard]] bool may_begin_connection(const Packet& packet, const Settings& settings) {
    if (packet.protocol != Protocol::tcp) {
        return true;
    }
    return (packet.tcp_flags & tcp_flag::kRst) == 0 && (is_syn(packet) || settings.sloppy_tcp);
}

[[nodiscard]] TcpPath path_of(const Connection& connection) {
    return connection.forwarding == Forwarding::nat ? TcpPath::from_client : TcpPath::one_way;
}

// In these states only packets that the card shows to the host (SYN, FIN, RST) change anything.
[[nodiscard]] bool may_stay_offloaded(const Connection& connection) {
    return connection.key.protocol != static_cast<std::uint8_t>(Protocol::tcp) ||
           connection.state == TcpState::established || connection.state == TcpState::fin_wait;
}

// Samples keep their beat, except after a pause.
[[nodiscard]] std::uint64_t next_sample(std::uint64_t last_ms, std::uint64_t now_ms) {
    const bool paused = now_ms >= last_ms + 2 * TrafficMeter::kSampleMs;
    return paused ? now_ms : last_ms + TrafficMeter::kSampleMs;
}

}  // namespace

Engine::Engine(const EngineOptions& options)
    : services_(options.hash_seed),
      connections_(options.connections_max, options.hash_seed),
      timers_(connections_) {}

Status Engine::add_service(const model::ServiceKey& key, const model::ServiceSettings& settings) {
    FPVS_TRY(const ServiceIndex index, services_.add_service(key, settings));
    if (sink_ != nullptr) {
        sink_->service_added(index, key);
    }
    return {};
}

Status Engine::edit_service(const model::ServiceKey& key, const model::ServiceSettings& settings) {
    FPVS_TRY_STATUS(services_.edit_service(key, settings));
    return {};
}

Status Engine::delete_service(const model::ServiceKey& key) {
    Service* service = services_.find(key);
    if (service == nullptr) {
        return fail(Code::not_found, "No such service");
    }
    while (!service->servers.empty()) {
        FPVS_TRY_STATUS(delete_server(key, service->servers.back()->key));
    }
    if (sink_ != nullptr) {
        sink_->service_removed(service->index);
    }
    services_.delete_service(*service);
    return {};
}

Status Engine::add_server(const model::ServiceKey& service,
                          const model::ServerKey& server,
                          const model::ServerSettings& settings) {
    FPVS_TRY(const ServerIndex index, services_.add_server(service, server, settings));
    announce(services_.server(index));
    return {};
}

Status Engine::edit_server(const model::ServiceKey& service,
                           const model::ServerKey& server,
                           const model::ServerSettings& settings) {
    FPVS_TRY(const ServerIndex index, services_.edit_server(service, server, settings));
    announce(services_.server(index));
    return {};
}

Status Engine::delete_server(const model::ServiceKey& service, const model::ServerKey& server) {
    FPVS_TRY(const ServerIndex index, services_.delete_server(service, server));
    if (sink_ != nullptr) {
        sink_->server_unavailable(index);
    }
    if (settings_.expire_nodest_conn) {
        sweep_position_ = 0;
    }
    return {};
}

void Engine::flush() {
    while (!services_.order().empty()) {
        const Status deleted = delete_service(services_.service(services_.order().back()).key);
        FPVS_CHECK(deleted.has_value());
    }
}

Status Engine::zero(const std::optional<model::ServiceKey>& key) {
    const auto zero_one = [this](Service& service) {
        service.traffic.zero();
        for (const schedule::ServerState* state : service.servers) {
            services_.server(state->index).traffic.zero();
        }
    };
    if (!key) {
        for (const ServiceIndex index : services_.order()) {
            zero_one(services_.service(index));
        }
        return {};
    }
    Service* service = services_.find(*key);
    if (service == nullptr) {
        return fail(Code::not_found, "No such service");
    }
    zero_one(*service);
    return {};
}

Status Engine::set(std::string_view setting, int value) {
    return settings_.set(setting, value);
}

void Engine::set_timeouts(const model::ConnectionTimeouts& timeouts) {
    const auto set_one = [](std::uint32_t& ours, std::uint32_t wanted_s) {
        if (wanted_s != 0) {
            ours = std::min(wanted_s, kTimeoutSecondsMax);
        }
    };
    set_one(timeouts_.tcp_s, timeouts.tcp_s);
    set_one(timeouts_.tcp_fin_s, timeouts.tcp_fin_s);
    set_one(timeouts_.udp_s, timeouts.udp_s);
}

void Engine::prefetch(const Packet& packet) const {
    connections_.prefetch(key_of(packet));
}

void Engine::prefetch_connection(const Packet& packet) const {
    connections_.prefetch_record(key_of(packet));
}

Verdict Engine::handle(const Packet& packet, Time now) {
    const std::uint64_t now_ms = to_ms(now);
    Connection* connection = find_alive(key_of(packet), now_ms);
    if (connection == nullptr) {
        return schedule(packet, now_ms);
    }
    if (is_syn(packet) && is_over(*connection)) {
        return replace(*connection, packet, now_ms);
    }
    if (!services_.server(connection->server).available) {
        return settings_.expire_nodest_conn ? replace(*connection, packet, now_ms)
                                            : refuse(Action::drop, Reason::server_unavailable);
    }
    return forward(*connection, packet, now_ms);
}

Verdict Engine::lookup(const Packet& packet, Time now) {
    const Connection* connection = find_alive(key_of(packet), to_ms(now));
    if (connection == nullptr) {
        return {.action = Action::pass_to_host, .reason = Reason::no_service};
    }
    if (!services_.server(connection->server).available) {
        return {.action = Action::drop, .reason = Reason::server_unavailable};
    }
    return verdict_for(*connection);
}

Translation Engine::translation(const Verdict& verdict) const {
    const FlowKey& key = connections_.at(verdict.connection.index).key;
    return {.source_address = model::Ipv4{key.client_address},
            .source_port = key.client_port,
            .destination_address = verdict.server_address,
            .destination_port = verdict.server_port};
}

Verdict Engine::refuse(Action action, Reason reason) {
    ++refusals_[static_cast<std::size_t>(reason)];
    return {.action = action, .reason = reason};
}

// A timer may be a little late; what it would have done is done here first.
Connection* Engine::find_alive(const FlowKey& key, std::uint64_t now_ms) {
    Connection* record = connections_.find(key);
    if (record == nullptr || record->deadline_ms > now_ms || record->offloaded) {
        return record;
    }
    timers_.disarm(*record);
    on_due(*record, now_ms);
    return connections_.find(key);
}

// A SYN on a connection that has ended, or whose server takes no more, begins another one.
bool Engine::is_over(const Connection& connection) const {
    constexpr int kReuseFinWait = 2;
    const Server& server = services_.server(connection.server);
    if (settings_.expire_nodest_conn && server.state.weight == 0) {
        return true;
    }
    // A persistent connection keeps its server in any case.
    if (settings_.conn_reuse_mode == 0 || connection.control != kNoIndex) {
        return false;
    }
    return connection.state == TcpState::time_wait || connection.state == TcpState::close ||
           ((settings_.conn_reuse_mode & kReuseFinWait) != 0 &&
            connection.state == TcpState::fin_wait && path_of(connection) == TcpPath::one_way);
}

// The old connection still counts while the new one is scheduled, but is not found any more.
Verdict Engine::replace(Connection& old, const Packet& packet, std::uint64_t now_ms) {
    connections_.remove(old);
    const Verdict verdict = schedule(packet, now_ms);
    end(old);
    return verdict;
}

Verdict Engine::schedule(const Packet& packet, std::uint64_t now_ms) {
    Service* service = services_.find_for(packet);
    if (service == nullptr) {
        return refuse(Action::pass_to_host, Reason::no_service);
    }
    if (!may_begin_connection(packet, settings_)) {
        return refuse(Action::pass_to_host, Reason::not_first_packet);
    }
    if (packet.source_port == kFtpDataPort) {
        return refuse(Action::pass_to_host, Reason::ftp_data);
    }
    if (service->settings.persistence) {
        return schedule_persistent(*service, *service->settings.persistence, packet, now_ms);
    }
    // Without persistence, a service for every port would scatter a client over the servers.
    if (service->key.firewall_mark == 0 && service->key.port != packet.destination_port) {
        return refuse(Action::reject, Reason::no_server);
    }
    if (!connections_.has_room(1)) {
        return refuse(Action::drop, Reason::connection_table_full);
    }
    Server* server = pick(*service, packet, now_ms);
    if (server == nullptr) {
        return refuse(Action::reject, Reason::no_server);
    }
    return begin(*service, *server, nullptr, packet, now_ms);
}

Verdict Engine::schedule_persistent(Service& service,
                                    const model::Persistence& persistence,
                                    const Packet& packet,
                                    std::uint64_t now_ms) {
    const FlowKey key = template_key_of(service, persistence, packet);
    Connection* record = find_alive(key, now_ms);
    if (record != nullptr && !template_holds(*record)) {
        invalidate_template(*record);
        record = nullptr;
    }
    if (!connections_.has_room(record == nullptr ? 2 : 1)) {
        return refuse(Action::drop, Reason::connection_table_full);
    }
    if (record == nullptr) {
        Server* server = pick(service, packet, now_ms);
        if (server == nullptr) {
            return refuse(Action::reject, Reason::no_server);
        }
        record = &create_template(*server, key);
        record->timeout_ms = in_ms(persistence.timeout_s);
    }
    arm(*record, now_ms);
    return begin(service, services_.server(record->server), record, packet, now_ms);
}

Server* Engine::pick(Service& service, const Packet& packet, std::uint64_t now_ms) {
    const std::optional<std::size_t> position =
        service.scheduler->pick(service.servers,
                                {.client_address = packet.source_address,
                                 .client_port = packet.source_port,
                                 .destination = packet.destination_address,
                                 .hash_fallback = service.settings.hash_fallback,
                                 .hash_port = service.settings.hash_port,
                                 .now_ms = now_ms});
    return position ? &services_.server(service.servers[*position]->index) : nullptr;
}

Verdict Engine::begin(Service& service,
                      Server& server,
                      Connection* control,
                      const Packet& packet,
                      std::uint64_t now_ms) {
    service.traffic.add_connection();
    server.traffic.add_connection();
    count(Event::connections_created);
    if (service.settings.one_packet && packet.protocol == Protocol::udp) {
        return forward_one_packet(service, server, packet);
    }
    Connection& connection = connections_.allocate();
    connection.key = key_of(packet);
    connection.server = server.state.index;
    connection.forwarding = server.settings.forwarding;
    // A persistent service for every port keeps the port even if its server has one.
    const bool server_port_counts =
        server.state.key.port != 0 &&
        (control == nullptr || packet.destination_port == service.key.port);
    connection.server_port = server_port_counts ? server.state.key.port : packet.destination_port;
    if (control != nullptr) {
        connection.control = connections_.index_of(*control);
        ++control->controlled;
    }
    server.bind(false);
    connections_.insert(connection);
    return forward(connection, packet, now_ms);
}

// Nothing is remembered, but for a moment the server has one connection more: its threshold may
// have been reached.
Verdict Engine::forward_one_packet(Service& service, Server& server, const Packet& packet) {
    server.bind(false);
    count_traffic(server, 1, packet.ip_length_bytes);
    const std::uint16_t server_port =
        server.state.key.port != 0 &&
                (!service.settings.persistence || packet.destination_port == service.key.port)
            ? server.state.key.port
            : packet.destination_port;
    server.unbind(false, false);
    return {.action = Action::forward,
            .forwarding = server.settings.forwarding,
            .server_port = server_port,
            .server = server.state.index,
            .server_address = server.state.key.address};
}

Verdict Engine::forward(Connection& connection, const Packet& packet, std::uint64_t now_ms) {
    count_traffic(services_.server(connection.server), 1, packet.ip_length_bytes);
    advance_state(connection, packet.tcp_flags);
    connection.unanswered_queries = 0;
    arm(connection, now_ms);
    offer(connection, now_ms);
    return verdict_for(connection);
}

Verdict Engine::verdict_for(const Connection& connection) const {
    return {.action = Action::forward,
            .forwarding = connection.forwarding,
            .server_port = connection.server_port,
            .server = connection.server,
            .connection = connections_.handle_of(connection),
            .server_address = services_.server(connection.server).state.key.address};
}

bool Engine::template_holds(const Connection& record) const {
    const Server& server = services_.server(record.server);
    return server.available && !(settings_.expire_quiescent_template && server.state.weight == 0);
}

Connection& Engine::create_template(Server& server, const FlowKey& key) {
    Connection& record = connections_.allocate();
    record.key = key;
    record.server = server.state.index;
    record.forwarding = server.settings.forwarding;
    record.server_port = key.virtual_port != 0 ? server.state.key.port : 0;
    server.bind(true);
    connections_.insert(record);
    count(Event::templates_created);
    return record;
}

// It binds nobody any more, but stays while its connections do.  IPVS shows it with these ports.
void Engine::invalidate_template(Connection& record) {
    constexpr std::uint16_t kNowhere = 65535;
    connections_.remove(record);
    record.key.virtual_port = kNowhere;
    record.server_port = kNowhere;
    count(Event::templates_invalidated);
}

void Engine::advance_state(Connection& connection, std::uint8_t tcp_flags) {
    if (connection.key.protocol != static_cast<std::uint8_t>(Protocol::tcp)) {
        connection.timeout_ms = in_ms(timeouts_.udp_s);
        return;
    }
    const TcpState state = next_state(connection.state, path_of(connection), tcp_flags);
    if (state != connection.state) {
        connection.state = state;
        if (connection.active != counts_as_active(state)) {
            connection.active = !connection.active;
            services_.server(connection.server).set_active(connection.active);
        }
        if (state == TcpState::established && connection.control != kNoIndex) {
            connections_.at(connection.control).assured = true;
        }
    }
    connection.timeout_ms = timeout_ms(state, timeouts_);
    if (connection.offloaded && !may_stay_offloaded(connection)) {
        withdraw(connection);
    }
}

void Engine::arm(Connection& record, std::uint64_t now_ms) {
    record.deadline_ms = now_ms + record.timeout_ms;
    timers_.arm(record);
}

void Engine::count_traffic(Server& server, std::uint64_t packets, std::uint64_t bytes) {
    if (!server.available) {
        return;
    }
    services_.service(server.service).traffic.add(packets, bytes);
    server.traffic.add(packets, bytes);
}

bool Engine::expire(Time now, std::size_t budget) {
    const std::uint64_t now_ms = to_ms(now);
    if (now_ms >= traffic_sampled_ms_ + TrafficMeter::kSampleMs) {
        services_.sample_traffic();
        traffic_sampled_ms_ = next_sample(traffic_sampled_ms_, now_ms);
    }
    if (now_ms >= trash_emptied_ms_ + kTrashIntervalMs) {
        services_.empty_trash(now_ms);
        trash_emptied_ms_ = now_ms;
    }
    sweep(budget);
    const bool timers_left =
        timers_.advance(now_ms, budget, [&](Connection& record) { on_due(record, now_ms); });
    return timers_left || sweep_position_ != kNoIndex;
}

void Engine::on_due(Connection& record, std::uint64_t now_ms) {
    if (record.deadline_ms > now_ms) {
        timers_.arm(record);
        return;
    }
    if (record.offloaded) {
        ask_card(record, now_ms);
        return;
    }
    if (record.controlled > 0) {
        // From when its time was up, not from now: how often timers are looked at changes nothing.
        record.timeout_ms = kTemplateExtensionMs;
        record.deadline_ms += kTemplateExtensionMs;
        timers_.arm(record);
        return;
    }
    count(Event::connections_expired);
    end(record);
}

void Engine::end(Connection& record) {
    if (record.offloaded) {
        withdraw(record);
    }
    timers_.disarm(record);
    connections_.remove(record);
    if (record.control != kNoIndex) {
        --connections_.at(record.control).controlled;
    }
    services_.server(record.server).unbind(record.key.is_template, record.active);
    connections_.release(record);
}

// After a server was deleted under expire_nodest_conn: its connections end, and with the last of
// them the templates that bound them.
void Engine::sweep(std::size_t& budget) {
    while (sweep_position_ != kNoIndex && budget > 0) {
        if (sweep_position_ >= connections_.high_water()) {
            sweep_position_ = kNoIndex;
            return;
        }
        Connection& record = connections_.at(sweep_position_++);
        --budget;
        if (!record.in_use || record.controlled > 0 || services_.server(record.server).available) {
            continue;
        }
        const std::uint32_t control = record.control;
        end(record);
        if (control != kNoIndex && connections_.at(control).controlled == 0) {
            end(connections_.at(control));
        }
    }
}

}  // namespace fpvs::engine
