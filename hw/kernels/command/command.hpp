// SPDX-License-Identifier: Apache-2.0
// command: the border of the command ring.
//
// Consumes command beats (hw/abi/commands.hpp), produces the records that walk the chain of
// commands. II 1.  A command for something that does not exist becomes a nop here, so that the
// stages behind need not check.
#pragma once

#include <hls_stream.h>

#include <fpvs_hls.hpp>

#include "hw/abi/commands.hpp"
#include "hw/kernels/records.hpp"
#include "hw/lib/field.hpp"

namespace fpvs {
namespace kernels {

using CommandBeat = ap_uint<abi::Command::bits>;

inline ap_uint<8> opcode_bits(abi::Opcode opcode) {
#pragma HLS INLINE
    return ap_uint<8>(static_cast<unsigned>(opcode));
}

inline bool counter_exists(const ap_uint<8>& table, const ap_uint<32>& index) {
#pragma HLS INLINE
    using abi::CounterTable;
    if (table == static_cast<int>(CounterTable::reasons)) {
        return index < abi::kReasonsMax;
    }
    if (table == static_cast<int>(CounterTable::services)) {
        return index < abi::kServicesMax;
    }
    return (table == static_cast<int>(CounterTable::servers) ||
            table == static_cast<int>(CounterTable::replies)) &&
           index < abi::kServersMax;
}

// In the order of hw/abi/commands.hpp.
inline bool command_exists(const CommandBeat& beat) {
#pragma HLS INLINE
    using abi::Opcode;
    const ap_uint<8> opcode = lib::get<abi::Command::opcode>(beat);
    const ap_uint<8> way = lib::get<abi::Command::way>(beat);
    const ap_uint<8> table = lib::get<abi::Command::table>(beat);
    const ap_uint<32> index = lib::get<abi::Command::index>(beat);
    const bool way_of_table = way < abi::kTableWays;
    const bool way_of_flows = way < abi::kFlowBucketWays;
    const bool bank = table < 2;
    if (opcode == opcode_bits(Opcode::echo) || opcode == opcode_bits(Opcode::set_hash_key)) {
        return true;
    }
    if (opcode == opcode_bits(Opcode::write_port)) {
        return index < abi::kPortsMax;
    }
    if (opcode == opcode_bits(Opcode::write_service)) {
        return index < abi::kServiceBuckets && way_of_table && bank;
    }
    if (opcode == opcode_bits(Opcode::write_flow)) {
        return index < abi::kFlowBuckets && way_of_flows;
    }
    if (opcode == opcode_bits(Opcode::write_next_hop)) {
        return index < abi::kNextHopsMax;
    }
    if (opcode == opcode_bits(Opcode::set_epoch)) {
        return index < 1 << abi::kEpochBits;
    }
    if (opcode == opcode_bits(Opcode::read_activity)) {
        const bool exists = table == 0 ? index < abi::kFlowBuckets : index < abi::kFlow6Buckets;
        return exists && way_of_flows && bank;
    }
    if (opcode == opcode_bits(Opcode::read_counter)) {
        return way < abi::kCounterBanks && counter_exists(table, index);
    }
    if (opcode == opcode_bits(Opcode::write_reply)) {
        return index < abi::kReplyBuckets && way_of_table && bank;
    }
    if (opcode == opcode_bits(Opcode::write_flow6)) {
        return index < abi::kFlow6Buckets && way_of_flows;
    }
    if (opcode == opcode_bits(Opcode::write_server)) {
        return index < abi::kServersMax;
    }
    if (opcode == opcode_bits(Opcode::write_virtual_end)) {
        return index < abi::kServicesMax;
    }
    if (opcode == opcode_bits(Opcode::write_steer)) {
        return index < abi::kSteerWords;
    }
    if (opcode == opcode_bits(Opcode::set_version)) {
        return index < 2;
    }
    if (opcode == opcode_bits(Opcode::set_cursor)) {
        return index < abi::kCursorsMax;
    }
    if (opcode == opcode_bits(Opcode::clear_young)) {
        return index < abi::kYoungMax;
    }
    return false;
}

inline void command(hls::stream<CommandBeat>& axis, hls::stream<Command>& commands) {
#pragma HLS PIPELINE II = 1 style = flp
#pragma HLS INLINE off
    FPVS_WAIT(axis);
    const CommandBeat beat = axis.read();
    const ap_uint<8> opcode =
        command_exists(beat) ? lib::get<abi::Command::opcode>(beat) : opcode_bits(abi::Opcode::nop);
    Command out;
    out.opcode = opcode;
    out.answered = 0;
    out.way = slice<2, 0>(lib::get<abi::Command::way>(beat));
    out.table = slice<1, 0>(lib::get<abi::Command::table>(beat));
    out.index = slice<17, 0>(lib::get<abi::Command::index>(beat));
    out.tag = lib::get<abi::Command::tag>(beat);
    out.payload = slice<abi::Command::payload_lsb + abi::Command::payload_bits - 1,
                        abi::Command::payload_lsb>(beat);
    commands.write(out);
}

}  // namespace kernels
}  // namespace fpvs
