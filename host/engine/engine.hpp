// SPDX-License-Identifier: Apache-2.0
// The director's decisions: which server gets a packet, and everything that must be remembered for
// that.  The rules are those of Linux IPVS, to the server chosen, the state and the timeout.
//
// Each worker has an engine of its own, with the connections that are its (owners.hpp); what they
// have in common is the Director's.  Together they decide as one engine would.
//
// Guarantees.
//  - One owner: every call is made on one thread.  Time is handed in and never goes back.  Edits
//    and lists of services are the first worker's.
//  - Bounded: model::kConnectionsMax, kVirtualServicesMax and kRealServersMax hold; what is refused
//    is counted, and what is there already is not disturbed.  handle() allocates nothing, except
//    that lblc and lblcr remember each destination that they first see.
//  - An edit that fails changes nothing and says ipvsadm's sentence.
//  - A connection that the card forwards lives and dies as one that it does not: the card's events
//    move its state, and its idle time is asked from the card before it expires.  A card that
//    refuses, is silent or is lost costs no connection.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "host/engine/connection_table.hpp"
#include "host/engine/director.hpp"
#include "host/engine/known_connection.hpp"
#include "host/engine/offload_sink.hpp"
#include "host/engine/packet.hpp"
#include "host/engine/service_table.hpp"
#include "host/engine/settings.hpp"
#include "host/engine/sync_rules.hpp"
#include "host/engine/sync_sink.hpp"
#include "host/engine/timer_wheel.hpp"
#include "host/model/timeouts.hpp"
#include "host/model/view.hpp"
#include "host/provider/clock.hpp"
#include "host/schedule/random.hpp"
#include "host/util/result.hpp"

namespace fpvs::engine {

// Part of a worker's connections; the first's have all templates before them.  Entries that come or
// go between two pages may be missed.
struct ConnectionPage {
    std::vector<model::ConnectionView> connections;
    std::uint64_t next_cursor = 0;  // Where the next page begins; 0: there is none.
};

struct CounterView {
    std::string_view name;
    std::uint64_t value = 0;
};

class Engine {
  public:
    using Time = provider::Nanoseconds;

    // The engine of a director's only worker.
    explicit Engine(const EngineOptions& options);
    // That of one of several.  The director must outlive it.
    Engine(Director& director, std::size_t worker);

    // --- What shall be.  ipvsadm's edits, with its sentences as errors.
    [[nodiscard]] Status add_service(const model::ServiceKey& key,
                                     const model::ServiceSettings& settings);
    [[nodiscard]] Status edit_service(const model::ServiceKey& key,
                                      const model::ServiceSettings& settings);
    // Its connections stay until they expire; their packets are dropped.
    [[nodiscard]] Status delete_service(const model::ServiceKey& key);
    // With direct routing and tunnels the server's port becomes the service's, without a word.
    // A server that was deleted not long ago comes back with its connections and counters.
    [[nodiscard]] Status add_server(const model::ServiceKey& service,
                                    const model::ServerKey& server,
                                    const model::ServerSettings& settings);
    [[nodiscard]] Status edit_server(const model::ServiceKey& service,
                                     const model::ServerKey& server,
                                     const model::ServerSettings& settings);
    [[nodiscard]] Status delete_server(const model::ServiceKey& service,
                                       const model::ServerKey& server);
    void flush();  // Every service goes.
    // Counters of one service and its servers, or of all, start again at 0.
    [[nodiscard]] Status zero(const std::optional<model::ServiceKey>& key);
    [[nodiscard]] Status set(std::string_view setting, int value);
    // Addresses of the director from which FULLNAT talks to a service's servers.
    [[nodiscard]] Status add_local_address(const model::ServiceKey& service,
                                           const model::IpAddress& address);
    [[nodiscard]] Status delete_local_address(const model::ServiceKey& service,
                                              const model::IpAddress& address);
    // Holds for a connection from its next packet on.  0 leaves a timeout as it is.
    void set_timeouts(const model::ConnectionTimeouts& timeouts);

    // --- Packets.
    // The connection that the packet would belong to, if it came from a client.
    [[nodiscard, gnu::always_inline]] Flow flow_of(const Packet& packet) const {
        return connections_.flow(packet.source_address,
                                 packet.source_port,
                                 packet.destination_address,
                                 packet.destination_port,
                                 static_cast<std::uint8_t>(packet.protocol),
                                 FlowKey::Kind::connection);
    }
    // Decides, and counts the packet, moves the connection's state and arms its timer anew.
    // The same into a flow that was used before.
    [[gnu::always_inline]] void set_flow(Flow& flow, const Packet& packet) const {
        connections_.set_flow(flow,
                              packet.source_address,
                              packet.source_port,
                              packet.destination_address,
                              packet.destination_port,
                              static_cast<std::uint8_t>(packet.protocol),
                              FlowKey::Kind::connection);
    }
    // `flow` is flow_of(packet), for who has it already.
    [[nodiscard, gnu::always_inline]] Verdict handle(const Packet& packet,
                                                     const Flow& flow,
                                                     Time now) {
        const std::uint64_t now_ms = to_ms(now);
        Connection* connection = connections_.find(flow);
        if (connection == nullptr || connection->settled_in != director_.epoch() ||
            connection->deadline_ms <= now_ms || !is_ordinary(packet)) [[unlikely]] {
            return decide(connection, packet, flow, now_ms);
        }
        lines_[connection->server].count_in(1, packet.ip_length_bytes);
        connection->deadline_ms = now_ms + connection->timeout_ms;
        return verdict_for(*connection, Direction::to_server);
    }
    [[nodiscard]] Verdict handle(const Packet& packet, Time now) {
        return handle(packet, flow_of(packet), now);
    }
    // The same for a packet that may be a server's answer.  `reply` is what set_reply() made.
    [[nodiscard, gnu::always_inline]] Verdict handle(const Packet& packet,
                                                     const Flow& flow,
                                                     const Flow& reply,
                                                     Time now) {
        if (connections_.find(flow) == nullptr) [[likely]] {
            const std::uint64_t now_ms = to_ms(now);
            Connection* connection = find_reply(reply);
            if (connection != nullptr && connection->settled_in == director_.epoch() &&
                connection->deadline_ms > now_ms && is_ordinary(packet)) [[likely]] {
                lines_[connection->server].count_out(1, packet.ip_length_bytes);
                count(Event::replies);
                connection->deadline_ms = now_ms + connection->timeout_ms;
                return verdict_for(*connection, Direction::to_client);
            }
        }
        return handle(packet, flow, now);
    }
    // Whether the packet is worth a set_reply().  What is one all the same is found more slowly.
    [[nodiscard, gnu::always_inline]] bool may_be_reply(const Packet& packet) const {
        return connections_.two_way_count() != 0 && services_.may_answer(packet.source_address);
    }
    // The replies that the packet would belong to, if it came from a server.
    [[gnu::always_inline]] void set_reply(Flow& reply, const Packet& packet) const {
        connections_.set_flow(reply,
                              packet.destination_address,
                              packet.destination_port,
                              packet.source_address,
                              packet.source_port,
                              static_cast<std::uint8_t>(packet.protocol),
                              FlowKey::Kind::reply);
    }
    // The existing connection of a packet, without any of that: for ICMP errors that quote one.
    // Action::hand_over means that another worker may have it, anything else but Action::forward
    // that there is none.
    [[nodiscard]] Verdict lookup(const Packet& packet, Time now);
    // Fetch what handle() will read: worth calling for every packet of a burst, first the one for
    // all, then the other for all, then handle().
    [[gnu::always_inline]] void prefetch(const Flow& flow) const {
        connections_.prefetch(flow.hash);
    }
    [[gnu::always_inline]] void prefetch_connection(Flow& flow) const { connections_.guess(flow); }
    [[gnu::always_inline]] void prefetch_reply(const Flow& reply) const {
        connections_.prefetch_reply(reply.hash);
    }
    [[gnu::always_inline]] void prefetch_replied(Flow& reply) const {
        connections_.guess_reply(reply);
    }

    // --- For who carries a verdict out at once, before the next call.
    // The ends of the packet behind NAT or FULLNAT.
    [[nodiscard]] Translation translation(const Packet& packet, const Verdict& verdict) const;
    // Of a FULLNAT connection.
    [[nodiscard]] Origin origin(const Verdict& verdict);
    // How a server is reached by Forwarding::tunnel.
    [[nodiscard]] model::Tunnel tunnel_of(ServerIndex server) const {
        return lines_[server].tunnel();
    }

    // --- Among several workers.
    [[nodiscard]] std::size_t workers() const { return director_.workers(); }
    [[nodiscard]] std::size_t worker() const { return worker_; }
    // Who should see the packet first.  What looks like a server's answer is for the worker of the
    // client that it goes to; if there is no such connection there, it says Action::hand_over, and
    // the packet is for sender_owner().
    [[nodiscard]] std::size_t owner_of(const Packet& packet) const {
        return services_.may_answer(packet.source_address)
                   ? director_.owners().owner(packet.destination_address, packet.destination_port)
                   : sender_owner(packet);
    }
    [[nodiscard]] std::size_t sender_owner(const Packet& packet) const {
        return director_.owners().owner(packet.source_address, packet.source_port);
    }

    // --- What was before (recollection.hpp does all of this).
    // A connection that its worker had, bound to its server again, whether or not that is
    // available.
    [[nodiscard]] Restored restore(const KnownConnection& known, Time now);
    // The number of the template; none: it could not be.  For the first worker.
    [[nodiscard]] std::optional<std::uint32_t> restore_template(const KnownConnection& known,
                                                                Time now);
    // The number means this server, available or not.
    [[nodiscard]] bool has_server(ServerIndex index,
                                  const model::ServiceKey& service,
                                  const model::ServerKey& server) const;
    // A server with connections that is not configured: as if it had just been deleted.
    [[nodiscard]] Status recall_server(const model::ServiceKey& service,
                                       const model::ServerKey& server,
                                       model::Forwarding forwarding);
    // Connections of this client's end are this worker's.
    [[nodiscard]] bool owns(const model::IpAddress& client, std::uint16_t client_port) const {
        return director_.owners().owner(client, client_port) == worker_;
    }

    // --- Time.  Looks at no more than `budget` connections.  True: there is more to do now.
    bool expire(Time now, std::size_t budget);

    // --- The card.
    // From now on connections are offered to `sink`, and it is told of every service and server.
    void attach_offload(OffloadSink& sink);
    // The card is gone: every connection goes on in software, with its timer armed from now.
    // Costs a walk over the table.
    void on_card_lost(Time now);
    // The card could not take the connection; it is offered again some seconds later.
    void on_offload_refused(ConnectionHandle connection, Time now);
    // How the card may choose servers for new connections of the service; none: it may not, or the
    // choices are more than `choices_max`.
    [[nodiscard]] std::optional<Steering> steering(ServiceIndex service, std::size_t choices_max);
    // False while new connections may have to be refused: then the card schedules nothing.
    [[nodiscard]] bool may_steer() const;
    // The card scheduled: the connection is as if it had been done here.  Told twice, or late, it
    // changes nothing more.
    void on_learned(const LearnedPacket& packet, Time now);
    // The card saw this packet (a FIN or RST) of a connection that it had, and forwarded it.
    void on_card_flags(ConnectionHandle connection,
                       std::uint8_t tcp_flags,
                       Direction direction,
                       Time now);
    // A card that ran on without us has this connection.  What it is, if it still is so: then it is
    // the card's from now on.  None: the card must forget it.
    [[nodiscard]] std::optional<OffloadFlow> on_card_has(ServiceIndex service,
                                                         ServerIndex server,
                                                         const model::IpAddress& client_address,
                                                         std::uint16_t client_port,
                                                         Time now);
    // The client's connection with a service, or an invalid handle.
    [[nodiscard]] ConnectionHandle connection_of(ServiceIndex service,
                                                 const model::IpAddress& client_address,
                                                 std::uint16_t client_port);
    // The answer to OffloadSink::query_activity().
    void on_activity(ConnectionHandle connection, std::uint32_t idle_s, Time now);
    // What the card forwarded to a server, or from one, since the last report.
    void on_card_counters(ServerIndex server,
                          Direction direction,
                          std::uint64_t packets,
                          std::uint64_t bytes);

    // --- Other directors.
    // From now on these are told of connections, and of templates, as the settings sync_* say;
    // null: nobody is any more.  Every worker has a sink of its own, and all have that for
    // templates, which is told by one at a time.
    void attach_sync(SyncSink* connections, SyncSink* templates);
    // What another director told, of a protocol that there is and a state that it has.  A
    // connection is the worker's that sender_owner() would name, a template anybody's.  Counts as
    // no new connection.
    [[nodiscard]] Learning learn(const SyncedConnection& connection, Time now);
    // Grows with every server that is added.
    [[nodiscard]] std::uint32_t servers_added() const { return director_.servers_added(); }
    // All that a director should know that has just come, part by part; cursors are those of
    // connections().
    [[nodiscard]] SyncPage synced(std::uint64_t cursor, std::size_t count_max) const;

    // --- What is.
    [[nodiscard]] std::vector<model::ServiceView> services() const;  // The newest first.
    [[nodiscard]] std::optional<model::ServiceView> service(const model::ServiceKey& key) const;
    // At most `count_max` entries from `cursor` on; 0 is the beginning.
    [[nodiscard]] ConnectionPage connections(std::uint64_t cursor,
                                             std::size_t count_max,
                                             Time now) const;
    [[nodiscard]] std::size_t connection_count() const { return director_.entries(); }
    [[nodiscard]] std::size_t connections_max() const {
        return director_.options().connections_max;
    }
    [[nodiscard]] const model::ConnectionTimeouts& timeouts() const {
        return director_.configuration().timeouts;
    }
    [[nodiscard]] const Settings& settings() const { return director_.configuration().settings; }
    // What this engine did; templates are the first worker's.
    [[nodiscard]] std::vector<CounterView> counters() const;

  private:
    // What happened, beside the reasons of verdicts.  The names are in engine_view.cpp.
    enum class Event : std::uint8_t {
        connections_created,
        connections_expired,
        offloads_offered,
        offloads_refused,
        offloads_withdrawn,
        activity_queries,
        activity_unanswered,
        late_card_messages,
        replies,
        local_ports_taken,
        dropped_entries,
        connections_learned,
        learned_elsewhere,
        offloads_idle,
        connections_restored,
        offloads_adopted,
    };
    static constexpr std::size_t kEventCount = 16;

    [[nodiscard]] static std::uint64_t to_ms(Time now) {
        return static_cast<std::uint64_t>(
            std::chrono::duration_cast<std::chrono::milliseconds>(now).count());
    }
    void count(Event event) { ++events_[static_cast<std::size_t>(event)]; }
    [[nodiscard]] Verdict refuse(Action action, Reason reason);

    // Most packets change nothing but their connection's deadline and the counters.  A connection
    // is settled as long as that is known of its next ordinary packet: it is established (or of
    // UDP), its server is there, and neither the card nor a defence has a say.  decide() settles
    // it, and whatever edit might matter unsettles all connections at once, by a new epoch.
    [[nodiscard]] static bool is_ordinary(const Packet& packet) {
        constexpr std::uint8_t kDeciding =
            tcp_flag::kSyn | tcp_flag::kFin | tcp_flag::kRst | tcp_flag::kAck;
        return packet.protocol != model::Protocol::tcp ||
               (packet.tcp_flags & kDeciding) == tcp_flag::kAck;
    }
    [[nodiscard]] bool may_settle(const Connection& connection) const;
    void unsettle_all() { director_.unsettle_all(); }
    void forget_old_epochs();

    // The steps of handle(), in the order in which they are taken.
    [[nodiscard]] Verdict decide(Connection* connection,
                                 const Packet& packet,
                                 const Flow& flow,
                                 std::uint64_t now_ms);
    [[nodiscard]] Connection* alive(Connection* record, std::uint64_t now_ms);
    [[nodiscard]] bool is_over(const Connection& connection) const;
    [[nodiscard]] Verdict replace(Connection& old,
                                  const Packet& packet,
                                  const Flow& flow,
                                  std::uint64_t now_ms);
    [[nodiscard]] Connection* find_reply(const Packet& packet, std::uint64_t now_ms);
    [[nodiscard]] Verdict handle_reply(Connection& connection,
                                       const Packet& packet,
                                       std::uint64_t now_ms);
    [[nodiscard]] Verdict handle_unknown(const Packet& packet,
                                         const Flow& flow,
                                         std::uint64_t now_ms);
    [[nodiscard]] Verdict schedule(const Packet& packet, const Flow& flow, std::uint64_t now_ms);
    // From here on the lock is held, until forward().
    struct Scheduled {
        Verdict verdict;                   // If no connection was begun.
        Connection* connection = nullptr;  // Else it.
    };
    [[nodiscard]] Scheduled choose(const Packet& packet, const Flow& flow, std::uint64_t now_ms);
    [[nodiscard]] Scheduled choose_persistent(Service& service,
                                              const model::Persistence& persistence,
                                              const Packet& packet,
                                              const Flow& flow,
                                              std::uint64_t now_ms);
    [[nodiscard]] Server* pick(Service& service, const Packet& packet, std::uint64_t now_ms);
    [[nodiscard]] Scheduled begin(Service& service,
                                  Server& server,
                                  std::uint32_t control,
                                  const Packet& packet,
                                  const Flow& flow);
    [[nodiscard]] Connection& create(Server& server,
                                     std::uint32_t control,
                                     std::uint16_t server_port,
                                     LocalEnd local,
                                     const Flow& flow);
    [[nodiscard]] bool take_local_end(const Service& service,
                                      const Server& server,
                                      std::uint16_t server_port,
                                      const Packet& packet,
                                      LocalEnd& local);
    [[nodiscard]] Verdict forward(Connection& connection,
                                  const Packet& packet,
                                  std::uint64_t now_ms);
    [[nodiscard]] Verdict forward_one_packet(Service& service,
                                             Server& server,
                                             const Packet& packet);
    [[nodiscard, gnu::always_inline]] Verdict verdict_for(const Connection& connection,
                                                          Direction direction) const {
        return {.action = Action::forward,
                .direction = direction,
                .forwarding = connection.forwarding,
                .server_port = connection.server_port,
                .server = connection.server,
                .connection = connections_.handle_of(connection),
                .server_address = lines_[connection.server].address()};
    }
    [[nodiscard]] Flow reply_flow_of(const Connection& connection) const;
    [[nodiscard]] bool take_back_local_end(const KnownConnection& known, LocalEnd& local);
    // Whether reply_flow_of(connection) is that flow.
    [[nodiscard]] bool is_answered_by(const Connection& connection, const Flow& reply) const {
        const FlowKey::Kind kind = FlowKey::Kind::reply;
        const bool full_nat = connection.forwarding == model::Forwarding::full_nat;
        const model::IpAddress& server = lines_[connection.server].address();
        const std::uint16_t port = full_nat ? connection.local.port : connection.key.client_port();
        if (reply.key.rest !=
            FlowKey::pack(
                port, connection.server_port, connection.key.protocol(), kind, server.family)) {
            return false;
        }
        const model::IpAddress client =
            full_nat ? services_.local_address(connection.local.address_index)
                     : connections_.client_address(connection);
        return server.is_ipv4() ? reply.key.addresses == (std::uint64_t{client.words[0]} |
                                                          std::uint64_t{server.words[0]} << 32)
                                : reply.wide == WideAddresses{client.words, server.words};
    }
    [[nodiscard]] Connection* find_reply(const Flow& reply) {
        return connections_.find_reply(
            reply, [&](const Connection& connection) { return is_answered_by(connection, reply); });
    }

    [[nodiscard]] Flow template_flow_of(const Service& service,
                                        const model::Persistence& persistence,
                                        const Packet& packet) const;

    void advance_state(Connection& connection, const Packet& packet, TcpPath path);
    void change_state(Connection& connection, std::uint8_t state, bool active, bool established);
    void arm(Connection& record, std::uint64_t now_ms);
    // Servers reach their thresholds, or fall below, by this alone.
    void bind(Server& server, std::uint32_t control);
    void unbind(const Connection& record);

    // Defences while room is short.
    [[nodiscard]] bool defends(int mode) const;
    [[nodiscard]] bool has_room(std::size_t count) const {
        return director_.has_room(count) && connections_.has_room(1);
    }
    void drop_entries(std::uint64_t now_ms);

    // Timers.
    void on_due(Connection& record, std::uint64_t now_ms);
    void end(Connection& record);
    void sweep(std::size_t& budget);

    // Edits under the lock.
    [[nodiscard]] Status remove_service(const model::ServiceKey& key);
    [[nodiscard]] Status remove_server(const model::ServiceKey& service,
                                       const model::ServerKey& server);

    // The card.
    [[nodiscard]] static bool card_can(const model::ServiceKey& service);
    [[nodiscard]] bool card_can(const Connection& connection) const;
    [[nodiscard]] bool card_can_choose(const Server& server) const;
    [[nodiscard]] static bool may_stay_offloaded(const Connection& connection);
    // How long a connection is left alone before its activity counts, or is asked for.
    [[nodiscard]] std::uint32_t patience_ms(const Connection& connection) const;
    [[nodiscard]] OffloadFlow offload_flow_of(const Connection& connection) const;
    void offer(Connection& connection, std::uint64_t now_ms);
    void hand_over(Connection& connection, std::uint64_t now_ms);
    void withdraw(Connection& connection);
    void ask_card(Connection& connection, std::uint64_t now_ms);
    [[nodiscard]] Connection* find_offloaded(ConnectionHandle handle);
    void announce(const Server& server);
    void announce_service(const Service& service);
    void tell_steering(ServiceIndex service);

    // Other directors.
    void tell(Connection& connection, std::uint64_t now_ms);
    void tell_of_card(const Connection& connection, std::uint64_t now_ms);
    void say(const Connection& connection);
    [[nodiscard]] SyncNote& note_of(const Connection& connection) {
        return sync_notes_->of(connection, connections_.index_of(connection));
    }
    [[nodiscard]] Connection* learned_in_place(const SyncedConnection& told,
                                               const Flow& flow,
                                               Learning& learning,
                                               std::uint64_t now_ms);

    [[nodiscard]] model::ServiceView view_of(const Service& service) const;
    [[nodiscard]] model::ConnectionView view_of(const Connection& record,
                                                const ConnectionTable& table,
                                                std::uint64_t now_ms) const;

    const std::unique_ptr<Director> own_director_;  // Null where others share it.
    Director& director_;
    const std::size_t worker_;
    ServiceTable& services_;  // The director's, of which the lines are this worker's.
    ServerLine* const lines_;
    ConnectionTable connections_;
    TimerWheel timers_;
    OffloadSink* sink_ = nullptr;
    SyncSink* sync_ = nullptr;
    std::unique_ptr<SyncNotes> sync_notes_;  // While somebody is told.
    std::array<std::uint64_t, kReasonCount> refusals_{};
    std::array<std::uint64_t, kEventCount> events_{};
    schedule::Random random_;
    std::uint64_t local_ends_tried_ = 0;  // Of FULLNAT; the search for a free one goes on there.
    std::uint32_t drop_position_ = 0;
    std::uint64_t entries_dropped_ms_ = 0;
    std::uint32_t epoch_cleared_ = 1;  // No connection is settled in an epoch long before this.
    std::uint32_t sweeps_done_ = 0;    // Or under way.
    // Where the walk that ends connections of deleted servers is; kNoIndex: it is not under way.
    std::uint32_t sweep_position_ = kNoIndex;
};

}  // namespace fpvs::engine
