// SPDX-License-Identifier: Apache-2.0
#include "tests/parity/engine/operations.hpp"

#include <fmt/core.h>

#include <array>

#include "tests/parity/text.hpp"

namespace fpvs::parity {
namespace {

using reference::Address;
using reference::Forwarding;
using reference::Protocol;
using Kind = Operation::Kind;

constexpr std::uint32_t kMark = 7;

[[nodiscard]] Address address(int family, std::uint32_t network, std::uint32_t host) {
    return family == 4 ? reference::ipv4_address(network + host)
                       : reference::ipv6_address({0xfd000000, network, host * 0x01010101, host});
}
[[nodiscard]] Address virtual_address(int family, std::uint32_t host) {
    return address(family, 0x0a080000, host);
}
// A mask that joins the clients of one, two, four or all addresses.
[[nodiscard]] Address mask(int family, std::uint32_t free_bits) {
    Address mask = {.family = family};
    for (std::size_t i = 0; i < mask.size(); ++i) {
        mask.bytes[i] = 0xff;
    }
    mask.bytes[mask.size() - 1] = static_cast<std::uint8_t>(0xff << free_bits);
    return mask;
}

}  // namespace

std::vector<Operation> Generator::operations(std::size_t count) {
    // First something to work with.
    constexpr std::size_t kSetUp = 100;
    constexpr std::array<Kind, 6> kSetUpKinds = {Kind::add_service,
                                                 Kind::add_service,
                                                 Kind::add_server,
                                                 Kind::add_server,
                                                 Kind::add_server,
                                                 Kind::add_local_address};
    std::vector<Operation> operations(count);
    for (std::size_t i = 0; i < count; ++i) {
        operations[i] = operation(i < kSetUp ? one_of(kSetUpKinds) : kind());
    }
    return operations;
}

Kind Generator::kind() {
    // Some are rare: what they end must have had time to grow.
    constexpr std::array<Kind, 20> kRare = {
        Kind::add_service,          Kind::add_service, Kind::edit_service, Kind::delete_service,
        Kind::add_server,           Kind::add_server,  Kind::add_server,   Kind::add_server,
        Kind::edit_server,          Kind::edit_server, Kind::edit_server,  Kind::delete_server,
        Kind::delete_server,        Kind::set,         Kind::set,          Kind::add_local_address,
        Kind::delete_local_address, Kind::zero,        Kind::set_timeouts, Kind::add_local_address};
    constexpr std::array<Kind, 16> kUsual = {Kind::wait,
                                             Kind::error,
                                             Kind::reply,
                                             Kind::reply,
                                             Kind::reply,
                                             Kind::reply,
                                             Kind::reply,
                                             Kind::packet,
                                             Kind::packet,
                                             Kind::packet,
                                             Kind::packet,
                                             Kind::packet,
                                             Kind::packet,
                                             Kind::packet,
                                             Kind::packet,
                                             Kind::packet};
    return below(5) == 0 ? one_of(kRare) : one_of(kUsual);
}

Operation Generator::operation(Kind kind) {
    Operation made = {.kind = kind};
    made.service = service();
    const int family = made.service.address.family;
    made.server = server(below(6) == 0 ? 10 - family : family);
    made.service_settings = service_settings(family);
    made.server_settings = server_settings();
    choose_setting(made);
    made.timeouts = {.tcp_s = 900 + below(2), .tcp_fin_s = 120, .udp_s = 20 + below(3)};
    made.wait_ms = below(below(8) == 0 ? 1'000'000 : 12'000);
    made.packet = packet();
    made.number = below(1'000'000);
    made.local_address = address(family, 0xc0a86400, below(3));
    return made;
}

Protocol Generator::protocol() {
    constexpr std::array<Protocol, 6> kProtocols = {
        Protocol::tcp, Protocol::tcp, Protocol::tcp, Protocol::udp, Protocol::udp, Protocol::sctp};
    return one_of(kProtocols);
}

reference::ServiceId Generator::service() {
    const int kind = family();
    switch (below(6)) {
        case 0:
            return {.address = virtual_address(kind, 1), .port = 53, .protocol = Protocol::udp};
        case 1:
            return {.address = virtual_address(kind, 1), .port = 0, .protocol = protocol()};
        case 2:
            return {.address = {.family = kind}, .mark = kMark};
        case 3:
            return {.address = virtual_address(kind, 1), .port = 21};
        case 4:
            return {.address = virtual_address(kind, 1), .port = 80, .protocol = Protocol::sctp};
        default:
            return {.address = virtual_address(kind, 1), .port = 80};
    }
}

reference::ServerId Generator::server(int family) {
    return {.address = address(family, 0xc0a80100, below(5)),
            .port = static_cast<std::uint16_t>(80 + below(2))};
}

reference::ServiceSettings Generator::service_settings(int family) {
    constexpr std::array<const char*, 14> kNames = {"rr",
                                                    "wrr",
                                                    "lc",
                                                    "wlc",
                                                    "lblc",
                                                    "lblcr",
                                                    "dh",
                                                    "sh",
                                                    "sed",
                                                    "nq",
                                                    "fo",
                                                    "ovf",
                                                    "mh",
                                                    "mh"};
    constexpr std::array<std::uint32_t, 3> kTimeouts = {7, 33, 77};
    reference::ServiceSettings settings = {
        .scheduler = below(30) == 0 ? "nosuch" : one_of(kNames),
        .hash_fallback = below(2) == 0,
        .hash_port = below(2) == 0,
        .one_packet = below(4) == 0,
    };
    if (below(3) == 0) {
        settings.persistence = {.timeout_s = one_of(kTimeouts), .mask = mask(family, below(3))};
    }
    return settings;
}

reference::ServerSettings Generator::server_settings() {
    constexpr std::array<int, 8> kWeights = {0, 1, 1, 2, 3, 4, 10, 100};
    constexpr std::array<Forwarding, 6> kMethods = {Forwarding::full_nat,
                                                    Forwarding::direct_routing,
                                                    Forwarding::nat,
                                                    Forwarding::nat,
                                                    Forwarding::tunnel,
                                                    Forwarding::local};
    const std::uint32_t upper = below(3) == 0 ? 1 + below(6) : 0;
    return {.forwarding = one_of(kMethods),
            .tunnel = {},
            .weight = one_of(kWeights),
            .upper_threshold = upper,
            .lower_threshold = below(2) == 0 ? 0 : below(upper + 2)};
}

void Generator::choose_setting(Operation& operation) {
    constexpr std::array<const char*, 9> kNames = {"expire_nodest_conn",
                                                   "expire_quiescent_template",
                                                   "conn_reuse_mode",
                                                   "sloppy_tcp",
                                                   "sloppy_sctp",
                                                   "secure_tcp",
                                                   "nat_icmp_send",
                                                   "drop_packet",
                                                   "am_droprate"};
    operation.setting = one_of(kNames);
    operation.value = static_cast<int>(below(2));
    if (operation.setting == "conn_reuse_mode") {
        operation.value = static_cast<int>(below(4));
    } else if (operation.setting == "secure_tcp" || operation.setting == "drop_packet") {
        operation.value *= 3;  // Off or on: between them the room left in the table decides.
    } else if (operation.setting == "am_droprate") {
        operation.value = static_cast<int>(1 + below(5));
    }
}

reference::Packet Generator::packet() {
    constexpr std::array<std::uint16_t, 4> kPorts = {21, 53, 80, 443};
    // Mostly to a service, if it is there; to one of every port by some port.
    const reference::ServiceId to = service();
    const int kind = to.address.family;
    reference::Packet packet = {.protocol = to.protocol, .bytes = 40 + below(1000)};
    packet.source = address(kind, 0x0a010000, below(4));
    packet.source_port = static_cast<std::uint16_t>(below(50) == 0 ? 20 : 40000 + below(4));
    packet.destination = virtual_address(kind, below(16) == 0 ? 2 : 1);
    packet.destination_port = to.port != 0 ? to.port : one_of(kPorts);
    if (to.mark != 0 || below(10) == 0) {
        packet.protocol = protocol();
        packet.mark = kMark + (below(8) == 0 ? 1 : 0);
    }
    choose_flags(packet);
    return packet;
}

void Generator::choose_flags(reference::Packet& packet) {
    constexpr std::array<std::uint8_t, 16> kChunks = {
        1, 1, 1, 1, 2, 10, 10, 11, 0, 3, 7, 8, 14, 9, 6, 4};
    const std::uint32_t kind = below(16);
    if (packet.protocol == Protocol::sctp) {
        packet.chunk = kChunks[kind];
    } else if (packet.protocol == Protocol::tcp) {
        packet.syn = kind < 7;
        packet.ack = kind >= 6 && kind < 15;
        packet.fin = kind == 11 || kind == 12;
        packet.rst = kind == 13 || kind == 15;
    }
}

// --- As text.

namespace {

[[nodiscard]] std::string text(const reference::ServiceId& service) {
    return service.mark != 0
               ? fmt::format("mark {} of IPv{}", service.mark, service.address.family)
               : fmt::format("{}/{}",
                             to_text(reference::Endpoint{service.address, service.port}),
                             static_cast<int>(service.protocol));
}
[[nodiscard]] std::string text(const reference::ServiceSettings& settings) {
    std::string all = settings.scheduler;
    all += settings.hash_fallback ? " fallback" : "";
    all += settings.hash_port ? " port" : "";
    all += settings.one_packet ? " one-packet" : "";
    if (settings.persistence) {
        all += fmt::format(" persistent {} mask {}",
                           settings.persistence->timeout_s,
                           to_text(settings.persistence->mask));
    }
    return all;
}
[[nodiscard]] std::string text(const reference::ServerSettings& settings) {
    constexpr std::array<const char*, 5> kMethods = {
        "nat", "local", "tunnel", "direct_routing", "full_nat"};
    return fmt::format("{} weight {} thresholds {} {}",
                       kMethods[static_cast<std::size_t>(settings.forwarding)],
                       settings.weight,
                       settings.upper_threshold,
                       settings.lower_threshold);
}
[[nodiscard]] std::string flags(const reference::Packet& packet) {
    if (packet.protocol == Protocol::sctp) {
        return fmt::format("chunk {}", packet.chunk);
    }
    return fmt::format("{}{}{}{}",
                       packet.syn ? "S" : "",
                       packet.fin ? "F" : "",
                       packet.rst ? "R" : "",
                       packet.ack ? "A" : "");
}
[[nodiscard]] std::string text(const reference::Packet& packet) {
    return fmt::format("{} -> {} protocol {} {} mark {} bytes {}",
                       to_text(reference::Endpoint{packet.source, packet.source_port}),
                       to_text(reference::Endpoint{packet.destination, packet.destination_port}),
                       static_cast<int>(packet.protocol),
                       flags(packet),
                       packet.mark,
                       packet.bytes);
}

}  // namespace

std::string describe(const Operation& operation) {
    const std::string service = text(operation.service);
    const std::string server =
        to_text(reference::Endpoint{operation.server.address, operation.server.port});
    switch (operation.kind) {
        case Kind::add_service:
            return fmt::format("add service {} {}", service, text(operation.service_settings));
        case Kind::edit_service:
            return fmt::format("edit service {} {}", service, text(operation.service_settings));
        case Kind::delete_service:
            return fmt::format("delete service {}", service);
        case Kind::add_server:
            return fmt::format(
                "add server {} {} {}", service, server, text(operation.server_settings));
        case Kind::edit_server:
            return fmt::format(
                "edit server {} {} {}", service, server, text(operation.server_settings));
        case Kind::delete_server:
            return fmt::format("delete server {} {}", service, server);
        case Kind::add_local_address:
            return fmt::format("add local {} {}", service, to_text(operation.local_address));
        case Kind::delete_local_address:
            return fmt::format("delete local {} {}", service, to_text(operation.local_address));
        case Kind::zero:
            return fmt::format("zero {}", operation.number % 2 == 0 ? "all" : service);
        case Kind::set:
            return fmt::format("set {} {}", operation.setting, operation.value);
        case Kind::set_timeouts:
            return fmt::format("set timeouts {} {} {}",
                               operation.timeouts.tcp_s,
                               operation.timeouts.tcp_fin_s,
                               operation.timeouts.udp_s);
        case Kind::wait:
            return fmt::format("wait {} ms", operation.wait_ms);
        case Kind::packet:
            return fmt::format("packet {}", text(operation.packet));
        case Kind::reply:
            return fmt::format("reply of connection {}: {} {} bytes",
                               operation.number,
                               flags(operation.packet),
                               operation.packet.bytes);
        case Kind::error:
            return fmt::format("error about {}{}",
                               operation.number % 2 == 0 ? "a reply to " : "",
                               text(operation.packet));
    }
    return {};
}

}  // namespace fpvs::parity
