// SPDX-License-Identifier: Apache-2.0
// Why a frame went where it went.  Each frame gets exactly one reason, from the stage that settled
// its verdict, and each reason counts frames and bytes (hw/abi/commands.hpp, read_counter).
//
// A frame that several reasons fit gets the first of them, in the order of this list.
// A punt is never a guess: the slow path sees the frame unchanged and decides.
#pragma once

#include <cstdint>

namespace fpvs {
namespace abi {

enum class Verdict : std::uint8_t { drop = 0, punt = 1, forward = 2 };

// REASON(name, number, stage, verdict, meaning)
#define FPVS_ABI_REASONS(REASON)                                                            \
    REASON(runt, 1, parse, drop, "shorter than an Ethernet header")                         \
    REASON(oversize, 2, parse, drop, "longer than kFrameBytesMax")                          \
    REASON(port_disabled, 3, parse, drop, "the port is not enabled")                        \
    REASON(other_host, 4, parse, drop, "unicast to another station's address")              \
    REASON(group_address, 5, parse, punt, "broadcast or multicast")                         \
    REASON(vlan_stacked, 6, parse, punt, "more than one VLAN tag, or a service tag")        \
    REASON(not_ipv4, 7, parse, punt, "an EtherType other than IPv4")                        \
    REASON(ip_header, 8, parse, punt, "IPv4 version or header length is wrong")             \
    REASON(ip_length, 9, parse, punt, "IPv4 total length does not fit the frame")           \
    REASON(ip_checksum, 10, parse, punt, "IPv4 header checksum is wrong")                   \
    REASON(ip_options, 11, parse, punt, "IPv4 options that a router acts on or changes")    \
    REASON(fragment, 12, parse, punt, "a fragment")                                         \
    REASON(protocol, 13, parse, punt, "neither TCP nor UDP")                                \
    REASON(transport_header, 14, parse, punt, "TCP or UDP header does not fit the packet")  \
    REASON(service_miss, 15, service, punt, "not to a virtual service of the table")        \
    REASON(flow_miss, 16, flow, punt, "no flow of that client")                             \
    REASON(tcp_syn, 17, flow, punt, "a SYN on a known flow")                                \
    REASON(method, 18, next_hop, punt, "a forwarding method this bitstream has not")        \
    REASON(next_hop, 19, next_hop, punt, "the next hop is not valid")                       \
    REASON(ttl, 20, next_hop, punt, "TTL would reach zero")                                 \
    REASON(mtu, 21, next_hop, punt, "longer than the next hop's MTU")                       \
    REASON(vlan_change, 22, next_hop, punt, "a VLAN tag would have to be added or removed") \
    REASON(forwarded, 23, next_hop, forward, "rewritten and sent by the card")              \
    REASON(injected, 24, inject, forward, "sent for the host")                              \
    REASON(inject_port, 25, inject, drop, "injected to a port that does not exist")

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

constexpr int kReasonsLog2 = 5;
constexpr int kReasonsMax = 1 << kReasonsLog2;  // Numbers are below this.

}  // namespace abi
}  // namespace fpvs
