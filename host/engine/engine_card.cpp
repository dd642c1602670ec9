// SPDX-License-Identifier: Apache-2.0
// What the engine and the card tell each other.
#include <algorithm>

#include "host/engine/engine.hpp"

namespace fpvs::engine {
namespace {

constexpr std::uint64_t kMsPerSecond = 1000;

// An answer about a connection's activity is waited for this long, and asked for this often.
constexpr std::uint64_t kAnswerTimeoutMs = 2'000;
constexpr std::uint8_t kQueriesMax = 3;

// A connection that the card refused is offered again after this time.
constexpr std::uint8_t kOfferAgainSeconds = 4;

// Cards remember when a flow was last hit for a limited time, of which this much is relied on
// (host/offload says how it follows from the contract).  A connection whose timeout is longer is
// asked for often enough, and taken off the card when it was idle for so long; then it is known
// exactly since when, and its next packet comes to the host.
constexpr std::uint32_t kCardMemoryMs = kCardMemorySeconds * kMsPerSecond;
constexpr std::uint32_t kAskCardMs = 200'000;

// Of the table, so much stays free for connections that the engine does not know of yet.
constexpr std::size_t kSteerReserveShare = 16;

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
        announce_service(service);
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
        connection->unanswered_queries = 0;
        arm(*connection, now_ms);
    }
}

// True of the connection whether or not the card has it still: the packet went to the server.
void Engine::on_card_flags(ConnectionHandle handle,
                           std::uint8_t tcp_flags,
                           Direction direction,
                           Time now) {
    Connection* connection = connections_.find(handle);
    if (connection == nullptr) {
        count(Event::late_card_messages);
        return;
    }
    connection->unanswered_queries = 0;
    advance_state(*connection,
                  {.protocol = static_cast<model::Protocol>(connection->key.protocol()),
                   .tcp_flags = tcp_flags},
                  !connection->two_way()              ? TcpPath::one_way
                  : direction == Direction::to_client ? TcpPath::from_server
                                                      : TcpPath::from_client);
    arm(*connection, to_ms(now));
    if (sync_ != nullptr) {
        tell(*connection, to_ms(now));
    }
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
    if (idle_ms >= patience_ms(*connection)) {
        count(Event::offloads_idle);
        withdraw(*connection);
    }
    connection->deadline_ms = now_ms + patience_ms(*connection) - idle_ms;
    timers_.arm(*connection);
    if (sync_ != nullptr) {
        tell_of_card(*connection, now_ms);
    }
}

void Engine::on_card_counters(ServerIndex index,
                              Direction direction,
                              std::uint64_t packets,
                              std::uint64_t bytes) {
    if (Server* server = services_.find_server(index)) {
        if (!server->available) {
            return;
        }
        if (direction == Direction::to_server) {
            lines_[index].count_in(packets, bytes);
        } else {
            lines_[index].count_out(packets, bytes);
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

// --- What a card can do.

// It finds services by address, port and protocol.
bool Engine::card_can(const model::ServiceKey& service) {
    return service.firewall_mark == 0 && service.port != 0;
}

// NAT of SCTP needs a checksum over the whole packet, and a server that is told who its client is
// needs more than new addresses.
bool Engine::card_can(const Connection& connection) const {
    const Server& server = services_.server(connection.server);
    const Service& service = services_.service(server.service);
    if (!card_can(service.key)) {
        return false;
    }
    switch (connection.forwarding) {
        case model::Forwarding::direct_routing:
            return true;
        case model::Forwarding::tunnel:
            return settings().pmtu_disc != 0;
        case model::Forwarding::nat:
            return service.key.protocol != model::Protocol::sctp;
        case model::Forwarding::full_nat:
            return service.key.address.is_ipv4() && service.key.protocol != model::Protocol::sctp &&
                   (service.settings.client_address == model::ClientAddress::not_told ||
                    service.key.protocol != model::Protocol::tcp);
        case model::Forwarding::local:
            break;
    }
    return false;
}

// FULLNAT needs a local port for each connection, which only the engine gives.
bool Engine::card_can_choose(const Server& server) const {
    switch (server.settings.forwarding) {
        case model::Forwarding::direct_routing:
            return true;
        case model::Forwarding::nat:
            return services_.service(server.service).key.protocol != model::Protocol::sctp;
        case model::Forwarding::tunnel:
            return settings().pmtu_disc != 0;
        case model::Forwarding::full_nat:
        case model::Forwarding::local:
            break;
    }
    return false;
}

// --- Scheduling on the card.

bool Engine::may_steer() const {
    return settings().drop_packet == kDefenceOff &&
           has_room(connections_max() / kSteerReserveShare + 1);
}

std::optional<Steering> Engine::steering(ServiceIndex index, std::size_t choices_max) {
    Service& service = services_.service(index);
    if (!service.available || !card_can(service.key) || service.settings.persistence ||
        service.settings.one_packet || !may_steer()) {
        return std::nullopt;
    }
    const auto choices =
        service.scheduler->choices(service.servers,
                                   {.destination = service.key.address,
                                    .hash_fallback = service.settings.hash_fallback,
                                    .hash_port = service.settings.hash_port,
                                    .by_address = settings().tables_by_address != 0},
                                   choices_max);
    if (!choices) {
        return std::nullopt;
    }
    Steering steering{.by = choices->by, .use_port = service.settings.hash_port};
    bool any = false;
    for (const std::optional<std::size_t> position : choices->positions) {
        const bool can =
            position && card_can_choose(services_.server(service.servers[*position]->index));
        // A sequence with gaps would not be the engine's.
        if (!can && choices->by == schedule::Choices::By::sequence) {
            return std::nullopt;
        }
        any |= can;
        steering.servers.push_back(can ? service.servers[*position]->index : kNoIndex);
    }
    return any ? std::optional(std::move(steering)) : std::nullopt;
}

// The server may have been deleted since: the connection then waits for it, as all of its.
void Engine::on_learned(const LearnedPacket& learned, Time now) {
    const std::uint64_t now_ms = to_ms(now);
    Server* server = services_.find_server(learned.server);
    if (server == nullptr || server->service != learned.service || !card_can_choose(*server)) {
        count(Event::late_card_messages);
        return;
    }
    Service& service = services_.service(learned.service);
    Packet packet{.protocol = service.key.protocol,
                  .tcp_flags = learned.tcp_flags,
                  .source_address = learned.client_address,
                  .source_port = learned.client_port,
                  .destination_address = service.key.address,
                  .destination_port = service.key.port};
    const Flow flow = flow_of(packet);
    Connection* connection = alive(connections_.find(flow), now_ms);
    // An association begins with INIT.  All chunks that change it later come to the host.
    packet.sctp_chunk = sctp_chunk::kInit;
    const bool changes = connection == nullptr || packet.protocol != model::Protocol::sctp;
    const bool opens =
        packet.protocol == model::Protocol::tcp && (learned.tcp_flags & tcp_flag::kSyn) != 0;
    if (connection != nullptr && opens && is_over(*connection)) {
        end(*connection);
        connection = nullptr;
    }
    if (connection == nullptr) {
        if (!has_room(1)) {
            (void)refuse(Action::drop, Reason::connection_table_full);
            return;
        }
        const auto lock = director_.lock();
        if (server->available) {
            service.scheduler->chosen(service.servers, server->state);
        }
        service.traffic.add_connection();
        server->traffic.add_connection();
        count(Event::connections_created);
        count(Event::connections_learned);
        const std::uint16_t port =
            server->state.key.port != 0 ? server->state.key.port : service.key.port;
        connection = &create(*server, kNoIndex, port, {}, flow);
    } else if (connection->server != learned.server) {
        // It goes on where it was: the card's next packet of it shall know.
        count(Event::learned_elsewhere);
        if (!connection->offloaded && card_can(*connection)) {
            hand_over(*connection, now_ms);
        }
        return;
    }
    if (changes) {
        advance_state(
            *connection, packet, connection->two_way() ? TcpPath::from_client : TcpPath::one_way);
    }
    connection->unanswered_queries = 0;
    arm(*connection, now_ms);
    if (sync_ != nullptr) {
        tell(*connection, now_ms);
    }
    offer(*connection, now_ms);
}

std::optional<OffloadFlow> Engine::on_card_has(ServiceIndex service,
                                               ServerIndex server,
                                               const model::IpAddress& client_address,
                                               std::uint16_t client_port,
                                               Time now) {
    Connection* connection = connections_.find(connection_of(service, client_address, client_port));
    if (connection == nullptr || connection->server != server || !may_stay_offloaded(*connection) ||
        !lines_[server].available() || !card_can(*connection)) {
        return std::nullopt;
    }
    connection->offloaded = true;
    connection->offload_refused = false;
    count(Event::offloads_adopted);
    arm(*connection, to_ms(now));
    return offload_flow_of(*connection);
}

ConnectionHandle Engine::connection_of(ServiceIndex service,
                                       const model::IpAddress& client_address,
                                       std::uint16_t client_port) {
    const model::ServiceKey& key = services_.service(service).key;
    const Connection* connection =
        connections_.find(connections_.flow(client_address,
                                            client_port,
                                            key.address,
                                            key.port,
                                            static_cast<std::uint8_t>(key.protocol),
                                            FlowKey::Kind::connection));
    return connection != nullptr ? connections_.handle_of(*connection) : ConnectionHandle{};
}

// --- Flows.

// Other directors must hear that it goes on before they give it up.
std::uint32_t Engine::patience_ms(const Connection& connection) const {
    if (!connection.offloaded) {
        return connection.timeout_ms;
    }
    const std::uint32_t longest =
        connection.timeout_ms > kCardMemoryMs ? kAskCardMs : connection.timeout_ms;
    return sync_ != nullptr ? std::min(longest, connection.timeout_ms / 2) : longest;
}

OffloadFlow Engine::offload_flow_of(const Connection& connection) const {
    OffloadFlow flow{.connection = connections_.handle_of(connection),
                     .protocol = static_cast<model::Protocol>(connection.key.protocol()),
                     .client_address = connections_.client_address(connection),
                     .client_port = connection.key.client_port(),
                     .service = lines_[connection.server].service(),
                     .server = connection.server,
                     .forwarding = connection.forwarding};
    if (connection.forwarding == model::Forwarding::full_nat) {
        flow.local_address = services_.local_address(connection.local.address_index);
        flow.local_port = connection.local.port;
    }
    return flow;
}

// A TCP connection or SCTP association is offered once it is established, a UDP connection with its
// first packet.
void Engine::offer(Connection& connection, std::uint64_t now_ms) {
    const std::uint8_t protocol = connection.key.protocol();
    const bool is_tcp = protocol == static_cast<std::uint8_t>(model::Protocol::tcp);
    const bool is_sctp = protocol == static_cast<std::uint8_t>(model::Protocol::sctp);
    if (sink_ == nullptr || connection.offloaded ||
        (is_tcp && connection.tcp_state() != TcpState::established) ||
        (is_sctp && connection.sctp_state() != SctpState::established) || !card_can(connection)) {
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
    hand_over(connection, now_ms);
}

void Engine::hand_over(Connection& connection, std::uint64_t now_ms) {
    connection.offloaded = true;
    arm(connection, now_ms);
    count(Event::offloads_offered);
    sink_->offer(offload_flow_of(connection));
    if (sync_ != nullptr) {
        tell_of_card(connection, now_ms);
    }
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

// --- What the card is told.

void Engine::announce(const Server& server) {
    const Service& service = services_.service(server.service);
    if (sink_ == nullptr || !card_can(service.key)) {
        return;
    }
    model::ServerKey key = server.state.key;
    key.port = key.port != 0 ? key.port : service.key.port;
    const bool tunnelled = server.settings.forwarding == model::Forwarding::tunnel;
    sink_->server_available({.server = server.state.index,
                             .service = server.service,
                             .protocol = service.key.protocol,
                             .key = key,
                             .in_software_only = tunnelled && settings().pmtu_disc == 0,
                             .forwarding = server.settings.forwarding,
                             .tunnel = server.settings.tunnel});
}

void Engine::announce_service(const Service& service) {
    for (const schedule::ServerState* state : service.servers) {
        announce(services_.server(state->index));
    }
    tell_steering(service.index);
}

void Engine::tell_steering(ServiceIndex service) {
    if (sink_ != nullptr && card_can(services_.service(service).key)) {
        sink_->steering_changed(service);
    }
}

}  // namespace fpvs::engine
