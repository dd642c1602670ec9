// SPDX-License-Identifier: Apache-2.0
#include "host/control/convert.hpp"

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "host/model/address.hpp"

namespace fpvs::control {
namespace {

// IPVS's flag-1 and flag-2, which sh and mh call -fallback and -port.
constexpr std::uint32_t kFlagFallback = 1;
constexpr std::uint32_t kFlagPort = 2;
constexpr std::uint32_t kPortMax = std::numeric_limits<std::uint16_t>::max();

Result<model::Ipv4> read_address(const std::string& text) {
    if (const auto address = model::parse_ipv4(text)) {
        return *address;
    }
    if (text.find(':') != std::string::npos) {
        return fail(Code::failed_precondition, "IPv6 addresses are not supported yet: {}", text);
    }
    return fail(Code::invalid_argument, "'{}' is no address", text);
}

Result<std::uint16_t> read_port(std::uint32_t port) {
    if (port > kPortMax) {
        return fail(Code::invalid_argument, "{} is no port", port);
    }
    return static_cast<std::uint16_t>(port);
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

api::ServerKey to_api(const model::ServerKey& key) {
    api::ServerKey wire;
    wire.set_address(model::to_string(key.address));
    wire.set_port(key.port);
    return wire;
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

api::ServiceSettings to_api(const model::ServiceSettings& settings) {
    api::ServiceSettings wire;
    wire.set_scheduler(settings.scheduler);
    wire.set_scheduler_flags((settings.hash_fallback ? kFlagFallback : 0) |
                             (settings.hash_port ? kFlagPort : 0));
    wire.set_one_packet(settings.one_packet);
    if (settings.persistence) {
        wire.mutable_persistence()->set_timeout_s(settings.persistence->timeout_s);
        if (settings.persistence->client_mask != model::Persistence{}.client_mask) {
            wire.mutable_persistence()->set_client_mask(
                model::to_string(model::Ipv4{settings.persistence->client_mask}));
        }
    }
    return wire;
}

}  // namespace

api::Protocol to_api(model::Protocol protocol) {
    return protocol == model::Protocol::tcp ? api::TCP : api::UDP;
}

Result<model::Protocol> from_api(api::Protocol protocol) {
    switch (protocol) {
        case api::TCP:
            return model::Protocol::tcp;
        case api::UDP:
            return model::Protocol::udp;
        case api::SCTP:
            return fail(Code::failed_precondition, "SCTP services are not supported yet");
        default:
            return fail(Code::invalid_argument, "A service needs a protocol");
    }
}

Result<model::ServiceKey> from_api(const api::ServiceKey& key) {
    model::ServiceKey service;
    if (key.firewall_mark() != 0) {
        if (key.family() == api::IPV6) {
            return fail(Code::failed_precondition, "IPv6 services are not supported yet");
        }
        service.firewall_mark = key.firewall_mark();
        return service;
    }
    FPVS_TRY(service.protocol, from_api(key.protocol()));
    FPVS_TRY(service.address, read_address(key.address()));
    FPVS_TRY(service.port, read_port(key.port()));
    return service;
}

Result<model::ServiceSettings> from_api(const api::ServiceSettings& settings) {
    if ((settings.scheduler_flags() & ~(kFlagFallback | kFlagPort)) != 0) {
        return fail(Code::failed_precondition, "Scheduler flag flag-3 is not supported yet");
    }
    model::ServiceSettings service{
        .scheduler = settings.scheduler(),
        .hash_fallback = (settings.scheduler_flags() & kFlagFallback) != 0,
        .hash_port = (settings.scheduler_flags() & kFlagPort) != 0,
        .persistence = {},
        .one_packet = settings.one_packet()};
    if (!settings.has_persistence()) {
        return service;
    }
    const api::Persistence& wire = settings.persistence();
    if (!wire.engine().empty()) {
        return fail(Code::failed_precondition, "Persistence engines are not supported yet");
    }
    model::Persistence persistence{.timeout_s = wire.timeout_s()};
    if (!wire.client_mask().empty()) {
        FPVS_TRY(const model::Ipv4 mask, read_address(wire.client_mask()));
        persistence.client_mask = mask.value;
    }
    service.persistence = persistence;
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
        case api::TUNNEL:
            if (settings.tunnel().kind() != api::IPIP) {
                return fail(Code::failed_precondition, "GUE and GRE tunnels are not supported yet");
            }
            server.forwarding = model::Forwarding::tunnel;
            break;
        case api::DIRECT_ROUTING:
            server.forwarding = model::Forwarding::direct_routing;
            break;
        default:
            return fail(Code::invalid_argument,
                        "A server is reached by NAT, TUNNEL or DIRECT_ROUTING");
    }
    return server;
}

api::ServiceKey to_api(const model::ServiceKey& key) {
    api::ServiceKey wire;
    wire.set_family(api::IPV4);
    if (key.firewall_mark != 0) {
        wire.set_firewall_mark(key.firewall_mark);
        return wire;
    }
    wire.set_protocol(to_api(key.protocol));
    wire.set_address(model::to_string(key.address));
    wire.set_port(key.port);
    return wire;
}

api::Service to_api_without_servers(const model::ServiceView& service) {
    api::Service wire;
    *wire.mutable_key() = to_api(service.key);
    *wire.mutable_settings() = to_api(service.settings);
    *wire.mutable_counters() = to_api(service.counters);
    *wire.mutable_rates() = to_api(service.rates);
    return wire;
}

api::Server to_api(const model::ServerView& server) {
    api::Server wire;
    *wire.mutable_key() = to_api(server.key);
    wire.mutable_settings()->set_forwarding(to_api(server.settings.forwarding));
    wire.mutable_settings()->set_weight(server.settings.weight);
    wire.mutable_settings()->set_upper_threshold(server.settings.upper_threshold);
    wire.mutable_settings()->set_lower_threshold(server.settings.lower_threshold);
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
    wire.set_virtual_address(model::to_string(by_mark ? model::Ipv4{connection.firewall_mark}
                                                      : connection.virtual_address));
    wire.set_virtual_port(connection.virtual_port);
    wire.set_server_address(model::to_string(connection.server_address));
    wire.set_server_port(connection.server_port);
    wire.set_template_entry(connection.template_entry);
    wire.set_offloaded(connection.offloaded);
    return wire;
}

api::Card to_api(const model::CardView& card) {
    api::Card wire;
    wire.set_present(card.present);
    wire.set_state(card.state);
    wire.set_bitstream_path(card.bitstream_path);
    wire.set_platform(card.platform);
    wire.set_uuid(card.uuid);
    wire.set_simulated(card.simulated);
    wire.set_abi_hash(card.abi_hash);
    wire.set_flows(card.flows);
    wire.set_flows_max(card.flows_max);
    for (const model::PortView& port : card.ports) {
        api::CardPort& added = *wire.add_ports();
        added.set_index(port.index);
        added.set_interface(port.interface);
        added.set_mac(model::to_string(port.mac));
        added.set_link_up(port.link_up);
    }
    for (const model::RingView& ring : card.rings) {
        api::CardRing& added = *wire.add_rings();
        added.set_name(ring.name);
        added.set_level(ring.level);
        added.set_slots(ring.slots);
    }
    for (const model::StageView& stage : card.stages) {
        api::CardStage& added = *wire.add_stages();
        added.set_name(stage.name);
        for (const model::StageCounterView& counter : stage.counters) {
            api::CardStageCounter& value = *added.add_counters();
            value.set_name(counter.name);
            value.set_packets(counter.packets);
            value.set_bytes(counter.bytes);
        }
    }
    return wire;
}

api::VrrpInstance to_api(const model::VrrpInstanceView& instance) {
    api::VrrpInstance wire;
    wire.set_name(instance.name);
    wire.set_interface(instance.interface);
    wire.set_virtual_router_id(instance.virtual_router_id);
    wire.set_state(instance.state);
    wire.set_priority(instance.priority);
    wire.set_advert_interval_cs(instance.advert_interval_cs);
    wire.set_master_address(model::to_string(instance.master_address));
    wire.set_master_priority(instance.master_priority);
    for (const model::VirtualAddress& address : instance.addresses) {
        api::VirtualAddress& added = *wire.add_addresses();
        added.set_address(model::to_string(address.address));
        added.set_prefix_length(address.prefix_length);
        added.set_interface(address.interface);
    }
    wire.set_master_transitions(instance.master_transitions);
    wire.set_adverts_sent(instance.adverts_sent);
    wire.set_adverts_received(instance.adverts_received);
    wire.set_adverts_refused(instance.adverts_refused);
    return wire;
}

api::HealthCheck to_api(const model::HealthCheckView& check) {
    api::HealthCheck wire;
    *wire.mutable_service() = to_api(check.service);
    *wire.mutable_server() = to_api(check.server);
    switch (check.kind) {
        case model::CheckKind::tcp:
            wire.set_kind("TCP_CHECK");
            break;
    }
    wire.set_up(check.up);
    wire.set_failures(check.failures);
    wire.set_since_s(check.since_s);
    wire.set_last_result(check.last_result);
    wire.set_checks_done(check.checks_done);
    return wire;
}

api::Daemon to_api(const model::DaemonView& daemon) {
    api::Daemon wire;
    wire.set_version(daemon.version);
    wire.set_process_id(daemon.process_id);
    wire.set_uptime_s(daemon.uptime_s);
    wire.set_config_path(daemon.config_path);
    wire.set_connections(daemon.connections);
    wire.set_connections_max(daemon.connections_max);
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
