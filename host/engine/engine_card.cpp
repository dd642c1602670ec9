// SPDX-License-Identifier: Apache-2.0
// What the engine and the card tell each other.
#include "host/engine/engine.hpp"

namespace fpvs::engine {
namespace {

constexpr std::uint64_t kMsPerSecond = 1000;

// An answer about a connection's activity is waited for this long, and asked for this often.
constexpr std::uint64_t kAnswerTimeoutMs = 2'000;
constexpr std::uint8_t kQueriesMax = 3;

// A connection that the card refused is offered again after this time.
constexpr std::uint8_t kOfferAgainSeconds = 4;

[[nodiscard]] std::uint8_t low_seconds(std::uint64_t now_ms) {
    return static_cast<std::uint8_t>(now_ms / kMsPerSecond);
}

}  // namespace

void Engine::attach_offload(OffloadSink& sink) {
    sink_ = &sink;
    unsettle_all();
    for (const ServiceIndex index : services_.order()) {
        const Service& service = services_.service(index);
        if (card_can(service.key)) {
            sink.service_added(index, service.key);
        }
        for (const schedule::ServerState* state : service.servers) {
            announce(services_.server(state->index));
        }
    }
}

void Engine::on_card_lost(Time now) {
    sink_ = nullptr;
    const std::uint64_t now_ms = to_ms(now);
    for (std::uint32_t i = 0; i < connections_.high_water(); ++i) {
        Connection& connection = connections_.at(i);
        if (!connection.in_use) {
            continue;
        }
        connection.offload_refused = false;
        if (connection.offloaded) {
            connection.offloaded = false;
            connection.unanswered_queries = 0;
            arm(connection, now_ms);
        }
    }
}

void Engine::on_offload_refused(ConnectionHandle handle, Time now) {
    if (Connection* connection = find_offloaded(handle)) {
        count(Event::offloads_refused);
        const std::uint64_t now_ms = to_ms(now);
        connection->offloaded = false;
        connection->offload_refused = true;
        connection->refused_at_s = low_seconds(now_ms);
        if (connection->unanswered_queries > 0) {
            connection->unanswered_queries = 0;
            arm(*connection, now_ms);
        }
    }
}

// True of the connection whether or not the card has it still: the packet went to the server.
void Engine::on_card_flags(ConnectionHandle handle, std::uint8_t tcp_flags, Time now) {
    Connection* connection = connections_.find(handle);
    if (connection == nullptr) {
        count(Event::late_card_messages);
        return;
    }
    connection->unanswered_queries = 0;
    advance_state(*connection,
                  {.protocol = static_cast<model::Protocol>(connection->key.protocol()),
                   .tcp_flags = tcp_flags},
                  TcpPath::one_way);
    arm(*connection, to_ms(now));
}

void Engine::on_activity(ConnectionHandle handle, std::uint32_t idle_s, Time now) {
    Connection* connection = find_offloaded(handle);
    // Nothing is asked any more if a packet came by the host meanwhile.
    if (connection == nullptr || connection->unanswered_queries == 0) {
        return;
    }
    const std::uint64_t now_ms = to_ms(now);
    const std::uint64_t idle_ms = idle_s * kMsPerSecond;
    connection->unanswered_queries = 0;
    if (idle_ms >= connection->timeout_ms) {
        count(Event::connections_expired);
        end(*connection);
        return;
    }
    connection->deadline_ms = now_ms + connection->timeout_ms - idle_ms;
    timers_.arm(*connection);
}

void Engine::on_card_counters(ServerIndex index, std::uint64_t packets, std::uint64_t bytes) {
    if (Server* server = services_.find_server(index)) {
        if (server->available) {
            lines_[index].count_in(packets, bytes);
        }
    } else {
        count(Event::late_card_messages);
    }
}

// A connection of which the card says nothing goes on in software, idle for no time as far as
// anybody knows.
void Engine::ask_card(Connection& connection, std::uint64_t now_ms) {
    if (connection.unanswered_queries == kQueriesMax) {
        count(Event::activity_unanswered);
        connection.unanswered_queries = 0;
        withdraw(connection);
        arm(connection, now_ms);
        return;
    }
    ++connection.unanswered_queries;
    count(Event::activity_queries);
    connection.deadline_ms = now_ms + kAnswerTimeoutMs;
    timers_.arm(connection);
    sink_->query_activity(offload_flow_of(connection));
}

// What the card's tables hold: services of TCP and UDP over IPv4 by their addresses, and servers
// of these by direct routing.  Everything else stays in software.
bool Engine::card_can(const model::ServiceKey& service) {
    return service.firewall_mark == 0 && service.address.is_ipv4() &&
           service.protocol != model::Protocol::sctp;
}

bool Engine::card_can(const Server& server) const {
    return card_can(services_.service(server.service).key) &&
           server.settings.forwarding == model::Forwarding::direct_routing;
}

OffloadFlow Engine::offload_flow_of(const Connection& connection) const {
    const Server& server = services_.server(connection.server);
    return {.connection = connections_.handle_of(connection),
            .protocol = static_cast<model::Protocol>(connection.key.protocol()),
            .client_address = {connection.key.client_address()},
            .client_port = connection.key.client_port(),
            .virtual_address = {connection.key.virtual_address()},
            .virtual_port = connection.key.virtual_port(),
            .service = server.service,
            .server = connection.server,
            .forwarding = connection.forwarding,
            .server_address = server.state.key.address.ipv4(),
            .server_port = connection.server_port};
}

// A TCP connection is offered once it is established, any other with its first packet.
void Engine::offer(Connection& connection, std::uint64_t now_ms) {
    const bool is_tcp =
        connection.key.protocol() == static_cast<std::uint8_t>(model::Protocol::tcp);
    if (connection.offloaded || (is_tcp && connection.tcp_state() != TcpState::established)) {
        return;
    }
    const Server& server = services_.server(connection.server);
    if (connection.forwarding != model::Forwarding::direct_routing || !card_can(server)) {
        return;
    }
    if (connection.offload_refused) {
        const auto waited_s =
            static_cast<std::uint8_t>(low_seconds(now_ms) - connection.refused_at_s);
        if (waited_s < kOfferAgainSeconds) {
            return;
        }
        connection.offload_refused = false;
    }
    connection.offloaded = true;
    count(Event::offloads_offered);
    sink_->offer(offload_flow_of(connection));
}

void Engine::withdraw(Connection& connection) {
    connection.offloaded = false;
    count(Event::offloads_withdrawn);
    sink_->withdraw(offload_flow_of(connection));
}

Connection* Engine::find_offloaded(ConnectionHandle handle) {
    Connection* connection = connections_.find(handle);
    if (connection == nullptr || !connection->offloaded) {
        count(Event::late_card_messages);
        return nullptr;
    }
    return connection;
}

void Engine::announce(const Server& server) {
    if (sink_ != nullptr && card_can(server)) {
        sink_->server_available({.server = server.state.index,
                                 .service = server.service,
                                 .key = server.state.key,
                                 .forwarding = server.settings.forwarding});
    }
}

}  // namespace fpvs::engine
