// SPDX-License-Identifier: Apache-2.0
// activity: what the host learns of the connections that the card forwards by itself.
//
// Consumes settled records and commands (set_epoch, read_activity); produces FlowNews when the card
// chose a server that the host is to learn, or when a forwarded packet carried FIN or RST, and one
// Counted record a frame.  II 1.  Tables: for each entry of the flow tables the epoch in which it
// last forwarded a packet; each hit writes the current epoch blindly, so nothing is read back on
// the packets' way.  A punted packet leaves no trace here: the host sees it.
#pragma once

#include <hls_stream.h>

#include <fpvs_hls.hpp>

#include "hw/abi/commands.hpp"
#include "hw/kernels/flow/flow_tables.hpp"
#include "hw/kernels/records.hpp"
#include "hw/lib/headers.hpp"

namespace fpvs {
namespace kernels {

// Reset value: all zero.
struct ActivityState {
    EpochBits epoch;
};

template <class Table>
inline void stamp(EpochBits (&last_epoch)[Table::arrays][Table::words],
                  const FlowPlace& place,
                  const EpochBits& epoch) {
#pragma HLS INLINE
    for (int array = 0; array < Table::arrays; ++array) {
#pragma HLS UNROLL
        const bool here = place.way == array / Table::banks &&
                          bank_of<Table>(place.bucket) == array % Table::banks;
        if (here) {
            last_epoch[array][word_of<Table>(place.bucket)] = epoch;
        }
    }
}

template <class Table>
inline EpochBits read_stamp(EpochBits (&last_epoch)[Table::arrays][Table::words],
                            const Command& command) {
#pragma HLS INLINE
    const int kLeaves = 64;
    static_assert(Table::arrays <= kLeaves, "a leaf for each array");
    EpochBits leaves[kLeaves];
    for (int leaf = 0; leaf < kLeaves; ++leaf) {
#pragma HLS UNROLL
        leaves[leaf] = 0;
        if (leaf < Table::arrays) {
            const bool here = command.way == leaf / Table::banks &&
                              bank_of<Table>(command.index) == leaf % Table::banks;
            const EpochBits word = last_epoch[leaf][word_of<Table>(command.index)];
            leaves[leaf] = here ? word : EpochBits(0);
        }
    }
    for (int reach = kLeaves / 2; reach > 0; reach /= 2) {
#pragma HLS UNROLL
        for (int leaf = 0; leaf < reach; ++leaf) {
#pragma HLS UNROLL
            leaves[leaf] = leaves[leaf] | leaves[leaf + reach];
        }
    }
    return leaves[0];
}

inline FlowNews news_of(const Settled& frame) {
#pragma HLS INLINE
    FlowNews news;
    news.learned = frame.learn;
    news.tcp_flags = frame.tcp_flags;
    news.ipv6 = frame.ipv6;
    news.flow = frame.flow;
    news.server = frame.server;
    return news;
}

inline void activity_step(ActivityState& state,
                          EpochBits (&last_epoch)[FlowTable::arrays][FlowTable::words],
                          EpochBits (&last_epoch6)[Flow6Table::arrays][Flow6Table::words],
                          hls::stream<Command>& commands,
                          hls::stream<Settled>& settled,
                          hls::stream<Command>& commands_on,
                          hls::stream<FlowNews>& news,
                          hls::stream<Counted>& counted) {
#pragma HLS INLINE
    if (!commands.empty()) {
        Command command = commands.read();
        if (command.opcode == static_cast<int>(abi::Opcode::set_epoch)) {
            state.epoch = slice<abi::kEpochBits - 1, 0>(command.index);
        } else if (command.opcode == static_cast<int>(abi::Opcode::read_activity)) {
            const EpochBits of_ipv4 = read_stamp<FlowTable>(last_epoch, command);
            const EpochBits of_ipv6 = read_stamp<Flow6Table>(last_epoch6, command);
            command.payload = command.table == 0 ? of_ipv4 : of_ipv6;
            command.answered = 1;
        }
        commands_on.write(command);
    } else if (!settled.empty()) {
        const Settled frame = settled.read();
        const bool of_flow = frame.reason == reason_bits(abi::Reason::forwarded) ||
                             frame.reason == reason_bits(abi::Reason::replied);
        const bool left = of_flow || frame.reason == reason_bits(abi::Reason::steered);
        const bool ends = (frame.tcp_flags & (lib::kTcpFin | lib::kTcpRst)) != 0;
        if (of_flow && frame.ipv6 == 0) {
            stamp<FlowTable>(last_epoch, frame.place, state.epoch);
        }
        if (of_flow && frame.ipv6 == 1) {
            stamp<Flow6Table>(last_epoch6, frame.place, state.epoch);
        }
        if (frame.learn == 1 || (left && ends)) {
            news.write(news_of(frame));
        }
        Counted count;
        count.reason = frame.reason;
        count.length = frame.length;
        count.ip_bytes = frame.ip_bytes;
        count.service_found = frame.flow.service_found;
        count.service = frame.flow.service;
        count.server = frame.server;
        counted.write(count);
    }
}

inline void activity(hls::stream<Command>& commands,
                     hls::stream<Settled>& settled,
                     hls::stream<Command>& commands_on,
                     hls::stream<FlowNews>& news,
                     hls::stream<Counted>& counted) {
#pragma HLS PIPELINE II = 1 style = flp
#pragma HLS INLINE off
    static ActivityState state;
#pragma HLS RESET variable = state
    static EpochBits last_epoch[FlowTable::arrays][FlowTable::words];
    static EpochBits last_epoch6[Flow6Table::arrays][Flow6Table::words];
#pragma HLS ARRAY_PARTITION variable = last_epoch complete dim = 1
#pragma HLS ARRAY_PARTITION variable = last_epoch6 complete dim = 1
#pragma HLS BIND_STORAGE variable = last_epoch type = ram_s2p impl = bram latency = 3
#pragma HLS BIND_STORAGE variable = last_epoch6 type = ram_s2p impl = bram latency = 3
#pragma HLS DEPENDENCE variable = last_epoch type = inter dependent = false
#pragma HLS DEPENDENCE variable = last_epoch6 type = inter dependent = false
    activity_step(state, last_epoch, last_epoch6, commands, settled, commands_on, news, counted);
}

}  // namespace kernels
}  // namespace fpvs
