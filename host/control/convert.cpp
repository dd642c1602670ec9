// SPDX-License-Identifier: Apache-2.0
#include "host/control/convert.hpp"

#include <charconv>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <system_error>

#include "host/model/address.hpp"

namespace fpvs::control {
namespace {

// IPVS's flag-1 and flag-2, which sh and mh call -fallback and -port.
constexpr std::uint32_t kFlagFallback = 1;
constexpr std::uint32_t kFlagPort = 2;
constexpr std::uint32_t kFlagThird = 4;
constexpr std::uint32_t kPortMax = std::numeric_limits<std::uint16_t>::max();

Result<model::IpAddress> read_address(const std::string& text) {
    if (const auto address = model::parse_address(text)) {
        return *address;
    }
    return fail(Code::invalid_argument, "'{}' is no address", text);
}

Result<std::uint16_t> read_port(std::uint32_t port) {
    if (port > kPortMax) {
        return fail(Code::invalid_argument, "{} is no port", port);
    }
    return static_cast<std::uint16_t>(port);
}

// Lists show the mark of a template where its address would be: 5 is 0.0.0.5.
model::IpAddress address_of_mark(const model::ConnectionView& connection) {
    if (connection.client_address.is_ipv6()) {
        return model::Ipv6{{connection.firewall_mark, 0, 0, 0}};
    }
    return model::Ipv4{connection.firewall_mark};
}

api::Traffic to_api(const model::TrafficCounters& counters) {
    api::Traffic traffic;
    traffic.set_connections(counters.connections);
    traffic.set_packets_in(counters.packets_in);
    traffic.set_packets_out(counters.packets_out);
    traffic.set_bytes_in(counters.bytes_in);
    traffic.set_bytes_out(counters.bytes_out);
    return traffic;
}

api::Traffic to_api(const model::TrafficRates& rates) {
    api::Traffic traffic;
    traffic.set_connections(rates.connections);
    traffic.set_packets_in(rates.packets_in);
    traffic.set_packets_out(rates.packets_out);
    traffic.set_bytes_in(rates.bytes_in);
    traffic.set_bytes_out(rates.bytes_out);
    return traffic;
}

api::Forwarding to_api(model::Forwarding forwarding) {
    switch (forwarding) {
        case model::Forwarding::nat:
            return api::NAT;
        case model::Forwarding::local:
            return api::LOCAL;
        case model::Forwarding::tunnel:
            return api::TUNNEL;
        case model::Forwarding::direct_routing:
            return api::DIRECT_ROUTING;
        case model::Forwarding::full_nat:
            return api::FULL_NAT;
    }
    return api::FORWARDING_UNSPECIFIED;
}

api::Tunnel to_api(const model::Tunnel& tunnel) {
    api::Tunnel wire;
    wire.set_kind(tunnel.kind == model::TunnelKind::gue   ? api::GUE
                  : tunnel.kind == model::TunnelKind::gre ? api::GRE
                                                          : api::IPIP);
    wire.set_checksum(tunnel.checksum == model::TunnelChecksum::checksum ? api::CHECKSUM
                      : tunnel.checksum == model::TunnelChecksum::remote_checksum
                          ? api::REMOTE_CHECKSUM
                          : api::NO_CHECKSUM);
    wire.set_port(tunnel.port);
    return wire;
}

Result<model::Tunnel> from_api(const api::Tunnel& wire) {
    model::Tunnel tunnel;
    FPVS_TRY(tunnel.port, read_port(wire.port()));
    tunnel.kind = wire.kind() == api::GUE   ? model::TunnelKind::gue
                  : wire.kind() == api::GRE ? model::TunnelKind::gre
                                            : model::TunnelKind::ipip;
    tunnel.checksum = wire.checksum() == api::CHECKSUM ? model::TunnelChecksum::checksum
                      : wire.checksum() == api::REMOTE_CHECKSUM
                          ? model::TunnelChecksum::remote_checksum
                          : model::TunnelChecksum::none;
    return tunnel;
}

api::ClientAddress to_api(model::ClientAddress client_address) {
    switch (client_address) {
        case model::ClientAddress::not_told:
            return api::NOT_TOLD;
        case model::ClientAddress::toa:
            return api::TOA;
        case model::ClientAddress::proxy_v2:
            return api::PROXY_V2;
    }
    return api::NOT_TOLD;
}

Result<model::ClientAddress> from_api(api::ClientAddress client_address) {
    switch (client_address) {
        case api::NOT_TOLD:
            return model::ClientAddress::not_told;
        case api::TOA:
            return model::ClientAddress::toa;
        case api::PROXY_V2:
            return model::ClientAddress::proxy_v2;
        default:
            return fail(Code::invalid_argument, "A client's address is told by TOA or PROXY_V2");
    }
}

api::Persistence to_api(const model::Persistence& persistence, model::Family family) {
    const model::Persistence whole;  // Each client on its own: not worth a word.
    api::Persistence wire;
    wire.set_timeout_s(persistence.timeout_s);
    wire.set_engine(persistence.engine);
    if (family == model::Family::ipv6 && persistence.client_prefix != whole.client_prefix) {
        wire.set_client_mask(std::to_string(persistence.client_prefix));
    } else if (family == model::Family::ipv4 && persistence.client_mask != whole.client_mask) {
        wire.set_client_mask(model::to_string(model::Ipv4{persistence.client_mask}));
    }
    return wire;
}

// The mask may be of either family: a request does not repeat that of its service.
Result<model::Persistence> from_api(const api::Persistence& wire) {
    constexpr std::uint32_t kPrefixMax = 128;
    model::Persistence persistence{.timeout_s = wire.timeout_s(), .engine = wire.engine()};
    const std::string& mask = wire.client_mask();
    if (mask.empty()) {
        return persistence;
    }
    if (const auto address = model::parse_ipv4(mask)) {
        persistence.client_mask = address->value;
        return persistence;
    }
    std::uint32_t prefix = 0;
    const auto [end, error] = std::from_chars(mask.data(), mask.data() + mask.size(), prefix);
    if (error != std::errc() || end != mask.data() + mask.size() || prefix == 0 ||
        prefix > kPrefixMax) {
        return fail(Code::invalid_argument, "'{}' is no mask and no prefix length", mask);
    }
    persistence.client_prefix = static_cast<std::uint8_t>(prefix);
    return persistence;
}

}  // namespace

api::Protocol to_api(model::Protocol protocol) {
    switch (protocol) {
        case model::Protocol::tcp:
            return api::TCP;
        case model::Protocol::udp:
            return api::UDP;
        case model::Protocol::sctp:
            return api::SCTP;
    }
    return api::PROTOCOL_UNSPECIFIED;
}

Result<model::Protocol> from_api(api::Protocol protocol) {
    switch (protocol) {
        case api::TCP:
            return model::Protocol::tcp;
        case api::UDP:
            return model::Protocol::udp;
        case api::SCTP:
            return model::Protocol::sctp;
        default:
            return fail(Code::invalid_argument, "A service needs a protocol");
    }
}

Result<model::ServiceKey> from_api(const api::ServiceKey& key) {
    model::ServiceKey service;
    if (key.firewall_mark() != 0) {
        service.address = model::IpAddress::any(key.family() == api::IPV6 ? model::Family::ipv6
                                                                          : model::Family::ipv4);
        service.firewall_mark = key.firewall_mark();
        return service;
    }
    FPVS_TRY(service.protocol, from_api(key.protocol()));
    FPVS_TRY(service.address, read_address(key.address()));
    FPVS_TRY(service.port, read_port(key.port()));
    return service;
}

Result<model::ServiceSettings> from_api(const api::ServiceSettings& settings) {
    if ((settings.scheduler_flags() & ~(kFlagFallback | kFlagPort | kFlagThird)) != 0) {
        return fail(Code::invalid_argument, "There are three scheduler flags");
    }
    model::ServiceSettings service{
        .scheduler = settings.scheduler(),
        .hash_fallback = (settings.scheduler_flags() & kFlagFallback) != 0,
        .hash_port = (settings.scheduler_flags() & kFlagPort) != 0,
        .third_flag = (settings.scheduler_flags() & kFlagThird) != 0,
        .persistence = {},
        .one_packet = settings.one_packet()};
    FPVS_TRY(service.client_address, from_api(settings.client_address()));
    if (settings.has_persistence()) {
        FPVS_TRY(service.persistence, from_api(settings.persistence()));
    }
    return service;
}

Result<model::ServerKey> from_api(const api::ServerKey& key) {
    model::ServerKey server;
    FPVS_TRY(server.address, read_address(key.address()));
    FPVS_TRY(server.port, read_port(key.port()));
    return server;
}

Result<model::ServerSettings> from_api(const api::ServerSettings& settings) {
    model::ServerSettings server{.weight = settings.weight(),
                                 .upper_threshold = settings.upper_threshold(),
                                 .lower_threshold = settings.lower_threshold()};
    switch (settings.forwarding()) {
        case api::NAT:
            server.forwarding = model::Forwarding::nat;
            break;
        case api::TUNNEL: {
            server.forwarding = model::Forwarding::tunnel;
            FPVS_TRY(server.tunnel, from_api(settings.tunnel()));
            break;
        }
        case api::FULL_NAT:
            server.forwarding = model::Forwarding::full_nat;
            break;
        case api::DIRECT_ROUTING:
            server.forwarding = model::Forwarding::direct_routing;
            break;
        default:
            return fail(Code::invalid_argument,
                        "A server is reached by NAT, TUNNEL, DIRECT_ROUTING or FULL_NAT");
    }
    return server;
}

api::ServiceKey to_api(const model::ServiceKey& key) {
    api::ServiceKey wire;
    wire.set_family(key.address.is_ipv6() ? api::IPV6 : api::IPV4);
    if (key.firewall_mark != 0) {
        wire.set_firewall_mark(key.firewall_mark);
        return wire;
    }
    wire.set_protocol(to_api(key.protocol));
    wire.set_address(model::to_string(key.address));
    wire.set_port(key.port);
    return wire;
}

api::ServerKey to_api(const model::ServerKey& key) {
    api::ServerKey wire;
    wire.set_address(model::to_string(key.address));
    wire.set_port(key.port);
    return wire;
}

api::ServiceSettings to_api(const model::ServiceSettings& settings, model::Family family) {
    api::ServiceSettings wire;
    wire.set_scheduler(settings.scheduler);
    wire.set_scheduler_flags((settings.hash_fallback ? kFlagFallback : 0) |
                             (settings.hash_port ? kFlagPort : 0) |
                             (settings.third_flag ? kFlagThird : 0));
    wire.set_one_packet(settings.one_packet);
    wire.set_client_address(to_api(settings.client_address));
    if (settings.persistence) {
        *wire.mutable_persistence() = to_api(*settings.persistence, family);
    }
    return wire;
}

api::Service to_api_without_servers(const model::ServiceView& service) {
    api::Service wire;
    *wire.mutable_key() = to_api(service.key);
    *wire.mutable_settings() = to_api(service.settings, service.key.address.family);
    *wire.mutable_counters() = to_api(service.counters);
    *wire.mutable_rates() = to_api(service.rates);
    for (const model::IpAddress& address : service.local_addresses) {
        wire.add_local_addresses(model::to_string(address));
    }
    return wire;
}

api::Server to_api(const model::ServerView& server) {
    api::Server wire;
    *wire.mutable_key() = to_api(server.key);
    wire.mutable_settings()->set_forwarding(to_api(server.settings.forwarding));
    wire.mutable_settings()->set_weight(server.settings.weight);
    wire.mutable_settings()->set_upper_threshold(server.settings.upper_threshold);
    wire.mutable_settings()->set_lower_threshold(server.settings.lower_threshold);
    if (server.settings.forwarding == model::Forwarding::tunnel) {
        *wire.mutable_settings()->mutable_tunnel() = to_api(server.settings.tunnel);
    }
    wire.set_active_connections(server.active_connections);
    wire.set_inactive_connections(server.inactive_connections);
    wire.set_persistent_connections(server.persistent_connections);
    *wire.mutable_counters() = to_api(server.counters);
    *wire.mutable_rates() = to_api(server.rates);
    return wire;
}

api::Connection to_api(const model::ConnectionView& connection) {
    api::Connection wire;
    // A template by firewall mark has the mark for its address, and no protocol.
    const bool by_mark = connection.firewall_mark != 0;
    wire.set_protocol(by_mark ? api::PROTOCOL_UNSPECIFIED : to_api(connection.protocol));
    wire.set_expires_s(connection.expires_s);
    wire.set_state(connection.state);
    wire.set_client_address(model::to_string(connection.client_address));
    wire.set_client_port(connection.client_port);
    wire.set_virtual_address(
        model::to_string(by_mark ? address_of_mark(connection) : connection.virtual_address));
    wire.set_virtual_port(connection.virtual_port);
    wire.set_server_address(model::to_string(connection.server_address));
    wire.set_server_port(connection.server_port);
    wire.set_template_entry(connection.template_entry);
    wire.set_offloaded(connection.offloaded);
    wire.set_forwarding(to_api(connection.forwarding));
    if (connection.forwarding == model::Forwarding::full_nat) {
        wire.set_local_address(model::to_string(connection.local_address));
        wire.set_local_port(connection.local_port);
    }
    return wire;
}

api::Code to_api(Code code) {
    switch (code) {
        case Code::invalid_argument:
            return api::CODE_INVALID_ARGUMENT;
        case Code::already_exists:
            return api::CODE_ALREADY_EXISTS;
        case Code::not_found:
            return api::CODE_NOT_FOUND;
        case Code::failed_precondition:
            return api::CODE_UNSUPPORTED;
        case Code::exhausted:
            return api::CODE_LIMIT_REACHED;
        case Code::unavailable:
            return api::CODE_UNAVAILABLE;
        case Code::mismatch:
            return api::CODE_MISMATCH;
        case Code::internal:
            return api::CODE_INTERNAL;
    }
    return api::CODE_INTERNAL;
}

Code from_api(api::Code code) {
    switch (code) {
        case api::CODE_MALFORMED_REQUEST:
        case api::CODE_INVALID_ARGUMENT:
            return Code::invalid_argument;
        case api::CODE_ALREADY_EXISTS:
            return Code::already_exists;
        case api::CODE_NOT_FOUND:
            return Code::not_found;
        case api::CODE_UNSUPPORTED:
        case api::CODE_UNKNOWN_OPERATION:
        case api::CODE_NOT_PERMITTED:
            return Code::failed_precondition;
        case api::CODE_LIMIT_REACHED:
        case api::CODE_TOO_MANY_CLIENTS:
            return Code::exhausted;
        case api::CODE_UNAVAILABLE:
            return Code::unavailable;
        case api::CODE_MISMATCH:
            return Code::mismatch;
        default:
            return Code::internal;
    }
}

}  // namespace fpvs::control
