// SPDX-License-Identifier: Apache-2.0
// The first packet of a connection: which service it is for, which server gets it, and what is
// remembered of that.
#include <algorithm>
#include <cstddef>

#include "host/engine/engine.hpp"

namespace fpvs::engine {
namespace {

using model::Forwarding;
using model::Protocol;

constexpr std::uint16_t kFtpPort = 21;
constexpr std::uint16_t kFtpDataPort = 20;

// Local ports of FULLNAT, and how many are tried before the connection is refused.
constexpr std::uint16_t kLocalPortFirst = 1024;
constexpr std::uint32_t kLocalPorts = 65536 - kLocalPortFirst;
constexpr std::size_t kLocalPortTries = 256;  // For each worker.

[[nodiscard]] bool may_begin_connection(const Packet& packet, const Settings& settings) {
    switch (packet.protocol) {
        case Protocol::tcp:
            return (packet.tcp_flags & tcp_flag::kRst) == 0 &&
                   ((packet.tcp_flags & tcp_flag::kSyn) != 0 || settings.sloppy_tcp != 0);
        case Protocol::sctp:
            return packet.sctp_chunk == sctp_chunk::kInit || settings.sloppy_sctp != 0;
        case Protocol::udp:
            break;
    }
    return true;
}

[[nodiscard]] std::uint32_t prefix_mask(std::size_t word, std::uint8_t prefix_length) {
    constexpr std::size_t kWordBits = 32;
    const std::size_t first_bit = word * kWordBits;
    if (prefix_length <= first_bit) {
        return 0;
    }
    const std::size_t bits = std::min(prefix_length - first_bit, kWordBits);
    return bits == 0 ? 0 : ~std::uint32_t{0} << (kWordBits - bits);
}

[[nodiscard]] model::IpAddress masked(const model::IpAddress& address,
                                      const model::Persistence& persistence) {
    model::IpAddress result = address;
    for (std::size_t i = 0; i < result.words.size(); ++i) {
        result.words[i] &=
            address.is_ipv4() ? persistence.client_mask : prefix_mask(i, persistence.client_prefix);
    }
    return result;
}

// A persistent service for every port keeps the port even if its server has one.
[[nodiscard]] std::uint16_t server_port_of(const Service& service,
                                           const Server& server,
                                           bool persistent,
                                           const Packet& packet) {
    const bool counts =
        server.state.key.port != 0 && (!persistent || packet.destination_port == service.key.port);
    return counts ? server.state.key.port : packet.destination_port;
}

}  // namespace

Verdict Engine::schedule(const Packet& packet, const Flow& flow, std::uint64_t now_ms) {
    Scheduled scheduled;
    {
        const auto lock = director_.lock();
        scheduled = choose(packet, flow, now_ms);
    }
    return scheduled.connection != nullptr ? forward(*scheduled.connection, packet, now_ms)
                                           : scheduled.verdict;
}

Engine::Scheduled Engine::choose(const Packet& packet, const Flow& flow, std::uint64_t now_ms) {
    Service* service = services_.find_for(packet);
    if (service == nullptr) {
        return {refuse(Action::pass_to_host, Reason::no_service)};
    }
    const Settings& set = settings();
    if (!may_begin_connection(packet, set)) {
        return {refuse(Action::pass_to_host, Reason::not_first_packet)};
    }
    if (packet.source_port == kFtpDataPort) {
        return {refuse(Action::pass_to_host, Reason::ftp_data)};
    }
    if (set.drop_packet != kDefenceOff && defends(set.drop_packet) &&
        director_.is_each(static_cast<std::uint32_t>(set.am_droprate))) {
        return {refuse(Action::drop, Reason::drop_packet)};
    }
    if (service->settings.persistence) {
        return choose_persistent(*service, *service->settings.persistence, packet, flow, now_ms);
    }
    // Without persistence, a service for every port would scatter a client over the servers.
    if (service->key.firewall_mark == 0 && service->key.port != packet.destination_port) {
        return {refuse(Action::reject, Reason::no_server)};
    }
    if (!has_room(1)) {
        return {refuse(Action::drop, Reason::connection_table_full)};
    }
    Server* server = pick(*service, packet, now_ms);
    if (server == nullptr) {
        return {refuse(Action::reject, Reason::no_server)};
    }
    return begin(*service, *server, kNoIndex, packet, flow);
}

Engine::Scheduled Engine::choose_persistent(Service& service,
                                            const model::Persistence& persistence,
                                            const Packet& packet,
                                            const Flow& flow,
                                            std::uint64_t now_ms) {
    const Flow identity = template_flow_of(service, persistence, packet);
    Connection* record = director_.find_template(identity, now_ms);
    if (record != nullptr && !director_.template_holds(*record)) {
        director_.invalidate_template(*record);
        record = nullptr;
    }
    if (!has_room(record == nullptr ? 2 : 1)) {
        return {refuse(Action::drop, Reason::connection_table_full)};
    }
    if (record == nullptr) {
        Server* server = pick(service, packet, now_ms);
        if (server == nullptr) {
            return {refuse(Action::reject, Reason::no_server)};
        }
        const auto timeout_ms =
            to_ms(std::chrono::seconds(std::min(persistence.timeout_s, kTimeoutSecondsMax)));
        record =
            &director_.create_template(*server, identity, static_cast<std::uint32_t>(timeout_ms));
    }
    director_.arm_template(*record, now_ms);
    return begin(service,
                 services_.server(record->server),
                 director_.templates().index_of(*record),
                 packet,
                 flow);
}

// One template serves one port, except in services for every port and those of FTP.
Flow Engine::template_flow_of(const Service& service,
                              const model::Persistence& persistence,
                              const Packet& packet) const {
    model::IpAddress virtual_end = packet.destination_address;
    std::uint16_t virtual_port = 0;
    auto protocol = static_cast<std::uint8_t>(packet.protocol);
    if (service.key.firewall_mark != 0) {
        virtual_end = model::IpAddress::any(service.key.address.family);
        virtual_end.words[virtual_end.is_ipv4() ? 0 : 3] = service.key.firewall_mark;
        protocol = 0;
    } else if (packet.destination_port == service.key.port && service.key.port != kFtpPort) {
        virtual_port = packet.destination_port;
    }
    return connections_.flow(masked(packet.source_address, persistence),
                             0,
                             virtual_end,
                             virtual_port,
                             protocol,
                             FlowKey::Kind::template_entry);
}

Server* Engine::pick(Service& service, const Packet& packet, std::uint64_t now_ms) {
    constexpr std::uint64_t kMsPerSecond = 1000;
    const int memory_s = service.settings.scheduler == "lblcr" ? settings().lblcr_expiration
                                                               : settings().lblc_expiration;
    const std::optional<std::size_t> position = service.scheduler->pick(
        service.servers,
        {.client_address = packet.source_address,
         .client_port = packet.source_port,
         .destination = packet.destination_address,
         .hash_fallback = service.settings.hash_fallback,
         .hash_port = service.settings.hash_port,
         .by_address = settings().tables_by_address != 0,
         .now_ms = now_ms,
         .destination_idle_ms = static_cast<std::uint64_t>(memory_s) * kMsPerSecond});
    return position ? &services_.server(service.servers[*position]->index) : nullptr;
}

Engine::Scheduled Engine::begin(Service& service,
                                Server& server,
                                std::uint32_t control,
                                const Packet& packet,
                                const Flow& flow) {
    const Forwarding forwarding = server.settings.forwarding;
    const std::uint16_t server_port =
        server_port_of(service, server, service.settings.persistence.has_value(), packet);
    LocalEnd local;
    if (forwarding == Forwarding::full_nat &&
        !take_local_end(service, server, server_port, packet, local)) {
        return {refuse(Action::drop, Reason::local_ports_exhausted)};
    }
    service.traffic.add_connection();
    server.traffic.add_connection();
    count(Event::connections_created);
    // FULLNAT has to remember by which local port the answer will come.
    if (service.settings.one_packet && packet.protocol == Protocol::udp &&
        forwarding != Forwarding::full_nat) {
        return {forward_one_packet(service, server, packet)};
    }
    return {.verdict = {}, .connection = &create(server, control, server_port, local, flow)};
}

Connection& Engine::create(Server& server,
                           std::uint32_t control,
                           std::uint16_t server_port,
                           LocalEnd local,
                           const Flow& flow) {
    Connection& connection = connections_.allocate(flow);
    connection.server = server.state.index;
    connection.forwarding = server.settings.forwarding;
    connection.server_port = server_port;
    connection.local = local;
    connection.control = control;
    bind(server, control);
    connections_.insert(connection);
    if (connection.two_way()) {
        connections_.insert_reply(connection, reply_flow_of(connection));
    }
    return connection;
}

// Addresses by turns, then ports by turns: what was just given back rests longest.  Free is what no
// reply of this server could mean already.  Replies must find this worker.
bool Engine::take_local_end(const Service& service,
                            const Server& server,
                            std::uint16_t server_port,
                            const Packet& packet,
                            LocalEnd& local) {
    if (service.local_addresses.empty()) {
        return false;
    }
    const auto& numbers = service.local_addresses;
    const std::size_t workers = director_.workers();
    for (std::size_t tries = 0; tries < kLocalPortTries * workers; ++tries) {
        const std::uint64_t end = ++local_ends_tried_;
        const std::uint16_t number = numbers[end % numbers.size()];
        const auto port =
            static_cast<std::uint16_t>(kLocalPortFirst + end / numbers.size() % kLocalPorts);
        const model::IpAddress& address = services_.local_address(number);
        if (workers > 1 && director_.owners().owner(address, port) != worker_) {
            continue;
        }
        const Flow reply = connections_.flow(address,
                                             port,
                                             server.state.key.address,
                                             server_port,
                                             static_cast<std::uint8_t>(packet.protocol),
                                             FlowKey::Kind::reply);
        if (find_reply(reply) == nullptr) {
            local = {.address_index = number, .port = port};
            return true;
        }
        count(Event::local_ports_taken);
    }
    return false;
}

// Nothing is remembered, but for a moment the server has one connection more: its threshold may
// have been reached.
Verdict Engine::forward_one_packet(Service& service, Server& server, const Packet& packet) {
    server.bind(false);
    lines_[server.state.index].count_in(1, packet.ip_length_bytes);
    const std::uint16_t server_port =
        server_port_of(service, server, service.settings.persistence.has_value(), packet);
    server.unbind(false, false);
    return {.action = Action::forward,
            .forwarding = server.settings.forwarding,
            .server_port = server_port,
            .server = server.state.index,
            .server_address = server.state.key.address};
}

}  // namespace fpvs::engine
