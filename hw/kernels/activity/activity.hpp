// SPDX-License-Identifier: Apache-2.0
// activity: what the host learns of the flows that the card forwards by itself.
//
// Consumes settled records and commands (set_epoch, read_activity); produces FlowFlags when a
// forwarded packet carried FIN or RST, and one Counted record a frame.  II 1.  Table: for each
// entry of the flow table the epoch in which it last forwarded a packet; each hit writes the
// current epoch blindly, so nothing is read back on the packets' way.  A punted packet leaves no
// trace here: the host sees it.
#pragma once

#include <hls_stream.h>

#include <fpvs_hls.hpp>

#include "hw/abi/commands.hpp"
#include "hw/kernels/parse/parse.hpp"
#include "hw/kernels/records.hpp"

namespace fpvs {
namespace kernels {

using EpochBits = ap_uint<16>;
using FlowSlotBits = ap_uint<abi::kFlowBucketsLog2 + 2>;
static_assert(abi::kTableWays == 4, "a way has two bits");

// Reset value: all zero.
struct ActivityState {
    EpochBits epoch;
};

inline void activity_step(ActivityState& state,
                          EpochBits (&last_epoch)[abi::kFlowsMax],
                          hls::stream<Command>& commands,
                          hls::stream<Settled>& settled,
                          hls::stream<Command>& commands_on,
                          hls::stream<FlowFlags>& flags,
                          hls::stream<Counted>& counted) {
#pragma HLS INLINE
    if (!commands.empty()) {
        Command command = commands.read();
        if (command.opcode == static_cast<int>(abi::Opcode::set_epoch)) {
            state.epoch = command.index;
        } else if (command.opcode == static_cast<int>(abi::Opcode::read_activity)) {
            const FlowSlotBits slot =
                cat(slice<abi::kFlowBucketsLog2 - 1, 0>(command.index), command.way);
            command.payload = last_epoch[slot];
            command.answered = 1;
        }
        commands_on.write(command);
    } else if (!settled.empty()) {
        const Settled frame = settled.read();
        const bool forwarded = frame.reason == reason_bits(abi::Reason::forwarded);
        if (forwarded) {
            const FlowSlotBits slot = cat(frame.bucket, frame.way);
            last_epoch[slot] = state.epoch;
        }
        if (forwarded && (frame.tcp_flags & (kTcpFin | kTcpRst)) != 0) {
            FlowFlags out;
            out.tcp_flags = frame.tcp_flags;
            out.client_address = frame.client_address;
            out.client_port = frame.client_port;
            out.service = frame.service;
            out.server = frame.server;
            flags.write(out);
        }
        Counted count;
        count.reason = frame.reason;
        count.length = frame.length;
        count.ip_bytes = frame.ip_bytes;
        count.server = frame.server;
        counted.write(count);
    }
}

inline void activity(hls::stream<Command>& commands,
                     hls::stream<Settled>& settled,
                     hls::stream<Command>& commands_on,
                     hls::stream<FlowFlags>& flags,
                     hls::stream<Counted>& counted) {
#pragma HLS PIPELINE II = 1 style = flp
#pragma HLS INLINE off
    static ActivityState state;
#pragma HLS RESET variable = state
    static EpochBits last_epoch[abi::kFlowsMax];
#pragma HLS BIND_STORAGE variable = last_epoch type = ram_s2p impl = uram latency = 3
#pragma HLS DEPENDENCE variable = last_epoch type = inter dependent = false
    activity_step(state, last_epoch, commands, settled, commands_on, flags, counted);
}

}  // namespace kernels
}  // namespace fpvs
