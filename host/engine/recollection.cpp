// SPDX-License-Identifier: Apache-2.0
#include "host/engine/recollection.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace fpvs::engine {
namespace {

constexpr std::uint32_t kTimeoutMsMax = kTimeoutSecondsMax * 1000;

[[nodiscard]] std::uint64_t in_ms(Engine::Time time) {
    return static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::milliseconds>(time).count());
}

[[nodiscard]] std::size_t states_of(std::uint8_t protocol) {
    switch (static_cast<model::Protocol>(protocol)) {
        case model::Protocol::tcp:
            return kTcpStateCount;
        case model::Protocol::sctp:
            return kSctpStateCount;
        case model::Protocol::udp:
            return 1;
    }
    return 0;
}

// Findable, and of the right kind: whole, then, as far as the record itself can tell.
[[nodiscard]] bool is_whole(const Connection& record, FlowKey::Kind kind) {
    const model::Family family = record.key.family();
    return record.in_use && record.findable && record.key.kind() == kind &&
           (family == model::Family::ipv4 || family == model::Family::ipv6);
}

}  // namespace

Recollection::Recollection(KeptMemory before)
    : before_(std::move(before)), names_(before_.names()), template_table_(before_.templates()) {
    for (std::size_t worker = 0; worker < before_.workers(); ++worker) {
        connection_tables_.push_back(before_.connections(worker));
    }
}

bool Recollection::makes_sense(const Connection& record) const {
    const bool is_template = record.key.is_template();
    const std::uint8_t protocol = record.key.protocol();
    return record.server < names_.servers.size() && names_.servers[record.server].in_use != 0 &&
           names_.servers[record.server].service < names_.services.size() &&
           names_.services[names_.servers[record.server].service].in_use != 0 &&
           record.forwarding <= model::Forwarding::full_nat && record.timeout_ms <= kTimeoutMsMax &&
           (is_template ? protocol == 0 || states_of(protocol) != 0
                        : record.state < states_of(protocol)) &&
           (is_template || record.forwarding != model::Forwarding::full_nat ||
            (record.local.address_index < names_.local_addresses.size() &&
             names_.local_addresses[record.local.address_index].in_use != 0));
}

// The card forwarded an offloaded connection until now, as far as anybody knows.
std::optional<KnownConnection> Recollection::known(const TableMemory& table,
                                                   std::uint32_t index,
                                                   std::uint64_t now_ms) const {
    const Connection& record = table.records[index];
    const bool ipv4 = record.key.family() == model::Family::ipv4;
    const WideAddresses& wide = table.wide[index];
    KnownConnection known{
        .protocol = record.key.protocol(),
        .client_address = ipv4 ? model::IpAddress(model::Ipv4{record.key.client_address()})
                               : model::IpAddress(model::Ipv6{wide.client}),
        .client_port = record.key.client_port(),
        .virtual_address = ipv4 ? model::IpAddress(model::Ipv4{record.key.virtual_address()})
                                : model::IpAddress(model::Ipv6{wide.virtual_end}),
        .virtual_port = record.key.virtual_port(),
        .server = record.server,
        .server_port = record.server_port,
        .forwarding = record.forwarding,
        .state = record.state,
        .timeout_ms = record.timeout_ms,
        .left_ms = record.deadline_ms > now_ms
                       ? std::min<std::uint64_t>(record.deadline_ms - now_ms, kTimeoutMsMax)
                       : 0,
        .assured = record.assured};
    if (record.key.is_template()) {
        return known;
    }
    if (record.offloaded) {
        known.left_ms = record.timeout_ms;
    }
    if (record.forwarding == model::Forwarding::full_nat) {
        known.local_address = names_.local_addresses[record.local.address_index].address;
        known.local_port = record.local.port;
        known.note = table.notes[index];
    }
    if (const auto number = template_numbers_.find(record.control);
        number != template_numbers_.end()) {
        known.control = number->second;
    }
    return known.left_ms != 0 ? std::optional(known) : std::nullopt;
}

void Recollection::recall_servers(Engine& first) {
    std::unordered_map<ServerIndex, model::Forwarding> wanted;
    const auto look = [&](const TableMemory& table, FlowKey::Kind kind) {
        for (std::size_t i = 0; i < table.records.size(); ++i) {
            const Connection& record = table.records[i];
            if (is_whole(record, kind) && makes_sense(record)) {
                wanted.emplace(record.server, record.forwarding);
            }
        }
    };
    look(template_table_, FlowKey::Kind::template_entry);
    for (const TableMemory& table : connection_tables_) {
        look(table, FlowKey::Kind::connection);
    }
    for (const auto& [index, forwarding] : wanted) {
        const ServerName& server = names_.servers[index];
        const model::ServiceKey& service = names_.services[server.service].key;
        if (!first.has_server(index, service, server.key)) {
            // Where the service itself is gone there is nothing to wait for.
            (void)first.recall_server(service, server.key, forwarding);
        }
    }
}

void Recollection::restore_templates(Engine& first, Time now) {
    for (std::uint32_t i = 0; i < template_table_.records.size(); ++i) {
        const Connection& record = template_table_.records[i];
        if (!is_whole(record, FlowKey::Kind::template_entry)) {
            continue;
        }
        const ServerName* server = makes_sense(record) ? &names_.servers[record.server] : nullptr;
        if (server == nullptr ||
            !first.has_server(record.server, names_.services[server->service].key, server->key)) {
            ++templates_.refused;
            continue;
        }
        const auto number = first.restore_template(*known(template_table_, i, in_ms(now)), now);
        if (number) {
            template_numbers_.emplace(i, *number);
        }
        ++(number ? templates_.restored : templates_.refused);
    }
}

void Recollection::restore_connections(Engine& engine, Time now) {
    for (const TableMemory& table : connection_tables_) {
        for (std::uint32_t i = 0; i < table.records.size(); ++i) {
            const Connection& record = table.records[i];
            if (!is_whole(record, FlowKey::Kind::connection)) {
                continue;
            }
            const ServerName* server =
                makes_sense(record) ? &names_.servers[record.server] : nullptr;
            if (server == nullptr) {
                connections_.refused += engine.worker() == 0 ? 1 : 0;
                continue;
            }
            const auto connection = known(table, i, in_ms(now));
            if (!connection) {
                connections_.expired += engine.worker() == 0 ? 1 : 0;
                continue;
            }
            if (!engine.owns(connection->client_address, connection->client_port)) {
                continue;
            }
            const bool restored =
                engine.has_server(
                    record.server, names_.services[server->service].key, server->key) &&
                engine.restore(*connection, now) == Restored::done;
            ++(restored ? connections_.restored : connections_.refused);
        }
    }
}

}  // namespace fpvs::engine
