// SPDX-License-Identifier: Apache-2.0
// The reference's words in those of the model and the engine.
#pragma once

#include <bit>

#include "host/engine/packet.hpp"
#include "host/model/view.hpp"
#include "sim/reference/ipvs.hpp"

namespace fpvs::parity {

[[nodiscard]] inline model::IpAddress to_model(const reference::Address& address) {
    if (address.family == 4) {
        return model::Ipv4{address.word(0)};
    }
    return model::Ipv6{{address.word(0), address.word(1), address.word(2), address.word(3)}};
}
[[nodiscard]] inline reference::Address to_reference(const model::IpAddress& address) {
    return address.is_ipv4() ? reference::ipv4_address(address.words[0])
                             : reference::ipv6_address(address.words);
}

[[nodiscard]] inline model::ServiceKey to_model(const reference::ServiceId& service) {
    return {.address = to_model(service.address),
            .port = service.port,
            .protocol = static_cast<model::Protocol>(service.protocol),
            .firewall_mark = service.mark};
}

[[nodiscard]] inline model::ServerKey to_model(const reference::ServerId& server) {
    return {.address = to_model(server.address), .port = server.port};
}

[[nodiscard]] inline model::Forwarding to_model(reference::Forwarding forwarding) {
    switch (forwarding) {
        case reference::Forwarding::nat:
            return model::Forwarding::nat;
        case reference::Forwarding::local:
            return model::Forwarding::local;
        case reference::Forwarding::tunnel:
            return model::Forwarding::tunnel;
        case reference::Forwarding::full_nat:
            return model::Forwarding::full_nat;
        case reference::Forwarding::direct_routing:
            break;
    }
    return model::Forwarding::direct_routing;
}

// Of an IPv6 mask.
[[nodiscard]] inline std::uint8_t prefix_length(const reference::Address& mask) {
    int bits = 0;
    for (const std::uint8_t byte : mask.bytes) {
        bits += std::popcount(byte);
    }
    return static_cast<std::uint8_t>(bits);
}

[[nodiscard]] inline model::ServiceSettings to_model(const reference::ServiceSettings& settings) {
    model::ServiceSettings result = {.scheduler = settings.scheduler,
                                     .hash_fallback = settings.hash_fallback,
                                     .hash_port = settings.hash_port,
                                     .one_packet = settings.one_packet};
    if (settings.persistence) {
        const reference::Address& mask = settings.persistence->mask;
        result.persistence = {.timeout_s = settings.persistence->timeout_s};
        if (mask.family == 4) {
            result.persistence->client_mask = mask.word(0);
        } else {
            result.persistence->client_prefix = prefix_length(mask);
        }
    }
    return result;
}

[[nodiscard]] inline model::Tunnel to_model(const reference::Tunnel& tunnel) {
    return {.kind = static_cast<model::TunnelKind>(tunnel.kind),
            .checksum = static_cast<model::TunnelChecksum>(tunnel.checksum),
            .port = tunnel.port};
}

[[nodiscard]] inline model::ServerSettings to_model(const reference::ServerSettings& settings) {
    return {.forwarding = to_model(settings.forwarding),
            .weight = settings.weight,
            .upper_threshold = settings.upper_threshold,
            .lower_threshold = settings.lower_threshold,
            .tunnel = to_model(settings.tunnel)};
}

[[nodiscard]] inline model::ConnectionTimeouts to_model(const reference::Timeouts& timeouts) {
    return {.tcp_s = timeouts.tcp_s, .tcp_fin_s = timeouts.tcp_fin_s, .udp_s = timeouts.udp_s};
}

[[nodiscard]] inline engine::Packet to_engine(const reference::Packet& packet) {
    const int flags =
        (packet.syn ? engine::tcp_flag::kSyn : 0) | (packet.ack ? engine::tcp_flag::kAck : 0) |
        (packet.fin ? engine::tcp_flag::kFin : 0) | (packet.rst ? engine::tcp_flag::kRst : 0);
    return {.protocol = static_cast<model::Protocol>(packet.protocol),
            .tcp_flags = static_cast<std::uint8_t>(flags),
            .sctp_chunk = packet.chunk,
            .ip_length_bytes = static_cast<std::uint16_t>(packet.bytes),
            .source_address = to_model(packet.source),
            .source_port = packet.source_port,
            .destination_address = to_model(packet.destination),
            .destination_port = packet.destination_port,
            .firewall_mark = packet.mark};
}

}  // namespace fpvs::parity
