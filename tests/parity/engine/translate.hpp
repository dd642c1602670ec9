// SPDX-License-Identifier: Apache-2.0
// The reference's words in those of the model and the engine.
#pragma once

#include "host/engine/packet.hpp"
#include "host/model/view.hpp"
#include "sim/reference/ipvs.hpp"

namespace fpvs::parity {

[[nodiscard]] inline model::IpAddress to_model(const reference::Address& address) {
    return model::Ipv4{address.word(0)};
}
[[nodiscard]] inline reference::Address to_reference(const model::IpAddress& address) {
    return reference::ipv4_address(address.ipv4().value);
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
        case reference::Forwarding::direct_routing:
        case reference::Forwarding::full_nat:
            break;
    }
    return model::Forwarding::direct_routing;
}

[[nodiscard]] inline model::ServiceSettings to_model(const reference::ServiceSettings& settings) {
    model::ServiceSettings result = {.scheduler = settings.scheduler,
                                     .hash_fallback = settings.hash_fallback,
                                     .hash_port = settings.hash_port,
                                     .one_packet = settings.one_packet};
    if (settings.persistence) {
        result.persistence = {.timeout_s = settings.persistence->timeout_s,
                              .client_mask = settings.persistence->mask.word(0)};
    }
    return result;
}

[[nodiscard]] inline model::ServerSettings to_model(const reference::ServerSettings& settings) {
    return {.forwarding = to_model(settings.forwarding),
            .weight = settings.weight,
            .upper_threshold = settings.upper_threshold,
            .lower_threshold = settings.lower_threshold};
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
            .ip_length_bytes = static_cast<std::uint16_t>(packet.bytes),
            .source_address = to_model(packet.source),
            .source_port = packet.source_port,
            .destination_address = to_model(packet.destination),
            .destination_port = packet.destination_port,
            .firewall_mark = packet.mark};
}

}  // namespace fpvs::parity
