// SPDX-License-Identifier: Apache-2.0
// What the directors of a group tell each other of their connections.
#include <algorithm>

#include "host/engine/engine.hpp"

namespace fpvs::engine {
namespace {

using model::Forwarding;
using model::Protocol;

constexpr std::uint32_t kMsPerSecond = 1000;
constexpr std::uint16_t kFtpPort = 21;
// Of a template whose teller does not say how long it is good for (version 0).
constexpr std::uint32_t kTemplateSeconds = 180;
// A page ends after so many records for each that it may have, however few it found.
constexpr std::size_t kLookedAtShare = 16;

[[nodiscard]] std::uint32_t in_ms(std::uint32_t seconds) {
    return std::min(seconds, kTimeoutSecondsMax) * kMsPerSecond;
}

[[nodiscard]] bool is_active(Protocol protocol, std::uint8_t state) {
    switch (protocol) {
        case Protocol::tcp:
            return counts_as_active(static_cast<TcpState>(state));
        case Protocol::sctp:
            return counts_as_active(static_cast<SctpState>(state));
        case Protocol::udp:
            break;
    }
    return false;
}

[[nodiscard]] std::uint32_t timeout_of(const SyncedConnection& told,
                                       const Configuration& configuration) {
    if (told.timeout_s != 0) {
        return in_ms(told.timeout_s);
    }
    switch (static_cast<Protocol>(told.protocol)) {
        case Protocol::tcp:
            return configuration.tcp_timeouts_ms[told.state];
        case Protocol::sctp:
            return timeout_ms(static_cast<SctpState>(told.state));
        case Protocol::udp:
            break;
    }
    return configuration.udp_timeout_ms;
}

}  // namespace

// --- Telling.

void Engine::attach_sync(SyncSink* connections, SyncSink* templates) {
    const auto lock = director_.lock();
    sync_ = connections;
    sync_notes_ = sync_ != nullptr ? std::make_unique<SyncNotes>(connections_.capacity()) : nullptr;
    director_.attach_sync(templates);
    unsettle_all();
}

void Engine::tell(Connection& connection, std::uint64_t now_ms) {
    const Settings& set = settings();
    SyncNote& note = note_of(connection);
    ++note.packets;
    const bool due = sync_is_due(connection, set, now_ms, note);
    if (due) {
        say(connection);
    }
    const bool moved = note.seen_state != connection.state;
    note.seen_state = connection.state;
    // In version 0 a template goes with its connection, and not alone.
    if (connection.control == kNoIndex || (set.sync_version == 0 && !due) ||
        (!moved && now_ms < note.template_due_ms)) {
        return;
    }
    note.template_due_ms = now_ms + template_pause_ms(set);
    const auto lock = director_.lock();
    director_.tell_template(director_.template_at(connection.control), now_ms);
}

// Packets of it do not come here: it is told when the card gets it, and when the card was asked.
void Engine::tell_of_card(const Connection& connection, std::uint64_t now_ms) {
    SyncNote& note = note_of(connection);
    const bool fresh = note.told && note.told_state == connection.state &&
                       note.told_end_ms >= now_ms + connection.timeout_ms / 2 + kMsPerSecond;
    if (!fresh && is_told(connection) &&
        (settings().sync_persist_mode == 0 || connection.control == kNoIndex)) {
        note_told(connection, now_ms, note);
        say(connection);
    }
    if (connection.control != kNoIndex) {
        const auto lock = director_.lock();
        director_.tell_template(director_.template_at(connection.control), now_ms);
    }
}

void Engine::say(const Connection& connection) {
    const auto lock = director_.lock();
    sync_->say(director_.synced(connection, connections_));
}

SyncPage Engine::synced(std::uint64_t cursor, std::size_t count_max) const {
    constexpr std::uint64_t kFirstConnection = std::uint64_t{1} << 32;
    SyncPage page;
    const bool whole = settings().sync_persist_mode == 0;
    std::size_t left = count_max * kLookedAtShare;
    const auto lock = director_.lock();
    const auto add = [&](const ConnectionTable& table, std::uint64_t first, std::uint64_t from) {
        for (std::uint64_t i = from; i < table.high_water(); ++i) {
            if (left-- == 0) {
                page.next_cursor = first + i;
                return false;
            }
            const Connection& record = table.at(static_cast<std::uint32_t>(i));
            // A template that lost its server binds nobody any more.
            if (!record.in_use || !record.findable || !is_told(record) ||
                (!whole && record.control != kNoIndex)) {
                continue;
            }
            if (page.connections.size() == count_max) {
                page.next_cursor = first + i;
                return false;
            }
            page.connections.push_back(director_.synced(record, table));
        }
        return true;
    };
    if (worker_ == 0 && cursor < kFirstConnection && !add(director_.templates(), 0, cursor)) {
        return page;
    }
    add(connections_, kFirstConnection, cursor < kFirstConnection ? 0 : cursor - kFirstConnection);
    return page;
}

void Director::attach_sync(SyncSink* sink) {
    if (sink != nullptr && sync_ == nullptr) {
        sync_notes_ = std::make_unique<SyncNotes>(templates_.capacity());
    }
    sync_ = sink;
}

void Director::tell_template(Connection& record, std::uint64_t now_ms) {
    if (sync_ == nullptr || !record.findable) {
        return;
    }
    SyncNote& note = sync_notes_->of(record, templates_.index_of(record));
    ++note.packets;
    if (sync_is_due(record, configuration().settings, now_ms, note)) {
        sync_->say(synced(record, templates_));
    }
}

SyncedConnection Director::synced(const Connection& record, const ConnectionTable& table) {
    const FlowKey& key = record.key;
    const Server& server = services_.server(record.server);
    const bool is_template = key.is_template();
    return {.protocol = key.protocol(),
            .is_template = is_template,
            .active = record.active,
            .state = is_template ? std::uint8_t{record.assured} : record.state,
            .forwarding = record.forwarding,
            .client_port = key.client_port(),
            .virtual_port = key.virtual_port(),
            .server_port = record.server_port,
            .firewall_mark = services_.service(server.service).key.firewall_mark,
            .timeout_s = record.timeout_ms / kMsPerSecond,
            .client_address = table.client_address(record),
            .virtual_address = table.virtual_address(record),
            .server_address = server.state.key.address};
}

// --- Learning.

Learning Engine::learn(const SyncedConnection& told, Time now) {
    const std::uint64_t now_ms = to_ms(now);
    if (told.is_template) {
        const auto lock = director_.lock();
        return director_.learn_template(told, now_ms);
    }
    const Flow flow = connections_.flow(told.client_address,
                                        told.client_port,
                                        told.virtual_address,
                                        told.virtual_port,
                                        told.protocol,
                                        FlowKey::Kind::connection);
    Learning learning = Learning::updated;
    Connection* connection = learned_in_place(told, flow, learning, now_ms);
    if (connection == nullptr) {
        return learning;
    }
    change_state(*connection,
                 told.state,
                 is_active(static_cast<Protocol>(told.protocol), told.state),
                 false);
    connection->timeout_ms = timeout_of(told, director_.configuration());
    connection->settled_in = 0;
    arm(*connection, now_ms);
    if (sync_ != nullptr) {
        // Nobody needs to hear it again before its next packets.
        SyncNote& note = note_of(*connection);
        note.packets = static_cast<std::uint32_t>(settings().sync_threshold);
        note_told(*connection, now_ms, note);
    }
    return learning;
}

// The connection as it is here, or made for it; null where `learning` says why not.
Connection* Engine::learned_in_place(const SyncedConnection& told,
                                     const Flow& flow,
                                     Learning& learning,
                                     std::uint64_t now_ms) {
    Connection* connection = alive(connections_.find(flow), now_ms);
    if (connection != nullptr && (lines_[connection->server].address() != told.server_address ||
                                  connection->server_port != told.server_port)) {
        const bool over = told.protocol != static_cast<std::uint8_t>(Protocol::udp) &&
                          !is_active(static_cast<Protocol>(told.protocol), told.state);
        if (over) {
            learning = Learning::superseded;
            return nullptr;
        }
        end(*connection);
        connection = nullptr;
    }
    if (connection != nullptr) {
        return connection;
    }
    if (!has_room(1)) {
        learning = Learning::table_full;
        return nullptr;
    }
    const auto lock = director_.lock();
    Server* server = director_.find_server(told);
    if (server == nullptr) {
        learning = Learning::no_server;
        return nullptr;
    }
    if (server->settings.forwarding == Forwarding::full_nat) {
        learning = Learning::needs_local_end;
        return nullptr;
    }
    learning = Learning::created;
    return &create(*server, kNoIndex, told.server_port, {}, flow);
}

// A template that names another server stands for what its teller decided last.
Learning Director::learn_template(const SyncedConnection& told, std::uint64_t now_ms) {
    model::IpAddress virtual_end = told.virtual_address;
    if (told.protocol == 0) {
        virtual_end = model::IpAddress::any(told.client_address.family);
        virtual_end.words[virtual_end.is_ipv4() ? 0 : 3] = told.firewall_mark;
    }
    const Flow flow = templates_.flow(told.client_address,
                                      told.client_port,
                                      virtual_end,
                                      told.virtual_port,
                                      told.protocol,
                                      FlowKey::Kind::template_entry);
    Connection* record = find_template(flow, now_ms);
    if (record != nullptr &&
        services_.server(record->server).state.key.address != told.server_address) {
        invalidate_template(*record);
        record = nullptr;
    }
    const auto learning = record == nullptr ? Learning::created : Learning::updated;
    const std::uint32_t timeout_ms = in_ms(told.timeout_s != 0 ? told.timeout_s : kTemplateSeconds);
    if (record == nullptr) {
        Server* server = find_server(told);
        if (server == nullptr) {
            return Learning::no_server;
        }
        if (!has_room(1) || !templates_.has_room(1)) {
            return Learning::table_full;
        }
        record = &create_template(*server, flow, timeout_ms);
    }
    record->assured = told.state != 0;
    record->timeout_ms = timeout_ms;
    arm_template(*record, now_ms);
    if (sync_ != nullptr) {
        note_told(*record, now_ms, sync_notes_->of(*record, templates_.index_of(*record)));
    }
    return learning;
}

// Templates of a service for every port, and of FTP's, have none.
Server* Director::find_server(const SyncedConnection& told) {
    Packet packet{.protocol = static_cast<Protocol>(told.protocol),
                  .destination_address = told.virtual_address,
                  .destination_port = told.virtual_port,
                  .firewall_mark = told.firewall_mark};
    if (told.protocol == 0 && told.firewall_mark == 0) {
        return nullptr;
    }
    Service* service = services_.find_for(packet);
    if (service == nullptr && told.is_template && told.virtual_port == 0) {
        packet.destination_port = kFtpPort;
        service = services_.find_for(packet);
    }
    return service == nullptr
               ? nullptr
               : services_.find_server_at(*service, told.server_address, told.server_port);
}

}  // namespace fpvs::engine
