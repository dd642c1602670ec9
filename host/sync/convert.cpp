// SPDX-License-Identifier: Apache-2.0
#include "host/sync/convert.hpp"

#include <algorithm>
#include <array>

#include "host/util/check.hpp"

namespace fpvs::sync {
namespace {

using model::Forwarding;

constexpr std::uint8_t kUdp = 17;

// As IPVS numbers methods in a connection's flags; it has a word for no other.
[[nodiscard]] std::uint32_t number_of(Forwarding forwarding) {
    switch (forwarding) {
        case Forwarding::nat:
            return 0;
        case Forwarding::local:
            return 1;
        case Forwarding::tunnel:
            return 2;
        case Forwarding::direct_routing:
            return 3;
        case Forwarding::full_nat:
            break;
    }
    FPVS_CHECK(false, "FULLNAT in a message");
    return 0;
}

// What the receiver knows of its server counts more.
[[nodiscard]] Forwarding forwarding_of(std::uint32_t flags) {
    switch (flags & flag::kForwardingMask) {
        case 0:
            return Forwarding::nat;
        case 1:
            return Forwarding::local;
        case 2:
            return Forwarding::tunnel;
        default:
            return Forwarding::direct_routing;
    }
}

// The first shift and the shift before it, of both directions.
[[nodiscard]] bool shifts(const SequenceData& data) {
    return data[1] != 0 || data[2] != 0 || data[4] != 0 || data[5] != 0;
}

// A template of a service by mark has the mark in place of the virtual address.
[[nodiscard]] std::uint32_t mark_of(const Connection& connection) {
    return connection.firewall_mark != 0 ? connection.firewall_mark
                                         : connection.virtual_address.words[0];
}

}  // namespace

std::string_view name(Objection objection) {
    static constexpr std::array<std::string_view, kObjections> kNames = {
#define FPVS_SYNC_OBJECTION_NAME(name, meaning) #name,
        FPVS_SYNC_OBJECTIONS(FPVS_SYNC_OBJECTION_NAME)
#undef FPVS_SYNC_OBJECTION_NAME
    };
    return kNames[static_cast<std::size_t>(objection)];
}

tl::expected<engine::SyncedConnection, Objection> from_wire(const Connection& connection) {
    const bool is_template = connection.is_template();
    const bool by_mark = is_template && connection.protocol == 0;
    if ((connection.flags & flag::kOnePacket) != 0) {
        return tl::unexpected(Objection::one_packet);
    }
    if (!is_template && (connection.flags & flag::kNoClientPort) != 0) {
        return tl::unexpected(Objection::no_client_port);
    }
    if (connection.sequence_data && shifts(*connection.sequence_data)) {
        return tl::unexpected(Objection::shifted_sequence);
    }
    if (!connection.persistence_data.empty()) {
        return tl::unexpected(Objection::persistence_data);
    }
    if (by_mark && mark_of(connection) == 0) {
        return tl::unexpected(Objection::no_firewall_mark);
    }
    if (connection.server_address.family != connection.client_address.family) {
        return tl::unexpected(Objection::mixed_families);
    }
    return engine::SyncedConnection{
        .protocol = connection.protocol,
        .is_template = is_template,
        .active = (connection.flags & flag::kInactive) == 0,
        .state = static_cast<std::uint8_t>(connection.state),
        .forwarding = forwarding_of(connection.flags),
        .client_port = connection.client_port,
        .virtual_port = connection.virtual_port,
        .server_port = connection.server_port,
        .firewall_mark = by_mark ? mark_of(connection) : connection.firewall_mark,
        .timeout_s = connection.timeout_s.value_or(0),
        .client_address = connection.client_address,
        .virtual_address = connection.virtual_address,
        .server_address = connection.server_address};
}

bool can_carry(const engine::SyncedConnection& connection) {
    return connection.forwarding != Forwarding::full_nat &&
           connection.server_address.family == connection.client_address.family;
}

Connection to_wire(const engine::SyncedConnection& told) {
    std::uint32_t flags = number_of(told.forwarding);
    if (told.forwarding != Forwarding::nat) {
        flags |= flag::kNoOutput;
    }
    if (told.is_template) {
        flags |= flag::kTemplate | flag::kInactive;
    } else if (!told.active || told.protocol == kUdp) {
        flags |= flag::kInactive;
    }
    model::IpAddress virtual_address = told.virtual_address;
    if (told.is_template && told.protocol == 0) {
        virtual_address = model::IpAddress::any(told.client_address.family);
        virtual_address.words[0] = told.firewall_mark;
    }
    Connection connection;
    connection.protocol = told.protocol;
    connection.flags = flags;
    connection.state = told.state;
    connection.client_address = told.client_address;
    connection.client_port = told.client_port;
    connection.virtual_address = virtual_address;
    connection.virtual_port = told.virtual_port;
    connection.server_address = told.server_address;
    connection.server_port = told.server_port;
    connection.firewall_mark = told.firewall_mark;
    connection.timeout_s = told.timeout_s;
    return connection;
}

}  // namespace fpvs::sync
