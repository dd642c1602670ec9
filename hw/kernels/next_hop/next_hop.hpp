// SPDX-License-Identifier: Apache-2.0
// next hop: where the packet goes, and the last reasons why it may not go there.
//
// Consumes flow headers and commands (write_next_hop); produces a Decision for the beats and a
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

// The verdict of a settled reason, from the list of reasons itself.
inline ap_uint<2> verdict_bits(const ReasonBits& reason) {
#pragma HLS INLINE
    ap_uint<2> verdict = static_cast<int>(abi::Verdict::drop);
#define FPVS_REASON_VERDICT(name, number, stage, verdict_name, meaning) \
    if (reason == number) {                                             \
        verdict = static_cast<int>(abi::Verdict::verdict_name);         \
    }
    FPVS_ABI_REASONS(FPVS_REASON_VERDICT)
#undef FPVS_REASON_VERDICT
    return verdict;
}

inline ReasonBits settle(const FlowHeader& flow, const NextHopWord& hop) {
#pragma HLS INLINE
    using abi::Reason;
    if (flow.reason != kUndecided) {
        return flow.reason;
    }
    if (flow.method != static_cast<int>(abi::Method::direct_routing)) {
        return reason_bits(Reason::method);
    }
    if (lib::get<abi::NextHopEntry::valid>(hop) == 0) {
        return reason_bits(Reason::next_hop);
    }
    if (flow.ttl_spent == 1) {
        return reason_bits(Reason::ttl);
    }
    if (flow.ip_bytes > lib::get<abi::NextHopEntry::mtu>(hop)) {
        return reason_bits(Reason::mtu);
    }
    if (flow.tagged != lib::get<abi::NextHopEntry::tagged>(hop)) {
        return reason_bits(Reason::vlan_change);
    }
    return reason_bits(Reason::forwarded);
}

inline Decision decide(const FlowHeader& flow, const NextHopWord& hop, const ReasonBits& reason) {
#pragma HLS INLINE
    Decision decision;
    decision.verdict = verdict_bits(reason);
    decision.reason = reason;
    decision.length = flow.length;
    decision.port = flow.port;
    decision.service_found = flow.service_found;
    decision.service = flow.service;
    decision.tagged = flow.tagged;
    decision.out_port = lib::get<abi::NextHopEntry::port>(hop);
    decision.vlan = lib::get<abi::NextHopEntry::vlan>(hop);
    decision.destination_mac = lib::get<abi::NextHopEntry::destination_mac>(hop);
    decision.source_mac = lib::get<abi::NextHopEntry::source_mac>(hop);
    return decision;
}

inline Settled book(const FlowHeader& flow, const ReasonBits& reason) {
#pragma HLS INLINE
    Settled settled;
    settled.reason = reason;
    settled.length = flow.length;
    settled.ip_bytes = flow.ip_bytes;
    settled.tcp_flags = flow.tcp_flags;
    settled.client_address = flow.client_address;
    settled.client_port = flow.client_port;
    settled.service = flow.service;
    settled.server = flow.server;
    settled.bucket = flow.bucket;
    settled.way = flow.way;
    return settled;
}

inline void next_hop_step(NextHopWord (&hops)[abi::kNextHopsMax],
                          hls::stream<Command>& commands,
                          hls::stream<FlowHeader>& flows,
                          hls::stream<Command>& commands_on,
                          hls::stream<Decision>& decisions,
                          hls::stream<Settled>& settled) {
#pragma HLS INLINE
    if (!commands.empty()) {
        const Command command = commands.read();
        if (command.opcode == static_cast<int>(abi::Opcode::write_next_hop)) {
            hops[slice<abi::kNextHopsLog2 - 1, 0>(command.index)] = command.payload;
        }
        commands_on.write(command);
    } else if (!flows.empty()) {
        const FlowHeader flow = flows.read();
        const NextHopWord hop = hops[slice<abi::kNextHopsLog2 - 1, 0>(flow.next_hop)];
        const ReasonBits reason = settle(flow, hop);
        decisions.write(decide(flow, hop, reason));
        settled.write(book(flow, reason));
    }
}

inline void next_hop(hls::stream<Command>& commands,
                     hls::stream<FlowHeader>& flows,
                     hls::stream<Command>& commands_on,
                     hls::stream<Decision>& decisions,
                     hls::stream<Settled>& settled) {
#pragma HLS PIPELINE II = 1 style = flp
#pragma HLS INLINE off
    static NextHopWord hops[abi::kNextHopsMax];
#pragma HLS BIND_STORAGE variable = hops type = ram_s2p impl = bram latency = 2
#pragma HLS DEPENDENCE variable = hops type = inter dependent = false
    next_hop_step(hops, commands, flows, commands_on, decisions, settled);
}

}  // namespace kernels
}  // namespace fpvs
