// SPDX-License-Identifier: Apache-2.0
// Connections that were there before the process was.
#include <algorithm>
#include <optional>

#include "host/engine/engine.hpp"

namespace fpvs::engine {
namespace {

[[nodiscard]] bool is_active(std::uint8_t protocol, std::uint8_t state) {
    switch (static_cast<model::Protocol>(protocol)) {
        case model::Protocol::tcp:
            return counts_as_active(static_cast<TcpState>(state));
        case model::Protocol::sctp:
            return counts_as_active(static_cast<SctpState>(state));
        case model::Protocol::udp:
            break;
    }
    return false;
}

}  // namespace

bool Engine::has_server(ServerIndex index,
                        const model::ServiceKey& service,
                        const model::ServerKey& server) const {
    const Server* found = services_.find_server(index);
    return found != nullptr && found->state.key == server &&
           services_.service(found->service).key == service;
}

Status Engine::recall_server(const model::ServiceKey& service,
                             const model::ServerKey& server,
                             model::Forwarding forwarding) {
    const auto lock = director_.lock();
    FPVS_TRY_STATUS(services_.add_server(service, server, {.forwarding = forwarding}));
    FPVS_TRY_STATUS(services_.delete_server(service, server));
    return {};
}

Restored Engine::restore(const KnownConnection& known, Time now) {
    const auto lock = director_.lock();
    Server* server = services_.find_server(known.server);
    if (server == nullptr) {
        return Restored::no_server;
    }
    const Flow flow = connections_.flow(known.client_address,
                                        known.client_port,
                                        known.virtual_address,
                                        known.virtual_port,
                                        known.protocol,
                                        FlowKey::Kind::connection);
    if (connections_.find(flow) != nullptr) {
        return Restored::known;
    }
    if (!has_room(1)) {
        return Restored::no_room;
    }
    LocalEnd local;
    if (known.forwarding == model::Forwarding::full_nat && !take_back_local_end(known, local)) {
        return Restored::local_taken;
    }
    Connection& connection = connections_.allocate(flow);
    connection.server = known.server;
    connection.forwarding = known.forwarding;
    connection.server_port = known.server_port;
    connection.local = local;
    connection.control = known.control;
    connection.state = known.state;
    connection.timeout_ms = known.timeout_ms;
    bind(*server, known.control);
    connections_.insert(connection);
    if (connection.two_way()) {
        services_.expect_answers(*server);
        connections_.insert_reply(connection, reply_flow_of(connection));
    }
    if (known.forwarding == model::Forwarding::full_nat) {
        connections_.note(connection) = known.note;
    }
    connection.active = is_active(known.protocol, known.state);
    if (connection.active) {
        server->set_active(true);
    }
    connection.deadline_ms = to_ms(now) + known.left_ms;
    timers_.arm(connection);
    count(Event::connections_restored);
    return Restored::done;
}

// Free, and such that replies to it find this worker.
bool Engine::take_back_local_end(const KnownConnection& known, LocalEnd& local) {
    const auto number = services_.local_number(known.local_address);
    if (!number || (director_.workers() > 1 &&
                    director_.owners().owner(known.local_address, known.local_port) != worker_)) {
        return false;
    }
    const Flow reply = connections_.flow(known.local_address,
                                         known.local_port,
                                         services_.server(known.server).state.key.address,
                                         known.server_port,
                                         known.protocol,
                                         FlowKey::Kind::reply);
    local = {.address_index = *number, .port = known.local_port};
    return connections_.find_reply(reply, [&](const Connection& other) {
        return same(reply_flow_of(other), reply);
    }) == nullptr;
}

std::optional<std::uint32_t> Engine::restore_template(const KnownConnection& known, Time now) {
    const auto lock = director_.lock();
    Server* server = services_.find_server(known.server);
    const Flow flow = connections_.flow(known.client_address,
                                        0,
                                        known.virtual_address,
                                        known.virtual_port,
                                        known.protocol,
                                        FlowKey::Kind::template_entry);
    if (server == nullptr || !director_.has_room(1) ||
        director_.templates().find(flow) != nullptr) {
        return std::nullopt;
    }
    Connection& record = director_.restore_template(*server, flow, to_ms(now), known.left_ms);
    record.forwarding = known.forwarding;
    record.server_port = known.server_port;
    record.timeout_ms = known.timeout_ms;
    record.assured = known.assured;
    return director_.templates().index_of(record);
}

}  // namespace fpvs::engine
