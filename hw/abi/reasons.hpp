// SPDX-License-Identifier: Apache-2.0
// Why a frame went where it went.  Each frame gets exactly one reason, from the stage that settled
// its verdict, and each reason counts frames and bytes (hw/abi/commands.hpp, read_counter).
//
// A punt is never a guess: the slow path sees the frame unchanged and decides.
#pragma once

#include <cstdint>

namespace fpvs {
namespace abi {

enum class Verdict : std::uint8_t { drop = 0, punt = 1, forward = 2 };

// REASON(name, number, stage, verdict, meaning)
#define FPVS_ABI_REASONS(REASON)                                                           \
    REASON(runt, 1, parse, drop, "shorter than an Ethernet header")                        \
    REASON(other_host, 2, parse, drop, "unicast to another station's address")             \
    REASON(port_disabled, 3, parse, drop, "the port is not enabled")                       \
    REASON(group_address, 4, parse, punt, "broadcast or multicast")                        \
    REASON(not_ipv4, 5, parse, punt, "an EtherType other than IPv4")                       \
    REASON(vlan_stacked, 6, parse, punt, "more than one VLAN tag")                         \
    REASON(ip_header, 7, parse, punt, "IPv4 version or header length is wrong")            \
    REASON(ip_length, 8, parse, punt, "IPv4 total length does not fit the frame")          \
    REASON(ip_checksum, 9, parse, punt, "IPv4 header checksum is wrong")                   \
    REASON(fragment, 10, parse, punt, "a fragment")                                        \
    REASON(protocol, 11, parse, punt, "neither TCP nor UDP")                               \
    REASON(transport_header, 12, parse, punt, "TCP or UDP header does not fit the packet") \
    REASON(service_miss, 13, service, punt, "not to a virtual service of the table")       \
    REASON(flow_miss, 14, flow, punt, "no flow of that client")                            \
    REASON(tcp_syn, 15, flow, punt, "a SYN on a known flow")                               \
    REASON(method, 16, rewrite, punt, "a forwarding method this bitstream has not")        \
    REASON(next_hop, 17, rewrite, punt, "the next hop is not valid")                       \
    REASON(ttl, 18, rewrite, punt, "TTL would reach zero")                                 \
    REASON(mtu, 19, rewrite, punt, "longer than the next hop's MTU")                       \
    REASON(vlan_change, 20, rewrite, punt, "a VLAN tag would have to be added or removed") \
    REASON(forwarded, 21, rewrite, forward, "rewritten and sent by the card")              \
    REASON(injected, 22, inject, forward, "sent for the host")                             \
    REASON(inject_port, 23, inject, drop, "injected to a port that does not exist")

enum class Reason : std::uint8_t {
#define FPVS_ABI_REASON_ENUM(name, number, stage, verdict, meaning) name = number,
    FPVS_ABI_REASONS(FPVS_ABI_REASON_ENUM)
#undef FPVS_ABI_REASON_ENUM
};

constexpr int kReasonsLog2 = 5;
constexpr int kReasonsMax = 1 << kReasonsLog2;  // Numbers are below this.

}  // namespace abi
}  // namespace fpvs
