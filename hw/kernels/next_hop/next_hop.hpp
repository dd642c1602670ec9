// SPDX-License-Identifier: Apache-2.0
// next hop: where the packet goes, and the last reasons why it may not go there.
//
// Consumes served headers and commands (write_next_hop); produces a Decision for the beats and a
// Settled record for the books, one each a frame.  II 1.  Table: kNextHopsMax entries.  After this
// stage every frame has its reason.
#pragma once

#include <hls_stream.h>

#include <fpvs_hls.hpp>

#include "hw/abi/commands.hpp"
#include "hw/abi/entries.hpp"
#include "hw/kernels/records.hpp"
#include "hw/lib/field.hpp"

namespace fpvs {
namespace kernels {

using NextHopWord = ap_uint<abi::NextHopEntry::bits>;

// The reasons of a verdict, a bit each, from the list of reasons itself.
constexpr std::uint64_t reasons_of(abi::Verdict verdict) {
#define FPVS_REASON_BIT(name, number, stage, verdict_name, meaning) \
    | (abi::Verdict::verdict_name == verdict ? std::uint64_t{1} << (number) : 0)
    return 0 FPVS_ABI_REASONS(FPVS_REASON_BIT);
#undef FPVS_REASON_BIT
}
static_assert(abi::kReasonsMax <= 64, "a reason is a bit of 64");

// The verdict of a settled reason.
inline ap_uint<2> verdict_bits(const ReasonBits& reason) {
#pragma HLS INLINE
    const ap_uint<64> punts = reasons_of(abi::Verdict::punt);
    const ap_uint<64> forwards = reasons_of(abi::Verdict::forward);
    const ap_uint<64> punt = punts >> reason;
    const ap_uint<64> forward = forwards >> reason;
    static_assert(
        static_cast<int>(abi::Verdict::punt) == 1 && static_cast<int>(abi::Verdict::forward) == 2,
        "a verdict's bits");
    return cat(slice<0, 0>(forward), slice<0, 0>(punt));
}

// How much longer a tunnel makes the packet.
inline ap_uint<6> outer_bytes(const Outer& outer) {
#pragma HLS INLINE
    const int kIpv4 = 20;
    const int kIpv6 = 40;
    const int kUdpAndGue = 8 + 4;
    const int kGre = 4;
    const int kGreChecksum = 4;
    ap_uint<6> bytes = outer.ipv6 == 1 ? kIpv6 : kIpv4;
    if (outer.tunnel == static_cast<int>(abi::Tunnel::gue)) {
        bytes = ap_uint<6>(bytes + ap_uint<4>(kUdpAndGue));
    } else if (outer.tunnel == static_cast<int>(abi::Tunnel::gre)) {
        bytes = ap_uint<6>(bytes + ap_uint<4>(outer.checksum == 1 ? kGre + kGreChecksum : kGre));
    }
    return outer.present == 1 ? bytes : ap_uint<6>(0);
}

struct Outcome {
    ReasonBits reason;
    ap_uint<2> verdict;
};

inline Outcome outcome_of(const ReasonBits& reason) {
#pragma HLS INLINE
    Outcome outcome;
    outcome.reason = reason;
    outcome.verdict = verdict_bits(reason);
    return outcome;
}

// What becomes of a packet that fits its next hop.
inline ReasonBits if_it_fits(const ServedHeader& served) {
#pragma HLS INLINE
    using abi::Reason;
    const int kUdp = 17;
    const bool translated =
        served.translation.new_source == 1 || served.translation.new_destination == 1;
    if (translated && served.packet.protocol == kUdp && served.packet.l4_checksum == 0) {
        return reason_bits(Reason::udp_checksum);
    }
    if (served.flow.from_server == 1) {
        return reason_bits(Reason::replied);
    }
    return served.steered == 1 ? reason_bits(Reason::steered) : reason_bits(Reason::forwarded);
}

// In the order of the reasons: an earlier stage's, no next hop, TTL, MTU, the rest.  What depends
// on the packet alone is settled while the next hop is read, so that two choices are left after it.
inline Outcome settle(const ServedHeader& served, const NextHopWord& hop) {
#pragma HLS INLINE
    using abi::Reason;
    const bool settled = served.reason != kUndecided;
    const bool spent = served.packet.ttl < 2;
    const ReasonBits without_hop = settled ? served.reason : reason_bits(Reason::next_hop);
    const ReasonBits too_long =
        settled ? served.reason : reason_bits(spent ? Reason::ttl : Reason::mtu);
    const ReasonBits fitting = settled ? served.reason
                               : spent ? reason_bits(Reason::ttl)
                                       : if_it_fits(served);
    const LengthBits bytes = LengthBits(served.packet.ip_bytes + outer_bytes(served.outer));
    Outcome outcome = outcome_of(fitting);
    if (bytes > lib::get<abi::NextHopEntry::mtu>(hop)) {
        outcome = outcome_of(too_long);
    }
    if (lib::get<abi::NextHopEntry::valid>(hop) == 0) {
        outcome = outcome_of(without_hop);
    }
    return outcome;
}

inline Decision decide(const ServedHeader& served, const NextHopWord& hop, const Outcome& outcome) {
#pragma HLS INLINE
    Decision decision;
    decision.verdict = outcome.verdict;
    decision.reason = outcome.reason;
    decision.version = served.version;
    decision.packet = served.packet;
    decision.service_found = served.flow.service_found;
    decision.service = served.flow.service;
    decision.translation = served.translation;
    decision.outer = served.outer;
    decision.out_port = lib::get<abi::NextHopEntry::port>(hop);
    decision.out_tagged = lib::get<abi::NextHopEntry::tagged>(hop);
    decision.vlan = lib::get<abi::NextHopEntry::vlan>(hop);
    decision.destination_mac = lib::get<abi::NextHopEntry::destination_mac>(hop);
    decision.source_mac = lib::get<abi::NextHopEntry::source_mac>(hop);
    return decision;
}

inline Settled book(const ServedHeader& served, const ReasonBits& reason) {
#pragma HLS INLINE
    Settled settled;
    settled.reason = reason;
    settled.length = served.packet.length;
    settled.ip_bytes = served.packet.ip_bytes;
    settled.ipv6 = served.packet.ipv6;
    settled.tcp_flags = served.packet.tcp_flags;
    settled.flow = served.flow;
    settled.server = served.server;
    settled.place = served.place;
    settled.learn = served.learn;
    return settled;
}

inline void next_hop_step(NextHopWord (&hops)[abi::kNextHopsMax],
                          hls::stream<Command>& commands,
                          hls::stream<ServedHeader>& served,
                          hls::stream<Command>& commands_on,
                          hls::stream<Decision>& decisions,
                          hls::stream<Settled>& settled) {
#pragma HLS INLINE
    if (!commands.empty()) {
        const Command command = commands.read();
        if (command.opcode == static_cast<int>(abi::Opcode::write_next_hop)) {
            hops[slice<abi::kNextHopsLog2 - 1, 0>(command.index)] =
                slice<abi::NextHopEntry::bits - 1, 0>(command.payload);
        }
        commands_on.write(command);
    } else if (!served.empty()) {
        const ServedHeader header = served.read();
        const NextHopWord hop = hops[header.next_hop];
        const Outcome outcome = settle(header, hop);
        decisions.write(decide(header, hop, outcome));
        settled.write(book(header, outcome.reason));
    }
}

inline void next_hop(hls::stream<Command>& commands,
                     hls::stream<ServedHeader>& served,
                     hls::stream<Command>& commands_on,
                     hls::stream<Decision>& decisions,
                     hls::stream<Settled>& settled) {
#pragma HLS PIPELINE II = 1 style = flp
#pragma HLS INLINE off
    static NextHopWord hops[abi::kNextHopsMax];
#pragma HLS BIND_STORAGE variable = hops type = ram_s2p impl = bram latency = 2
#pragma HLS DEPENDENCE variable = hops type = inter dependent = false
    next_hop_step(hops, commands, served, commands_on, decisions, settled);
}

}  // namespace kernels
}  // namespace fpvs
