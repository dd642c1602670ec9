// SPDX-License-Identifier: Apache-2.0
// Every forwarding method in both directions, both families, and the packets that a method leaves
// to the host.  Tunnels' outer headers are those of sim/reference.
#include <fmt/core.h>

#include <algorithm>
#include <string>
#include <vector>

#include "sim/reference/ip_packet.hpp"
#include "sim/reference/tunnel.hpp"
#include "tests/cases/director.hpp"

namespace fpvs::cases {
namespace {

using abi::Method;
using abi::Reason;
using kit::Address;
using kit::FrameSpec;

constexpr std::uint32_t kServerNet = 0xc0a80000;  // 192.168.0.0
constexpr std::uint32_t kOwn = kServerNet + 1;
constexpr Address kServerNet6(std::uint64_t host) {
    return {0x20010db800010000, host};
}

// Each service has its server, of the same number plus 100.
constexpr std::uint16_t kNat = 10;
constexpr std::uint16_t kFullNat = 11;
constexpr std::uint16_t kIpip = 12;
constexpr std::uint16_t kGre = 13;
constexpr std::uint16_t kGreSum = 14;
constexpr std::uint16_t kDirect6 = 15;
constexpr std::uint16_t kNat6 = 16;
constexpr std::uint16_t kSctpDirect = 17;
constexpr std::uint16_t kSctpNat = 18;
constexpr std::uint16_t kUdpNat = 19;
constexpr std::uint16_t kIpip4In6 = 20;
constexpr std::uint16_t kServerOf = 100;

constexpr std::uint16_t kServerPort = 80;
constexpr std::uint16_t kFlowPort = 31000;
constexpr std::uint16_t kLocalPort = 50000;

std::uint16_t port_of(std::uint16_t service) {
    return static_cast<std::uint16_t>(8000 + service);
}
std::uint16_t server_of(std::uint16_t service) {
    return static_cast<std::uint16_t>(service + kServerOf);
}
std::uint32_t server_address(std::uint16_t service) {
    return kServerNet + server_of(service);
}

struct Plan {
    std::uint16_t service;
    Method method;
    std::uint8_t protocol = kTcp;
    bool ipv6 = false;
    abi::Tunnel tunnel = abi::Tunnel::ipip;
    bool checksum = false;
    bool outer_ipv6 = false;
};

constexpr Plan kPlans[] = {
    {kNat, Method::nat},
    {kFullNat, Method::full_nat},
    {kIpip, Method::tunnel},
    {kGre, Method::tunnel, kTcp, false, abi::Tunnel::gre},
    {kGreSum, Method::tunnel, kTcp, false, abi::Tunnel::gre, true},
    {kDirect6, Method::direct_routing, kTcp, true},
    {kNat6, Method::nat, kTcp, true},
    {kSctpDirect, Method::direct_routing, kSctp},
    {kSctpNat, Method::nat, kSctp},
    {kUdpNat, Method::nat, kUdp},
    {kIpip4In6, Method::tunnel, kTcp, false, abi::Tunnel::ipip, false, true},
};

bool translates(Method method) {
    return method == Method::nat || method == Method::full_nat;
}

kit::Setup with_methods() {
    kit::Setup setup = director();
    for (const Plan& plan : kPlans) {
        const Address vip = plan.ipv6 ? kVip6 : Address(kVip);
        const bool far6 = plan.ipv6 || plan.outer_ipv6;
        const std::uint16_t service = plan.service;
        setup.services.push_back({vip, port_of(service), plan.protocol, service});
        kit::ServerSetup server;
        server.server = server_of(service);
        server.next_hop = kTwoArmed;
        server.method = plan.method;
        server.address = far6 ? kServerNet6(server_of(service)) : Address(server_address(service));
        server.port = kServerPort;
        server.tunnel = plan.tunnel;
        server.tunnel_checksum = plan.checksum;
        server.outer_source = far6 ? kServerNet6(1) : Address(kOwn);
        setup.servers.push_back(server);
        kit::FlowSetup flow;
        flow.client = plan.ipv6 ? kClient6 : Address(kClient);
        flow.client_port = kFlowPort;
        flow.service = service;
        flow.server = server.server;
        flow.method = plan.method;
        flow.next_hop = kToClient;
        if (plan.method == Method::full_nat) {
            flow.other_address = kOwn;
            flow.other_port = kLocalPort;
            kit::FlowSetup reply = flow;
            reply.client = kOwn;
            reply.client_port = kLocalPort;
            reply.reply = true;
            reply.other_address = kClient;
            reply.other_port = kFlowPort;
            setup.flows.push_back(reply);
        }
        setup.flows.push_back(flow);
        if (translates(plan.method)) {
            setup.replies.push_back({server.address,
                                     kServerPort,
                                     plan.protocol,
                                     service,
                                     server.server,
                                     plan.method == Method::full_nat});
        }
    }
    return setup;
}

// From the client, with a right checksum.
FrameSpec to_service(std::uint16_t service) {
    const Plan& plan = *std::find_if(std::begin(kPlans), std::end(kPlans), [&](const Plan& one) {
        return one.service == service;
    });
    FrameSpec spec;
    spec.ipv6 = plan.ipv6;
    spec.source = kClient6;
    spec.destination = kVip6;
    spec.protocol = plan.protocol;
    spec.source_port = kFlowPort;
    spec.destination_port = port_of(service);
    spec.transport_checksum.reset();
    return spec;
}

FrameSpec at_server(FrameSpec spec, std::uint16_t service) {
    spec.destination_address = server_address(service);
    spec.destination = kServerNet6(server_of(service));
    spec.destination_port = kServerPort;
    return spec;
}

// The answer to a packet as its server has it.
FrameSpec reply_to(const FrameSpec& seen, std::uint16_t service) {
    FrameSpec spec = seen;
    spec.destination_mac = kPortMac[1];
    spec.source_address = server_address(service);
    spec.source = kServerNet6(server_of(service));
    spec.source_port = kServerPort;
    spec.destination_address = seen.source_address;
    spec.destination = seen.source;
    spec.destination_port = seen.source_port;
    return spec;
}

// And as its client gets it.
FrameSpec at_client(FrameSpec spec, std::uint16_t service) {
    spec.source_address = kVip;
    spec.source = kVip6;
    spec.source_port = port_of(service);
    spec.destination_address = kClient;
    spec.destination_port = kFlowPort;
    return spec;
}

Step replied_as(const std::string& what,
                const FrameSpec& in,
                const FrameSpec& out,
                std::uint16_t service) {
    const kit::NextHopSetup hop = hop_of(director(), kToClient);
    Step step = forwarded_as(what, in, sent_by(out, hop), hop, {service, server_of(service)});
    step.in.port = 1;
    step.reason = Reason::replied;
    return step;
}

// What a test does with the sizes of packets: every length around the ends of beats.
std::vector<std::size_t> payloads() {
    std::vector<std::size_t> all;
    for (std::size_t payload = 0; payload <= 140; ++payload) {
        all.push_back(payload);
    }
    all.insert(all.end(), {511, 512, 1399, 1400});
    return all;
}

Case nat_case(const std::string& name, std::uint16_t service) {
    Case one{name, with_methods(), {}};
    const kit::NextHopSetup hop = hop_of(one.setup, kTwoArmed);
    for (const std::size_t payload : payloads()) {
        const FrameSpec in =
            with(to_service(service), [&](FrameSpec& s) { s.payload_bytes = payload; });
        FrameSpec out = at_server(in, service);
        if (service == kFullNat) {
            out.source_address = kOwn;
            out.source_port = kLocalPort;
        }
        one.steps.push_back(forwarded_as(fmt::format("to the server, payload {}", payload),
                                         in,
                                         sent_by(out, hop),
                                         hop,
                                         {service, server_of(service)}));
        const FrameSpec reply = reply_to(out, service);
        one.steps.push_back(replied_as(fmt::format("to the client, payload {}", payload),
                                       reply,
                                       at_client(reply, service),
                                       service));
    }
    return one;
}

// Checksums on the way through zero, and ones that were wrong before.
Case nat_checksums() {
    Case one{"nat_checksums", with_methods(), {}};
    const kit::NextHopSetup hop = hop_of(one.setup, kTwoArmed);
    for (const std::uint16_t service : {kNat, kUdpNat}) {
        for (int identification = 0; identification < 0x10000; identification += 331) {
            const FrameSpec in = with(to_service(service), [&](FrameSpec& s) {
                s.identification = static_cast<std::uint16_t>(identification);
                s.payload_bytes = 2 + static_cast<std::size_t>(identification % 61);
            });
            one.steps.push_back(
                forwarded_as(fmt::format("service {} id {}", service, identification),
                             in,
                             sent_by(at_server(in, service), hop),
                             hop,
                             {service, server_of(service)}));
        }
    }
    one.steps.push_back(
        settled("UDP without a checksum",
                with(to_service(kUdpNat), [](FrameSpec& s) { s.transport_checksum = 0; }),
                Reason::udp_checksum,
                kUdpNat));
    one.steps.push_back(
        settled("SCTP, whose checksum is a CRC", to_service(kSctpNat), Reason::method, kSctpNat));
    return one;
}

Case nat_misses() {
    Case one{"nat_misses", with_methods(), {}};
    const auto reply = [&](const std::string& what,
                           Reason reason,
                           std::optional<std::uint16_t> service,
                           auto change) {
        const FrameSpec spec = with(reply_to(at_server(to_service(kNat), kNat), kNat), change);
        one.steps.push_back(settled(what, kit::build_frame(spec), reason, service, 1));
    };
    reply("to a client that is not known", Reason::flow_miss, kNat, [](FrameSpec& s) {
        s.destination_port = 1;
    });
    reply("from another port of the server", Reason::service_miss, {}, [](FrameSpec& s) {
        s.source_port = 81;
    });
    reply("with TTL 1", Reason::ttl, kNat, [](FrameSpec& s) { s.ttl = 1; });
    reply("longer than the client's MTU", Reason::mtu, kNat, [](FrameSpec& s) {
        s.payload_bytes = 1461;
    });
    reply(
        "FULLNAT's client is no end of its replies", Reason::flow_miss, kFullNat, [](FrameSpec& s) {
            s.source_address = server_address(kFullNat);
        });
    return one;
}

kit::FrameBytes tunnelled(const FrameSpec& in, const Plan& plan, const kit::NextHopSetup& hop) {
    FrameSpec inner = in;
    inner.vlan_tci.reset();
    kit::FrameBytes frame = kit::build_frame(inner);
    const reference::Bytes packet(frame.begin() + kit::kEthernetBytes, frame.end());
    reference::IpPacket ip = *reference::read_ip(packet, in.ipv6 ? 6 : 4, reference::Extent::whole);
    ip.decrement_ttl();
    reference::Tunnel tunnel;
    tunnel.kind = plan.tunnel == abi::Tunnel::gre ? reference::Tunnel::Kind::gre
                                                  : reference::Tunnel::Kind::ipip;
    tunnel.checksum =
        plan.checksum ? reference::Tunnel::Checksum::full : reference::Tunnel::Checksum::none;
    const auto address = [](const Address& one) {
        return one.ipv6 ? reference::ipv6_address({static_cast<std::uint32_t>(one.high >> 32),
                                                   static_cast<std::uint32_t>(one.high),
                                                   static_cast<std::uint32_t>(one.low >> 32),
                                                   static_cast<std::uint32_t>(one.low)})
                        : reference::ipv4_address(static_cast<std::uint32_t>(one.low));
    };
    const bool far6 = plan.ipv6 || plan.outer_ipv6;
    const Address far =
        far6 ? kServerNet6(server_of(plan.service)) : Address(server_address(plan.service));
    const Address own = far6 ? kServerNet6(1) : Address(kOwn);
    const auto outer = reference::encapsulate(ip, tunnel, address(own), address(far), true);
    FrameSpec link = sent_by(in, hop);
    link.ipv6 = outer.family == 6;
    kit::FrameBytes out = kit::build_frame(link);
    out.resize(kit::kEthernetBytes + (link.vlan_tci ? kit::kVlanBytes : 0));
    out.insert(out.end(), outer.bytes.begin(), outer.bytes.end());
    return out;
}

// "Don't fragment" is set throughout, so that the outer header's identification is 0.
Case tunnel_case(const std::string& name, std::uint16_t service) {
    Case one{name, with_methods(), {}};
    const kit::NextHopSetup hop = hop_of(one.setup, kTwoArmed);
    const Plan& plan = *std::find_if(std::begin(kPlans), std::end(kPlans), [&](const Plan& other) {
        return other.service == service;
    });
    const auto add = [&](const std::string& what, const FrameSpec& in) {
        Step step = forwarded_as(what, in, in, hop, {service, server_of(service)});
        step.out = kit::Sent{hop.port, tunnelled(in, plan, hop)};
        one.steps.push_back(step);
    };
    for (const std::size_t payload : payloads()) {
        const FrameSpec in =
            with(to_service(service), [&](FrameSpec& s) { s.payload_bytes = payload; });
        add(fmt::format("payload {}", payload), in);
        add(fmt::format("payload {}, tagged", payload),
            with(in, [](FrameSpec& s) { s.vlan_tci = 42; }));
    }
    for (const std::uint8_t tos : {0x01, 0x02, 0x03, 0xb8, 0xff}) {
        add(fmt::format("type of service {:02x}", tos),
            with(to_service(service), [&](FrameSpec& s) { s.tos = tos; }));
    }
    one.steps.push_back(
        settled("fits the MTU, but not with the tunnel's header",
                with(to_service(service), [](FrameSpec& s) { s.payload_bytes = 1455; }),
                Reason::mtu,
                service));
    return one;
}

Case ipv6_case() {
    Case one{"ipv6", with_methods(), {}};
    const kit::NextHopSetup hop = hop_of(one.setup, kTwoArmed);
    const auto forwarded = [&](const std::string& what, auto change) {
        const FrameSpec in = with(to_service(kDirect6), change);
        one.steps.push_back(
            forwarded_as(what, in, sent_by(in, hop), hop, {kDirect6, server_of(kDirect6)}));
    };
    for (const std::size_t payload : payloads()) {
        forwarded(fmt::format("payload {}", payload),
                  [&](FrameSpec& s) { s.payload_bytes = payload; });
    }
    forwarded("tags", [](FrameSpec& s) {
        s.vlan_tci = 42;
        s.outer_vlan_tci = 7;
    });
    for (const std::size_t bytes : {8, 16, 24, 40}) {
        forwarded(fmt::format("destination options of {} octets", bytes), [&](FrameSpec& s) {
            s.extension.assign(bytes, 0);
            s.extension[1] = static_cast<std::uint8_t>(bytes / 8 - 1);
            s.extension[2] = 1;  // PadN over the rest.
            s.extension[3] = static_cast<std::uint8_t>(bytes - 4);
        });
    }
    const auto punted = [&](const std::string& what, Reason reason, auto service, auto change) {
        one.steps.push_back(settled(what, with(to_service(kDirect6), change), reason, service));
    };
    using Service = std::optional<std::uint16_t>;
    punted("hop limit 1", Reason::ttl, Service(kDirect6), [](FrameSpec& s) { s.ttl = 1; });
    punted("a fragment", Reason::fragment, Service(), [](FrameSpec& s) {
        s.extension.assign(8, 0);
        s.extension_type = 44;
    });
    punted("longer than the frame", Reason::ip_length, Service(), [](FrameSpec& s) {
        s.total_length = 1000;
    });
    punted("another client", Reason::flow_miss, Service(kDirect6), [](FrameSpec& s) {
        s.source.low += 1;
    });
    punted(
        "another high half of the client", Reason::flow_miss, Service(kDirect6), [](FrameSpec& s) {
            s.source.high += 1;
        });
    punted("another address", Reason::service_miss, Service(), [](FrameSpec& s) {
        s.destination.high += 1;
    });
    // The fold of either is the same.
    punted("another address in the same bucket", Reason::service_miss, Service(), [](FrameSpec& s) {
        s.destination.high ^= 0x100000001;
    });
    return one;
}

Case sctp_case() {
    Case one{"sctp", with_methods(), {}};
    const kit::NextHopSetup hop = hop_of(one.setup, kTwoArmed);
    for (const std::size_t payload : {0, 4, 40, 100}) {
        const FrameSpec in =
            with(to_service(kSctpDirect), [&](FrameSpec& s) { s.payload_bytes = payload; });
        one.steps.push_back(forwarded_as(fmt::format("payload {}", payload),
                                         in,
                                         sent_by(in, hop),
                                         hop,
                                         {kSctpDirect, server_of(kSctpDirect)}));
    }
    return one;
}

}  // namespace

std::vector<Case> method_cases() {
    return {nat_case("nat", kNat),
            nat_case("nat_udp", kUdpNat),
            nat_case("nat_ipv6", kNat6),
            nat_case("full_nat", kFullNat),
            nat_checksums(),
            nat_misses(),
            tunnel_case("ipip", kIpip),
            tunnel_case("gre", kGre),
            tunnel_case("gre_checksum", kGreSum),
            tunnel_case("ipip_in_ipv6", kIpip4In6),
            ipv6_case(),
            sctp_case()};
}

}  // namespace fpvs::cases
