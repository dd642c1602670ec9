// SPDX-License-Identifier: Apache-2.0
#include "tests/kit/traffic.hpp"

#include <cstdio>
#include <cstdlib>

#include "hw/abi/limits.hpp"

namespace fpvs::kit {
namespace {

constexpr std::uint64_t kPortMac[] = {0x0200000000d0, 0x0200000000d1};
constexpr std::uint32_t kVip = 0x0a000064;
constexpr std::uint8_t kTcp = 6;
constexpr std::uint8_t kUdp = 17;
constexpr int kServices = 8;
constexpr int kHops = 16;
constexpr int kFlows = 400;
constexpr std::uint16_t kMtuMax = 9582;

std::uint8_t protocol_of(int service) {
    return service % 2 == 0 ? kTcp : kUdp;
}

std::uint16_t port_of(int service) {
    return static_cast<std::uint16_t>(80 + 1111 * service);
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
    for (int service = 0; service < kServices; ++service) {
        setup_.services.push_back({kVip + static_cast<std::uint32_t>(service / 4),
                                   port_of(service),
                                   protocol_of(service),
                                   static_cast<std::uint16_t>(random(4096))});
    }
    for (int number = 0; number < kHops; ++number) {
        NextHopSetup hop;
        hop.next_hop = static_cast<std::uint16_t>(number * 68);
        hop.destination_mac = 0x020000000100u + static_cast<std::uint64_t>(number);
        hop.port = static_cast<std::uint8_t>(number % 2);
        hop.source_mac = kPortMac[hop.port];
        hop.mtu = number % 4 == 3 ? 1500 : kMtuMax;
        if (number % 8 == 6) {
            hop.vlan = static_cast<std::uint16_t>(100 + number);
        }
        setup_.next_hops.push_back(hop);
    }
    for (int flow = 0; flow < kFlows; ++flow) {
        FlowSetup entry;
        entry.client_address = 0x0a000000u + random(1 << 16);
        entry.client_port = static_cast<std::uint16_t>(1024 + flow);
        entry.service = setup_.services[random(kServices)].service;
        entry.server = static_cast<std::uint16_t>(random(abi::kServersMax));
        entry.next_hop = setup_.next_hops[random(kHops)].next_hop;
        entry.method = percent(5) ? abi::Method::nat : abi::Method::direct_routing;
        setup_.flows.push_back(entry);
    }
}

std::uint32_t Traffic::random(std::uint32_t below) {
    return static_cast<std::uint32_t>(engine_() % below);
}

FrameSpec Traffic::known() {
    const FlowSetup& flow = setup_.flows[random(kFlows)];
    const ServiceSetup* service = nullptr;
    for (const ServiceSetup& candidate : setup_.services) {
        if (candidate.service == flow.service) {
            service = &candidate;
        }
    }
    const NextHopSetup& hop = setup_.next_hops[flow.next_hop / 68];
    FrameSpec spec;
    spec.source_address = flow.client_address;
    spec.source_port = flow.client_port;
    spec.destination_address = service->address;
    spec.destination_port = service->port;
    spec.protocol = service->protocol;
    spec.identification = static_cast<std::uint16_t>(random(0x10000));
    spec.ttl = static_cast<std::uint8_t>(2 + random(254));
    if (hop.vlan) {
        spec.vlan_tci = static_cast<std::uint16_t>(random(0x10000));
    }
    if (percent(10)) {
        spec.options.assign(4 * (1 + random(10)), 1);
    }
    const bool jumbo = percent(mix_.jumbo_percent);
    spec.payload_bytes = random(static_cast<std::uint32_t>(jumbo ? 8900 : mix_.payload_bytes_max));
    spec.padding_bytes = percent(10) ? random(70) : 0;
    spec.tcp_flags = percent(5) ? static_cast<std::uint8_t>(random(256)) : tcp::kAck;
    return spec;
}

void Traffic::make_odd(FrameSpec& spec) {
    const auto any16 = [this] { return static_cast<std::uint16_t>(random(0x10000)); };
    switch (random(18)) {
        case 0:
            spec.source_port = any16();
            break;
        case 1:
            spec.source_address = random(~0u);
            break;
        case 2:
            spec.destination_address = kVip + random(4);
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
    const int kind = static_cast<int>(random(100));
    if (kind >= mix_.known_percent + mix_.odd_percent + mix_.cut_percent) {
        received.frame = noise();
        return received;
    }
    FrameSpec spec = known();
    spec.destination_mac = kPortMac[received.port];
    if (kind >= mix_.known_percent && kind < mix_.known_percent + mix_.odd_percent) {
        make_odd(spec);
    }
    received.frame = build_frame(spec);
    if (kind >= mix_.known_percent + mix_.odd_percent) {
        received.frame.resize(1 + random(static_cast<std::uint32_t>(received.frame.size())));
    }
    return received;
}

}  // namespace fpvs::kit
