// SPDX-License-Identifier: Apache-2.0
// Why a frame went where it went.  Each frame gets exactly one reason, from the stage that settled
// its verdict, and each reason counts frames and bytes (hw/abi/commands.hpp, read_counter).  Only
// punt_full counts frames a second time: it is known when they have their reason.
//
// A frame that several reasons fit gets the first of them, in the order of this list.
// A punt is never a guess: the slow path sees the frame unchanged and decides.
#pragma once

#include <cstdint>

namespace fpvs {
namespace abi {

enum class Verdict : std::uint8_t { drop = 0, punt = 1, forward = 2 };

// REASON(name, number, stage, verdict, meaning)
#define FPVS_ABI_REASONS(REASON)                                                                   \
    REASON(runt, 1, parse, drop, "shorter than an Ethernet header")                                \
    REASON(oversize, 2, parse, drop, "longer than kFrameBytesMax")                                 \
    REASON(port_disabled, 3, parse, drop, "the port is not enabled")                               \
    REASON(other_host, 4, parse, drop, "unicast to another station's address")                     \
    REASON(group_address, 5, parse, punt, "broadcast or multicast")                                \
    REASON(vlan_stacked, 6, parse, punt, "more than two VLAN tags")                                \
    REASON(not_ip, 7, parse, punt, "an EtherType other than IPv4 and IPv6")                        \
    REASON(ip_header, 8, parse, punt, "IP version or header length is wrong")                      \
    REASON(ip_length, 9, parse, punt, "IP length does not fit the frame")                          \
    REASON(ip_checksum, 10, parse, punt, "IPv4 header checksum is wrong")                          \
    REASON(ip_options, 11, parse, punt, "IPv4 options that a router acts on or changes")           \
    REASON(source_address, 12, parse, punt, "a source that no host has: loopback, multicast")      \
    REASON(                                                                                        \
        extension_headers, 13, parse, punt, "IPv6 extension headers that the card does not walk")  \
    REASON(fragment, 14, parse, punt, "a fragment")                                                \
    REASON(icmp_control, 15, parse, punt, "ICMP for the director: neighbours, echo replies")       \
    REASON(icmp, 16, parse, punt, "ICMP: echo to the virtual address, errors about connections")   \
    REASON(protocol, 17, parse, punt, "neither TCP nor UDP nor SCTP")                              \
    REASON(transport_header, 18, parse, punt, "transport header does not fit the packet")          \
    REASON(                                                                                        \
        sctp_chunk, 19, parse, punt, "SCTP other than INIT, data and heartbeats: a state changes") \
    REASON(                                                                                        \
        service_miss, 20, service, punt, "neither to a virtual service nor from a server of one")  \
    REASON(host_flow, 21, flow, punt, "the host wants this connection's packets")                  \
    REASON(tcp_syn, 22, flow, punt, "a SYN on a known flow")                                       \
    REASON(flow_miss, 23, flow, punt, "no flow, and the card does not schedule for it")            \
    REASON(steer_none, 24, steer, punt, "no server at the packet's place of the service's table")  \
    REASON(server, 25, server, punt, "the server is not valid")                                    \
    REASON(                                                                                        \
        method, 26, server, punt, "a forwarding method this bitstream has not for such a packet")  \
    REASON(next_hop, 27, next_hop, punt, "the next hop is not valid")                              \
    REASON(ttl, 28, next_hop, punt, "TTL or hop limit would reach zero")                           \
    REASON(mtu, 29, next_hop, punt, "longer than the next hop's MTU")                              \
    REASON(                                                                                        \
        udp_checksum, 30, next_hop, punt, "UDP without a checksum behind NAT: one has to be made") \
    REASON(forwarded, 31, next_hop, forward, "of a known flow, sent to its server")                \
    REASON(replied, 32, next_hop, forward, "of a known flow, sent to its client")                  \
    REASON(steered, 33, next_hop, forward, "sent to the server that the card chose")               \
    REASON(injected, 34, inject, forward, "sent for the host")                                     \
    REASON(inject_port, 35, inject, drop, "injected to a port that does not exist")                \
    REASON(punt_full, 36, punt, drop, "a frame for the host that found too many before it")

enum class Reason : std::uint8_t {
#define FPVS_ABI_REASON_ENUM(name, number, stage, verdict, meaning) name = number,
    FPVS_ABI_REASONS(FPVS_ABI_REASON_ENUM)
#undef FPVS_ABI_REASON_ENUM
};

constexpr Verdict verdict_of(Reason reason) {
#define FPVS_ABI_REASON_VERDICT(name, number, stage, verdict, meaning) \
    case Reason::name:                                                 \
        return Verdict::verdict;
    switch (reason) { FPVS_ABI_REASONS(FPVS_ABI_REASON_VERDICT) }
#undef FPVS_ABI_REASON_VERDICT
    return Verdict::drop;
}

constexpr int kReasonsLog2 = 6;
constexpr int kReasonsMax = 1 << kReasonsLog2;  // Numbers are below this.

// Punted frames of these reasons are control traffic: what the director itself lives by (ARP, VRRP,
// neighbour discovery, routing, ssh, health checks of its own).  They go by the control ring, which
// no flood of other frames can fill.
constexpr bool is_control(Reason reason) {
    return reason == Reason::group_address || reason == Reason::not_ip ||
           reason == Reason::icmp_control || reason == Reason::protocol ||
           reason == Reason::service_miss;
}

}  // namespace abi
}  // namespace fpvs
