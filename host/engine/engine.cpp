// SPDX-License-Identifier: Apache-2.0
// Edits, packets and timers.
#include "host/engine/engine.hpp"

#include <algorithm>

#include "host/engine/kept_memory.hpp"
#include "host/util/check.hpp"

namespace fpvs::engine {
namespace {

using model::Forwarding;
using model::Protocol;

// drop_entry looks at this share of the table each second.
constexpr std::uint32_t kDropEntryShare = 32;

[[nodiscard]] constexpr std::uint8_t number_of(Protocol protocol) {
    return static_cast<std::uint8_t>(protocol);
}

// Whether the packet is what its protocol begins connections with.
[[nodiscard]] bool is_opening(const Packet& packet) {
    return packet.protocol == Protocol::tcp    ? (packet.tcp_flags & tcp_flag::kSyn) != 0
           : packet.protocol == Protocol::sctp ? packet.sctp_chunk == sctp_chunk::kInit
                                               : false;
}

[[nodiscard]] TcpPath path_of(const Connection& connection) {
    return connection.two_way() ? TcpPath::from_client : TcpPath::one_way;
}

[[nodiscard]] TableMemory memory_for(const Director& director, std::size_t worker) {
    const EngineOptions& options = director.options();
    return options.kept != nullptr
               ? options.kept->connections(worker)
               : TableMemory(connections_of_worker(options.connections_max, director.workers()));
}

}  // namespace

Engine::Engine(const EngineOptions& options)
    : own_director_(std::make_unique<Director>(options)),
      director_(*own_director_),
      worker_(0),
      services_(director_.services()),
      lines_(services_.lines(0)),
      connections_(memory_for(director_, 0), options.hash_seed),
      timers_(connections_),
      random_(options.hash_seed) {}

Engine::Engine(Director& director, std::size_t worker)
    : director_(director),
      worker_(worker),
      services_(director.services()),
      lines_(services_.lines(worker)),
      connections_(memory_for(director, worker), director.options().hash_seed),
      timers_(connections_),
      random_(director.options().hash_seed + worker) {
    FPVS_CHECK(worker < director.workers());
}

Status Engine::add_service(const model::ServiceKey& key, const model::ServiceSettings& settings) {
    const auto lock = director_.lock();
    FPVS_TRY(const ServiceIndex index, services_.add_service(key, settings));
    if (sink_ != nullptr && card_can(key)) {
        sink_->service_added(index, key);
    }
    return {};
}

Status Engine::edit_service(const model::ServiceKey& key, const model::ServiceSettings& settings) {
    const auto lock = director_.lock();
    FPVS_TRY(const ServiceIndex index, services_.edit_service(key, settings));
    tell_steering(index);
    return {};
}

Status Engine::delete_service(const model::ServiceKey& key) {
    const auto lock = director_.lock();
    return remove_service(key);
}

Status Engine::remove_service(const model::ServiceKey& key) {
    Service* service = services_.find(key);
    if (service == nullptr) {
        return fail(Code::not_found, "No such service");
    }
    while (!service->servers.empty()) {
        FPVS_TRY_STATUS(remove_server(key, service->servers.back()->key));
    }
    if (sink_ != nullptr && card_can(key)) {
        sink_->service_removed(service->index);
    }
    services_.delete_service(*service);
    return {};
}

Status Engine::add_server(const model::ServiceKey& service,
                          const model::ServerKey& server,
                          const model::ServerSettings& settings) {
    const auto lock = director_.lock();
    FPVS_TRY(const ServerIndex index, services_.add_server(service, server, settings));
    director_.count_server_added();
    announce(services_.server(index));
    tell_steering(services_.server(index).service);
    return {};
}

Status Engine::edit_server(const model::ServiceKey& service,
                           const model::ServerKey& server,
                           const model::ServerSettings& settings) {
    const auto lock = director_.lock();
    FPVS_TRY(const ServerIndex index, services_.edit_server(service, server, settings));
    announce(services_.server(index));
    tell_steering(services_.server(index).service);
    return {};
}

Status Engine::delete_server(const model::ServiceKey& service, const model::ServerKey& server) {
    const auto lock = director_.lock();
    return remove_server(service, server);
}

Status Engine::remove_server(const model::ServiceKey& service, const model::ServerKey& server) {
    FPVS_TRY(const ServerIndex index, services_.delete_server(service, server));
    unsettle_all();
    if (sink_ != nullptr && card_can(service)) {
        sink_->server_unavailable(index);
        tell_steering(services_.server(index).service);
    }
    if (settings().expire_nodest_conn != 0) {
        director_.sweep();
    }
    return {};
}

void Engine::flush() {
    const auto lock = director_.lock();
    while (!services_.order().empty()) {
        const Status deleted = remove_service(services_.service(services_.order().back()).key);
        FPVS_CHECK(deleted.has_value());
    }
}

Status Engine::zero(const std::optional<model::ServiceKey>& key) {
    const auto lock = director_.lock();
    services_.fold();
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
    const auto lock = director_.lock();
    FPVS_TRY_STATUS(director_.set(setting, value));
    if (sink_ != nullptr &&
        (setting == "pmtu_disc" || setting == "drop_packet" || setting == "tables_by_address")) {
        for (const ServiceIndex index : services_.order()) {
            announce_service(services_.service(index));
        }
    }
    return {};
}

Status Engine::add_local_address(const model::ServiceKey& service,
                                 const model::IpAddress& address) {
    const auto lock = director_.lock();
    return services_.add_local_address(service, address);
}

Status Engine::delete_local_address(const model::ServiceKey& service,
                                    const model::IpAddress& address) {
    const auto lock = director_.lock();
    return services_.delete_local_address(service, address);
}

void Engine::set_timeouts(const model::ConnectionTimeouts& timeouts) {
    const auto lock = director_.lock();
    director_.set_timeouts(timeouts);
}

bool Engine::may_settle(const Connection& connection) const {
    if (sink_ != nullptr || sync_ != nullptr || settings().secure_tcp != kDefenceOff) {
        return false;
    }
    const std::uint8_t protocol = connection.key.protocol();
    return lines_[connection.server].available() &&
           (protocol == number_of(Protocol::udp) ||
            (protocol == number_of(Protocol::tcp) &&
             connection.tcp_state() == TcpState::established));
}

// The numbers of epochs come round again.  Long before, no connection may have kept an old one.
void Engine::forget_old_epochs() {
    constexpr std::uint32_t kEpochsKept = 1u << 23;
    const std::uint32_t epoch = director_.epoch();
    if (((epoch - epoch_cleared_) & (2 * kEpochsKept - 1)) < kEpochsKept) {
        return;
    }
    epoch_cleared_ = epoch;
    for (std::uint32_t i = 0; i < connections_.high_water(); ++i) {
        connections_.at(i).settled_in = 0;
    }
}

Verdict Engine::decide(Connection* connection,
                       const Packet& packet,
                       const Flow& flow,
                       std::uint64_t now_ms) {
    connection = alive(connection, now_ms);
    if (connection == nullptr) [[unlikely]] {
        return handle_unknown(packet, flow, now_ms);
    }
    if (is_opening(packet) && is_over(*connection)) [[unlikely]] {
        return replace(*connection, packet, flow, now_ms);
    }
    if (!lines_[connection->server].available()) [[unlikely]] {
        return settings().expire_nodest_conn != 0
                   ? replace(*connection, packet, flow, now_ms)
                   : refuse(Action::drop, Reason::server_unavailable);
    }
    return forward(*connection, packet, now_ms);
}

// Not of a client's connection: a server's answer, or something new.
Verdict Engine::handle_unknown(const Packet& packet, const Flow& flow, std::uint64_t now_ms) {
    if (connections_.two_way_count() != 0) {
        if (Connection* connection = find_reply(packet, now_ms)) {
            return handle_reply(*connection, packet, now_ms);
        }
    }
    if (director_.workers() > 1 && sender_owner(packet) != worker_) {
        return {.action = Action::hand_over};
    }
    const bool is_reset =
        packet.protocol == Protocol::tcp && (packet.tcp_flags & tcp_flag::kRst) != 0;
    if (settings().nat_icmp_send != 0 && !is_reset) {
        const auto lock = director_.lock();
        if (services_.is_nat_server(packet.protocol, packet.source_address, packet.source_port)) {
            return refuse(Action::reject, Reason::reply_of_no_connection);
        }
    }
    return schedule(packet, flow, now_ms);
}

Verdict Engine::lookup(const Packet& packet, Time now) {
    const std::uint64_t now_ms = to_ms(now);
    if (const Connection* connection = alive(connections_.find(flow_of(packet)), now_ms)) {
        if (!lines_[connection->server].available()) {
            return {.action = Action::drop, .reason = Reason::server_unavailable};
        }
        return verdict_for(*connection, Direction::to_server);
    }
    if (connections_.two_way_count() != 0) {
        if (const Connection* connection = find_reply(packet, now_ms)) {
            return verdict_for(*connection, Direction::to_client);
        }
    }
    if (director_.workers() > 1 && sender_owner(packet) != worker_) {
        return {.action = Action::hand_over};
    }
    return {.action = Action::pass_to_host, .reason = Reason::no_service};
}

Translation Engine::translation(const Packet& packet, const Verdict& verdict) const {
    Translation ends = {.source_address = packet.source_address,
                        .source_port = packet.source_port,
                        .destination_address = verdict.server_address,
                        .destination_port = verdict.server_port};
    if (!verdict.connection.valid()) {
        return ends;
    }
    const Connection& connection = connections_.at(verdict.connection.index);
    if (verdict.direction == Direction::to_client) {
        return {.source_address = connections_.virtual_address(connection),
                .source_port = connection.key.virtual_port(),
                .destination_address = connections_.client_address(connection),
                .destination_port = connection.key.client_port()};
    }
    if (verdict.forwarding == Forwarding::full_nat) {
        ends.source_address = services_.local_address(connection.local.address_index);
        ends.source_port = connection.local.port;
    }
    return ends;
}

Origin Engine::origin(const Verdict& verdict) {
    const Connection& connection = connections_.at(verdict.connection.index);
    return {.told = lines_[connection.server].client_address(),
            .client_address = connections_.client_address(connection),
            .client_port = connection.key.client_port(),
            .virtual_address = connections_.virtual_address(connection),
            .virtual_port = connection.key.virtual_port(),
            .note = &connections_.note(connection)};
}

Verdict Engine::refuse(Action action, Reason reason) {
    ++refusals_[static_cast<std::size_t>(reason)];
    return {.action = action, .reason = reason};
}

// A timer may be a little late; what it would have done is done here first.
Connection* Engine::alive(Connection* record, std::uint64_t now_ms) {
    if (record == nullptr || record->deadline_ms > now_ms || record->offloaded) [[likely]] {
        return record;
    }
    const ConnectionHandle handle = connections_.handle_of(*record);
    timers_.disarm(*record);
    on_due(*record, now_ms);
    return connections_.find(handle);
}

// An opening packet on a connection that has ended, or whose server takes no more, begins another.
bool Engine::is_over(const Connection& connection) const {
    constexpr int kReuseFinWait = 2;
    const Settings& set = settings();
    if (set.expire_nodest_conn != 0 && lines_[connection.server].quiesced()) {
        return true;
    }
    // A persistent connection keeps its server in any case.
    if (set.conn_reuse_mode == 0 || connection.control != kNoIndex) {
        return false;
    }
    if (connection.key.protocol() == number_of(Protocol::sctp)) {
        return connection.sctp_state() == SctpState::closed;
    }
    return connection.tcp_state() == TcpState::time_wait ||
           connection.tcp_state() == TcpState::close ||
           ((set.conn_reuse_mode & kReuseFinWait) != 0 &&
            connection.tcp_state() == TcpState::fin_wait && !connection.two_way());
}

// The old connection still counts while the new one is scheduled, but is not found any more.  It
// keeps its replies until then, so that the new one does not get its local end, which the server
// may still remember.
Verdict Engine::replace(Connection& old,
                        const Packet& packet,
                        const Flow& flow,
                        std::uint64_t now_ms) {
    connections_.remove(old);
    const Verdict verdict = schedule(packet, flow, now_ms);
    end(old);
    return verdict;
}

Flow Engine::reply_flow_of(const Connection& connection) const {
    const model::IpAddress& server = lines_[connection.server].address();
    const std::uint8_t protocol = connection.key.protocol();
    if (connection.forwarding == Forwarding::full_nat) {
        return connections_.flow(services_.local_address(connection.local.address_index),
                                 connection.local.port,
                                 server,
                                 connection.server_port,
                                 protocol,
                                 FlowKey::Kind::reply);
    }
    return connections_.flow(connections_.client_address(connection),
                             connection.key.client_port(),
                             server,
                             connection.server_port,
                             protocol,
                             FlowKey::Kind::reply);
}

Connection* Engine::find_reply(const Packet& packet, std::uint64_t now_ms) {
    Flow reply;
    set_reply(reply, packet);
    // Connections by several virtual addresses may have the same answers: one that is over does not
    // stand before another that is not.
    while (Connection* found = find_reply(reply)) {
        if (Connection* living = alive(found, now_ms)) {
            return living;
        }
    }
    return nullptr;
}

// The epoch is read before what it stands for.
Verdict Engine::handle_reply(Connection& connection, const Packet& packet, std::uint64_t now_ms) {
    const std::uint32_t epoch = director_.epoch();
    ServerLine& server = lines_[connection.server];
    if (server.available()) {
        server.count_out(1, packet.ip_length_bytes);
    }
    count(Event::replies);
    advance_state(connection, packet, TcpPath::from_server);
    arm(connection, now_ms);
    // The card may have seen the client's packet that established it, and nobody here.
    if (sink_ != nullptr) {
        offer(connection, now_ms);
    }
    connection.settled_in = may_settle(connection) ? epoch : 0;
    return verdict_for(connection, Direction::to_client);
}

Verdict Engine::forward(Connection& connection, const Packet& packet, std::uint64_t now_ms) {
    const std::uint32_t epoch = director_.epoch();
    lines_[connection.server].count_in(1, packet.ip_length_bytes);
    advance_state(connection, packet, path_of(connection));
    connection.unanswered_queries = 0;
    arm(connection, now_ms);
    if (sync_ != nullptr) [[unlikely]] {
        tell(connection, now_ms);
    }
    if (sink_ != nullptr) {
        offer(connection, now_ms);
    }
    connection.settled_in = may_settle(connection) ? epoch : 0;
    return verdict_for(connection, Direction::to_server);
}

// In these states only packets that the card shows to the host (SYN, FIN, RST) change anything.
bool Engine::may_stay_offloaded(const Connection& connection) {
    switch (static_cast<Protocol>(connection.key.protocol())) {
        case Protocol::tcp:
            return connection.tcp_state() == TcpState::established ||
                   connection.tcp_state() == TcpState::fin_wait ||
                   connection.tcp_state() == TcpState::close_wait;
        case Protocol::sctp:
            return connection.sctp_state() == SctpState::established;
        case Protocol::udp:
            break;
    }
    return true;
}

void Engine::advance_state(Connection& connection, const Packet& packet, TcpPath path) {
    const Configuration& configuration = director_.configuration();
    if (packet.protocol == Protocol::tcp) [[likely]] {
        const int mode = configuration.settings.secure_tcp;
        const bool secure = mode != kDefenceOff && defends(mode);
        const TcpState state = next_state(connection.tcp_state(), path, packet.tcp_flags, secure);
        if (state != connection.tcp_state()) [[unlikely]] {
            change_state(connection,
                         static_cast<std::uint8_t>(state),
                         counts_as_active(state),
                         state == TcpState::established);
        }
        connection.timeout_ms = configuration.tcp_timeouts_ms[connection.state];
    } else if (packet.protocol == Protocol::sctp) {
        const SctpState state = next_state(connection.sctp_state(), path, packet.sctp_chunk);
        if (state != connection.sctp_state()) {
            change_state(connection,
                         static_cast<std::uint8_t>(state),
                         counts_as_active(state),
                         state == SctpState::established);
        }
        connection.timeout_ms = timeout_ms(state);
    } else {
        connection.timeout_ms = configuration.udp_timeout_ms;
    }
}

void Engine::change_state(Connection& connection,
                          std::uint8_t state,
                          bool active,
                          bool established) {
    connection.state = state;
    const bool assures = established && connection.control != kNoIndex;
    if (connection.active != active || assures) {
        const auto lock = director_.lock();
        if (connection.active != active) {
            connection.active = active;
            services_.server(connection.server).set_active(active);
        }
        if (assures) {
            director_.template_at(connection.control).assured = true;
        }
    }
    if (connection.offloaded && !may_stay_offloaded(connection)) {
        withdraw(connection);
    }
}

// The list that a timer waits in comes up early enough for every later deadline.
void Engine::arm(Connection& record, std::uint64_t now_ms) {
    const std::uint64_t before_ms = record.deadline_ms;
    record.deadline_ms = now_ms + patience_ms(record);
    if (!record.timer_armed || record.deadline_ms < before_ms) [[unlikely]] {
        timers_.arm(record);
    }
}

void Engine::bind(Server& server, std::uint32_t control) {
    const bool was_overloaded = server.state.overloaded;
    director_.bind(server, control);
    if (server.state.overloaded != was_overloaded) {
        tell_steering(server.service);
    }
}

void Engine::unbind(const Connection& record) {
    const Server& server = services_.server(record.server);
    const bool was_overloaded = server.state.overloaded;
    director_.unbind(record.server, record.control, record.active);
    if (server.state.overloaded != was_overloaded) {
        tell_steering(server.service);
    }
}

bool Engine::defends(int mode) const {
    const auto wanted = static_cast<std::size_t>(settings().amemthresh);
    // Of a small table, not all counts as nearly full.
    constexpr std::size_t kShare = 64;
    const std::size_t short_below = std::min(wanted, connections_max() / kShare);
    return mode == kDefenceOn || (mode != kDefenceOff && !director_.has_room(short_below));
}

// A share of the table each second; of what it meets, connections that are not open yet end.
void Engine::drop_entries(std::uint64_t now_ms) {
    constexpr std::uint64_t kIntervalMs = 1'000;
    if (now_ms < entries_dropped_ms_ + kIntervalMs || !defends(settings().drop_entry)) {
        return;
    }
    entries_dropped_ms_ = now_ms;
    const std::uint32_t size = connections_.high_water();
    for (std::uint32_t left = size / kDropEntryShare + 1; left > 0 && size > 0; --left) {
        drop_position_ = drop_position_ + 1 < size ? drop_position_ + 1 : 0;
        Connection& record = connections_.at(drop_position_);
        const bool half_open =
            record.key.protocol() == number_of(Protocol::tcp) &&
            (record.tcp_state() == TcpState::syn_recv || record.tcp_state() == TcpState::synack);
        if (record.in_use && half_open && random_.below(2) == 0) {
            count(Event::dropped_entries);
            end(record);
        }
    }
}

bool Engine::expire(Time now, std::size_t budget) {
    const std::uint64_t now_ms = to_ms(now);
    forget_old_epochs();
    if (const std::uint32_t sweeps = director_.sweeps(); sweeps != sweeps_done_) {
        sweeps_done_ = sweeps;
        sweep_position_ = 0;
    }
    std::size_t left = budget;
    sweep(left);
    if (settings().drop_entry != kDefenceOff) {
        drop_entries(now_ms);
    }
    bool more = timers_.advance(now_ms, left, [&](Connection& record) { on_due(record, now_ms); });
    more |= sweep_position_ != kNoIndex;
    if (worker_ == 0) {
        const auto lock = director_.lock();
        more |= director_.expire(now_ms, budget);
    }
    return more;
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
    count(Event::connections_expired);
    end(record);
}

void Engine::end(Connection& record) {
    if (record.offloaded) {
        withdraw(record);
    }
    timers_.disarm(record);
    connections_.remove(record);
    if (record.replies_findable) {
        connections_.remove_reply(record, reply_flow_of(record));
    }
    {
        const auto lock = director_.lock();
        unbind(record);
    }
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
        if (!record.in_use || lines_[record.server].available()) {
            continue;
        }
        const std::uint32_t control = record.control;
        end(record);
        if (control != kNoIndex) {
            const auto lock = director_.lock();
            director_.end_orphan(control);
        }
    }
}

}  // namespace fpvs::engine
