// SPDX-License-Identifier: Apache-2.0
// flow lookup: the connection's entry, by a compare of the whole key.
//
// Consumes hashed headers and commands (write_flow), produces one FlowHeader a frame.  II 1. Table:
// kFlowBuckets buckets of four ways, each way a RAM of its own; entries come by command only.  A
// SYN on a known flow may begin a new connection: the host decides.
#pragma once

#include <hls_stream.h>

#include <fpvs_hls.hpp>

#include "hw/abi/commands.hpp"
#include "hw/abi/entries.hpp"
#include "hw/kernels/parse/parse.hpp"
#include "hw/kernels/records.hpp"
#include "hw/lib/field.hpp"

namespace fpvs {
namespace kernels {

using FlowWord = ap_uint<abi::FlowEntry::bits>;
using FlowBucketBits = ap_uint<abi::kFlowBucketsLog2>;

inline bool flow_matches(const FlowWord& entry, const HashedHeader& header) {
#pragma HLS INLINE
    return lib::get<abi::FlowEntry::valid>(entry) == 1 &&
           lib::get<abi::FlowEntry::client_address>(entry) == header.client_address &&
           lib::get<abi::FlowEntry::client_port>(entry) == header.client_port &&
           lib::get<abi::FlowEntry::service>(entry) == header.service;
}

inline FlowHeader find_flow(const HashedHeader& header,
                            const FlowWord& entry_0,
                            const FlowWord& entry_1,
                            const FlowWord& entry_2,
                            const FlowWord& entry_3) {
#pragma HLS INLINE
    const bool match_0 = flow_matches(entry_0, header);
    const bool match_1 = flow_matches(entry_1, header);
    const bool match_2 = flow_matches(entry_2, header);
    const bool match_3 = flow_matches(entry_3, header);
    const FlowWord entry = match_0 ? entry_0 : match_1 ? entry_1 : match_2 ? entry_2 : entry_3;
    const ap_uint<2> way = match_0 ? 0 : match_1 ? 1 : match_2 ? 2 : 3;
    const bool found = match_0 || match_1 || match_2 || match_3;
    const bool syn = (header.tcp_flags & kTcpSyn) != 0;

    FlowHeader flow;
    if (header.reason != kUndecided) {
        flow.reason = header.reason;
    } else if (!found) {
        flow.reason = reason_bits(abi::Reason::flow_miss);
    } else if (syn) {
        flow.reason = reason_bits(abi::Reason::tcp_syn);
    } else {
        flow.reason = kUndecided;
    }
    flow.length = header.length;
    flow.ip_bytes = header.ip_bytes;
    flow.port = header.port;
    flow.tagged = header.tagged;
    flow.ttl_spent = header.ttl_spent;
    flow.tcp_flags = header.tcp_flags;
    flow.client_address = header.client_address;
    flow.client_port = header.client_port;
    flow.service_found = header.service_found;
    flow.service = header.service;
    flow.bucket = header.bucket;
    flow.way = way;
    flow.server = lib::get<abi::FlowEntry::server>(entry);
    flow.next_hop = lib::get<abi::FlowEntry::next_hop>(entry);
    flow.method = lib::get<abi::FlowEntry::method>(entry);
    return flow;
}

inline void flow_lookup_step(FlowWord (&way_0)[abi::kFlowBuckets],
                             FlowWord (&way_1)[abi::kFlowBuckets],
                             FlowWord (&way_2)[abi::kFlowBuckets],
                             FlowWord (&way_3)[abi::kFlowBuckets],
                             hls::stream<Command>& commands,
                             hls::stream<HashedHeader>& hashed,
                             hls::stream<Command>& commands_on,
                             hls::stream<FlowHeader>& flows) {
#pragma HLS INLINE
    if (!commands.empty()) {
        const Command command = commands.read();
        if (command.opcode == static_cast<int>(abi::Opcode::write_flow)) {
            const FlowBucketBits bucket = slice<abi::kFlowBucketsLog2 - 1, 0>(command.index);
            if (command.way == 0) {
                way_0[bucket] = command.payload;
            } else if (command.way == 1) {
                way_1[bucket] = command.payload;
            } else if (command.way == 2) {
                way_2[bucket] = command.payload;
            } else {
                way_3[bucket] = command.payload;
            }
        }
        commands_on.write(command);
    } else if (!hashed.empty()) {
        const HashedHeader header = hashed.read();
        const FlowBucketBits bucket = header.bucket;
        flows.write(find_flow(header, way_0[bucket], way_1[bucket], way_2[bucket], way_3[bucket]));
    }
}

inline void flow_lookup(hls::stream<Command>& commands,
                        hls::stream<HashedHeader>& hashed,
                        hls::stream<Command>& commands_on,
                        hls::stream<FlowHeader>& flows) {
#pragma HLS PIPELINE II = 1 style = flp
#pragma HLS INLINE off
    static FlowWord way_0[abi::kFlowBuckets];
    static FlowWord way_1[abi::kFlowBuckets];
    static FlowWord way_2[abi::kFlowBuckets];
    static FlowWord way_3[abi::kFlowBuckets];
#pragma HLS BIND_STORAGE variable = way_0 type = ram_s2p impl = uram latency = 3
#pragma HLS BIND_STORAGE variable = way_1 type = ram_s2p impl = uram latency = 3
#pragma HLS BIND_STORAGE variable = way_2 type = ram_s2p impl = uram latency = 3
#pragma HLS BIND_STORAGE variable = way_3 type = ram_s2p impl = uram latency = 3
#pragma HLS DEPENDENCE variable = way_0 type = inter dependent = false
#pragma HLS DEPENDENCE variable = way_1 type = inter dependent = false
#pragma HLS DEPENDENCE variable = way_2 type = inter dependent = false
#pragma HLS DEPENDENCE variable = way_3 type = inter dependent = false
    flow_lookup_step(way_0, way_1, way_2, way_3, commands, hashed, commands_on, flows);
}

}  // namespace kernels
}  // namespace fpvs
