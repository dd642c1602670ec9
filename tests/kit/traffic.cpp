// SPDX-License-Identifier: Apache-2.0
#include "tests/kit/traffic.hpp"

#include <cstdio>
#include <cstdlib>
#include <iterator>

#include "hw/abi/limits.hpp"

namespace fpvs::kit {
namespace {

using abi::Method;
using abi::Steer;

constexpr std::uint64_t kPortMac[] = {0x0200000000d0, 0x0200000000d1};
constexpr std::uint32_t kVip = 0x0a000064;
constexpr std::uint32_t kServerNet = 0xc0a80000;
constexpr std::uint64_t kVip6High = 0x20010db800000000;
constexpr std::uint64_t kServer6High = 0x20010db800010000;
constexpr std::uint8_t kTcp = 6;
constexpr std::uint8_t kUdp = 17;
constexpr std::uint8_t kSctp = 132;
constexpr std::uint8_t kSctpInit = 1;
constexpr std::uint16_t kServerPort = 8080;
constexpr std::uint16_t kGuePort = 6080;
constexpr int kServices = 40;
constexpr int kServersPerService = 3;
constexpr int kHops = 16;
constexpr int kHopNumberStep = 257;
constexpr int kFlowsPerService = 24;
constexpr std::size_t kYoungKept = 16;
constexpr std::uint16_t kMtuMax = 9582;

constexpr Method kMethods[] = {
    Method::direct_routing, Method::nat, Method::tunnel, Method::full_nat, Method::nat};
constexpr std::uint8_t kProtocols[] = {kTcp, kUdp, kTcp, kTcp, kSctp};

Address address_of(std::uint64_t ipv6_high, std::uint32_t ipv4, std::uint32_t number, bool ipv6) {
    return ipv6 ? Address(ipv6_high, number) : Address(ipv4 + number);
}

void set_ends(FrameSpec& spec, const Address& source, const Address& destination) {
    spec.ipv6 = source.ipv6;
    if (spec.ipv6) {
        spec.source = source;
        spec.destination = destination;
    } else {
        spec.source_address = static_cast<std::uint32_t>(source.low);
        spec.destination_address = static_cast<std::uint32_t>(destination.low);
    }
}

}  // namespace

std::uint64_t seed_from_environment(std::uint64_t otherwise) {
    const char* text = std::getenv("FPVS_SEED");
    const bool given = text != nullptr && *text != 0;
    const std::uint64_t seed = given ? std::strtoull(text, nullptr, 0) : otherwise;
    std::printf("seed: replay with FPVS_SEED=%llu\n", static_cast<unsigned long long>(seed));
    return seed;
}

Traffic::Traffic(std::uint64_t seed, TrafficMix mix) : engine_(seed), mix_(mix) {
    setup_.ports[0] = {kPortMac[0], true};
    setup_.ports[1] = {kPortMac[1], true};
    add_hops();
    for (int number = 0; number < kServices; ++number) {
        add_service(number);
    }
}

std::uint32_t Traffic::random(std::uint32_t below) {
    return static_cast<std::uint32_t>(engine_() % below);
}

std::uint16_t Traffic::any_hop() {
    return static_cast<std::uint16_t>(random(kHops) * kHopNumberStep);
}

void Traffic::add_hops() {
    for (int number = 0; number < kHops; ++number) {
        NextHopSetup hop;
        hop.next_hop = static_cast<std::uint16_t>(number * kHopNumberStep);
        hop.destination_mac = 0x020000000100u + static_cast<std::uint64_t>(number);
        hop.port = static_cast<std::uint8_t>(number % 2);
        hop.source_mac = kPortMac[hop.port];
        hop.mtu = number % 4 == 3 ? 1500 : kMtuMax;
        if (number % 3 == 2) {
            hop.vlan = static_cast<std::uint16_t>(100 + number);
        }
        setup_.next_hops.push_back(hop);
    }
}

// Methods, protocols and families in turn; the second half schedules in the card.
void Traffic::add_service(int number) {
    const bool ipv6 = number % 4 == 3;
    Method method = kMethods[static_cast<std::size_t>(number) % std::size(kMethods)];
    if (ipv6 && method == Method::full_nat) {
        method = Method::tunnel;
    }
    ServiceSetup service;
    service.address = address_of(kVip6High, kVip, static_cast<std::uint32_t>(number / 8), ipv6);
    service.port = static_cast<std::uint16_t>(80 + 11 * number);
    service.protocol = kProtocols[static_cast<std::size_t>(number / 2) % std::size(kProtocols)];
    service.service = static_cast<std::uint16_t>(number * 25 + random(25));
    add_servers(service, method);
    std::vector<std::uint16_t> servers;
    for (std::size_t i = setup_.servers.size() - kServersPerService; i < setup_.servers.size();
         ++i) {
        servers.push_back(setup_.servers[i].server);
    }
    if (number >= kServices / 2) {
        service.steer = steer_of(number, servers);
        FrameSpec first = of_service(service);
        first.tcp_flags = tcp::kSyn;
        first.sctp_chunk = kSctpInit;
        first_packets_.push_back(first);
    }
    setup_.services.push_back(service);
    for (int flow = 0; flow < kFlowsPerService; ++flow) {
        add_flow(service, method);
    }
}

void Traffic::add_servers(const ServiceSetup& service, Method method) {
    for (int i = 0; i < kServersPerService; ++i) {
        const auto number = static_cast<std::uint32_t>(setup_.servers.size());
        ServerSetup server;
        server.server = static_cast<std::uint16_t>(number * 34);
        server.next_hop = any_hop();
        server.method = method;
        const bool other_family = method == Method::tunnel && percent(30);
        const bool ipv6 = service.address.ipv6 != other_family;
        server.address = address_of(kServer6High, kServerNet, 1000 + number, ipv6);
        server.port = kServerPort;
        server.tunnel = static_cast<abi::Tunnel>(random(3));
        server.tunnel_checksum = percent(50) && server.tunnel != abi::Tunnel::ipip;
        server.tunnel_port = kGuePort;
        server.outer_source = address_of(kServer6High, kServerNet, 1, ipv6);
        server.valid = !percent(3);
        setup_.servers.push_back(server);
        if (method == Method::nat || method == Method::full_nat) {
            setup_.replies.push_back({server.address,
                                      server.port,
                                      service.protocol,
                                      service.service,
                                      server.server,
                                      method == Method::full_nat});
        }
    }
}

SteerSetup Traffic::steer_of(int number, const std::vector<std::uint16_t>& servers) {
    constexpr std::uint32_t kMaglevSizes[] = {251, 509};
    SteerSetup steer;
    steer.kind = static_cast<Steer>(1 + number % 4);
    steer.use_port = percent(50);
    steer.cursor = static_cast<std::uint8_t>(number % abi::kCursorsMax);
    const std::uint32_t size = steer.kind == Steer::source   ? 256
                               : steer.kind == Steer::maglev ? kMaglevSizes[random(2)]
                               : steer.kind == Steer::fixed  ? 1
                                                             : 1 + random(12);
    for (std::uint32_t place = 0; place < size; ++place) {
        const bool nobody = percent(4);
        const auto server = servers[random(static_cast<std::uint32_t>(servers.size()))];
        steer.places.push_back(nobody ? std::nullopt : std::optional(server));
    }
    return steer;
}

FrameSpec Traffic::of_service(const ServiceSetup& service) {
    FrameSpec spec;
    const std::uint32_t client = 1 + random(1 << 16);
    const bool ipv6 = service.address.ipv6;
    set_ends(spec, address_of(kVip6High, 0x0a010000, client, ipv6), service.address);
    spec.source_port = static_cast<std::uint16_t>(1024 + random(60000));
    spec.destination_port = service.port;
    spec.protocol = service.protocol;
    spec.transport_checksum.reset();
    return spec;
}

void Traffic::add_flow(const ServiceSetup& service, Method method) {
    const std::size_t first = setup_.servers.size() - kServersPerService;
    const ServerSetup& server = setup_.servers[first + random(kServersPerService)];
    Known known;
    known.forward = of_service(service);
    FlowSetup flow;
    flow.client =
        service.address.ipv6 ? known.forward.source : Address(known.forward.source_address);
    flow.client_port = known.forward.source_port;
    flow.service = service.service;
    flow.server = server.server;
    flow.method = percent(3) ? (percent(50) ? Method::host : Method::local) : method;
    flow.next_hop = any_hop();
    Address end = flow.client;
    std::uint16_t end_port = flow.client_port;
    if (method == Method::full_nat) {
        end = Address(kServerNet + 1);
        end_port = static_cast<std::uint16_t>(10000 + setup_.flows.size());
        FlowSetup reply = flow;
        reply.client = end;
        reply.client_port = end_port;
        reply.reply = true;
        reply.other_address = static_cast<std::uint32_t>(flow.client.low);
        reply.other_port = flow.client_port;
        flow.other_address = static_cast<std::uint32_t>(end.low);
        flow.other_port = end_port;
        setup_.flows.push_back(reply);
    }
    setup_.flows.push_back(flow);
    if (method == Method::nat || method == Method::full_nat) {
        FrameSpec reply = known.forward;
        set_ends(reply, server.address, end);
        reply.source_port = server.port;
        reply.destination_port = end_port;
        known.reply = reply;
    }
    known_.push_back(known);
}

// What differs from packet to packet of a connection.
void Traffic::vary(FrameSpec& spec) {
    spec.identification = static_cast<std::uint16_t>(random(0x10000));
    spec.ttl = static_cast<std::uint8_t>(2 + random(254));
    spec.tos = static_cast<std::uint8_t>(random(256));
    spec.fragment = percent(70) ? 0x4000 : 0;
    if (percent(30)) {
        spec.vlan_tci = static_cast<std::uint16_t>(random(0x10000));
        if (percent(30)) {
            spec.outer_vlan_tci = static_cast<std::uint16_t>(random(0x10000));
        }
    }
    if (percent(10) && !spec.ipv6) {
        spec.options.assign(4 * (1 + random(10)), 1);
    }
    const bool jumbo = percent(mix_.jumbo_percent);
    spec.payload_bytes = random(static_cast<std::uint32_t>(jumbo ? 8900 : mix_.payload_bytes_max));
    spec.padding_bytes = percent(10) ? random(70) : 0;
}

FrameSpec Traffic::known() {
    const Known& one = known_[random(static_cast<std::uint32_t>(known_.size()))];
    FrameSpec spec = one.reply && percent(50) ? *one.reply : one.forward;
    vary(spec);
    spec.tcp_flags = percent(5) ? static_cast<std::uint8_t>(random(256)) : tcp::kAck;
    return spec;
}

FrameSpec Traffic::young() {
    FrameSpec spec;
    if (young_.size() == kYoungKept && percent(60)) {
        spec = young_[random(kYoungKept)];
        spec.tcp_flags = percent(20) ? tcp::kSyn : tcp::kAck;
        spec.sctp_chunk = percent(20) ? kSctpInit : 0;
    } else {
        spec = first_packets_[random(static_cast<std::uint32_t>(first_packets_.size()))];
        spec.source_port = static_cast<std::uint16_t>(1024 + random(60000));
        if (young_.size() == kYoungKept) {
            young_.erase(young_.begin());
        }
        young_.push_back(spec);
    }
    vary(spec);
    return spec;
}

void Traffic::make_odd(FrameSpec& spec) {
    constexpr std::uint8_t kExtensions[] = {0, 43, 44, 50, 51, 60, 59, 135};
    const auto any16 = [this] { return static_cast<std::uint16_t>(random(0x10000)); };
    switch (random(20)) {
        case 0:
            spec.source_port = any16();
            break;
        case 1:
            spec.source_address = random(~0u);
            spec.source.low ^= std::uint64_t{1} << random(64);
            break;
        case 2:
            spec.destination_address = kVip + random(4);
            spec.destination.high ^= std::uint64_t{1} << random(64);
            break;
        case 3:
            spec.destination_port = any16();
            break;
        case 4:
            spec.protocol = static_cast<std::uint8_t>(random(256));
            break;
        case 5:
            spec.fragment = any16();
            break;
        case 6:
            spec.ip_checksum = any16();
            break;
        case 7:
            spec.total_length = static_cast<std::uint16_t>(random(300));
            break;
        case 8:
            spec.version = static_cast<std::uint8_t>(random(16));
            break;
        case 9:
            spec.header_words = static_cast<std::uint8_t>(random(16));
            break;
        case 10:
            spec.ttl = static_cast<std::uint8_t>(random(3));
            break;
        case 11:
            spec.tcp_header_words = static_cast<std::uint8_t>(random(16));
            break;
        case 12:
            spec.udp_length = static_cast<std::uint16_t>(random(300));
            break;
        case 13:
            spec.destination_mac = percent(50) ? 0xffffffffffff : kPortMac[0] + random(4);
            break;
        case 14:
            spec.ether_type = percent(50) ? 0x0806 : any16();
            break;
        case 15:
            spec.outer_vlan_tci = any16();
            break;
        case 16:
            spec.options.resize(4 * (1 + random(10)));
            for (std::uint8_t& octet : spec.options) {
                octet = static_cast<std::uint8_t>(random(4) == 0 ? random(256) : random(2));
            }
            break;
        case 17:
            spec.extension.assign(8 * (1 + random(6)), 0);
            spec.extension[1] = static_cast<std::uint8_t>(
                percent(90) ? spec.extension.size() / 8 - 1 : random(256));
            spec.extension_type = kExtensions[random(std::size(kExtensions))];
            break;
        case 18:
            spec.transport_checksum = percent(50) ? 0 : any16();
            break;
        default:
            spec.tcp_flags = tcp::kSyn;
            break;
    }
}

FrameBytes Traffic::noise() {
    FrameBytes frame(1 + random(300));
    for (std::uint8_t& octet : frame) {
        octet = static_cast<std::uint8_t>(random(256));
    }
    return frame;
}

Received Traffic::next() {
    Received received;
    received.port = static_cast<int>(random(abi::kPortsMax));
    int kind = static_cast<int>(random(100));
    const bool is_young = (kind -= mix_.young_percent) < 0;
    const bool is_known = !is_young && (kind -= mix_.known_percent) < 0;
    const bool is_odd = !is_young && !is_known && (kind -= mix_.odd_percent) < 0;
    const bool is_cut = !is_young && !is_known && !is_odd && (kind -= mix_.cut_percent) < 0;
    if (!is_young && !is_known && !is_odd && !is_cut) {
        received.frame = noise();
        return received;
    }
    FrameSpec spec = is_young || (!is_known && percent(20)) ? young() : known();
    spec.destination_mac = kPortMac[received.port];
    if (is_odd) {
        make_odd(spec);
    }
    received.frame = build_frame(spec);
    if (is_cut) {
        received.frame.resize(1 + random(static_cast<std::uint32_t>(received.frame.size())));
    }
    return received;
}

}  // namespace fpvs::kit
