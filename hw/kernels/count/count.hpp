// SPDX-License-Identifier: Apache-2.0
// count: frames and bytes by reason, packets and bytes by server and by service.
//
// Consumes Counted records of the pipeline, of inject and of punt, and commands (read_counter).  II
// 1.  Reasons count all frames with their bytes without FCS; servers and services count packets
// with their IP lengths, as IPVS does: servers what was sent to them and, apart, what they
// replied, services all that came to them.
//
// A counter is a read-modify-write, which II 1 cannot do on one word in two cycles running.  So
// each counter has kCounterBanks words and every call works on the next bank: a word is touched by
// every fourth call at most.  read_counter asks for one bank; it waits until that bank's turn
// comes, so it keeps the distance too and sees every frame counted before it.
//
// punt_full has registers of its own: under a flood of misses each frame is counted under its
// reason and as dropped, and both in one cycle.
#pragma once

#include <hls_stream.h>

#include <fpvs_hls.hpp>

#include "hw/abi/commands.hpp"
#include "hw/kernels/records.hpp"

namespace fpvs {
namespace kernels {

// Packets in the low half, bytes in the high half.
using CounterWord = ap_uint<128>;

constexpr int kCounterBanksLog2 = 2;
static_assert(abi::kCounterBanks == 1 << kCounterBanksLog2, "a bank has two bits");
constexpr int kReasonCounts = abi::kReasonsMax * abi::kCounterBanks;
constexpr int kServerCounts = abi::kServersMax * abi::kCounterBanks;
constexpr int kServiceCounts = abi::kServicesMax * abi::kCounterBanks;
constexpr int kServicesLog2 = abi::kServiceBucketsLog2 + 2;
static_assert(abi::kServicesMax == 1 << kServicesLog2, "services are counted from 0");

// Reset value: all zero.
struct CountState {
    ap_uint<kCounterBanksLog2> bank;
    ap_uint<1> inject_turn;
    ap_uint<1> held_valid;  // A read_counter waits for its bank.
    Command held;
};

// What punt dropped.  Like a table it keeps its value across a reset.
struct DropCount {
    ap_uint<64> frames;
    ap_uint<64> bytes;
};

inline CounterWord count_one_more(const CounterWord& word, const LengthBits& bytes) {
#pragma HLS INLINE
    const ap_uint<64> packets = ap_uint<64>(slice<63, 0>(word) + 1);
    const ap_uint<64> total = ap_uint<64>(slice<127, 64>(word) + bytes);
    return cat(total, packets);
}

// The word of one bank that a read_counter asks for.
inline CounterWord counter_asked(const Command& command,
                                 const DropCount& drops,
                                 const CounterWord& reason,
                                 const CounterWord& server,
                                 const CounterWord& reply,
                                 const CounterWord& service) {
#pragma HLS INLINE
    using abi::CounterTable;
    if (command.table == static_cast<int>(CounterTable::servers)) {
        return server;
    }
    if (command.table == static_cast<int>(CounterTable::replies)) {
        return reply;
    }
    if (command.table == static_cast<int>(CounterTable::services)) {
        return service;
    }
    const ap_uint<abi::kReasonsLog2> asked = slice<abi::kReasonsLog2 - 1, 0>(command.index);
    if (asked == reason_bits(abi::Reason::punt_full) && command.way == 0) {
        return cat(drops.bytes, drops.frames);
    }
    return reason;
}

inline void count_drops(DropCount& drops, hls::stream<Counted>& dropped) {
#pragma HLS INLINE
    if (!dropped.empty()) {
        const Counted drop = dropped.read();
        drops.frames = ap_uint<64>(drops.frames + 1);
        drops.bytes = ap_uint<64>(drops.bytes + drop.length);
    }
}

inline void count_step(CountState& state,
                       DropCount& drops,
                       CounterWord (&reasons)[kReasonCounts],
                       CounterWord (&servers)[kServerCounts],
                       CounterWord (&replies)[kServerCounts],
                       CounterWord (&services)[kServiceCounts],
                       hls::stream<Command>& commands,
                       hls::stream<Counted>& counted,
                       hls::stream<Counted>& counted_injected,
                       hls::stream<Counted>& dropped,
                       hls::stream<Command>& commands_on) {
#pragma HLS INLINE
    const ap_uint<kCounterBanksLog2> bank = state.bank;
    state.bank = ap_uint<kCounterBanksLog2>(bank + 1);
    const bool reading = state.held_valid == 1 && state.held.way == bank;
    Counted count;
    count.reason = 0;
    count.length = 0;
    count.ip_bytes = 0;
    count.service_found = 0;
    count.service = 0;
    count.server = 0;
    bool counting = false;
    if (!reading) {
        const bool none = counted.empty();
        const bool none_injected = counted_injected.empty();
        const bool take_injected = !none_injected && (none || state.inject_turn == 1);
        if (take_injected) {
            count = counted_injected.read();
            state.inject_turn = 0;
            counting = true;
        } else if (!none) {
            count = counted.read();
            state.inject_turn = 1;
            counting = true;
        }
    }

    const bool sent = count.reason == reason_bits(abi::Reason::forwarded) ||
                      count.reason == reason_bits(abi::Reason::steered);
    const bool replied = count.reason == reason_bits(abi::Reason::replied);
    const ap_uint<abi::kFlowBucketsLog2Max> asked = state.held.index;
    const ReasonBits reason =
        reading ? slice<abi::kReasonsLog2 - 1, 0>(asked) : ReasonBits(count.reason);
    const ServerBits server =
        reading ? slice<abi::kServersLog2 - 1, 0>(asked) : ServerBits(count.server);
    const ap_uint<kServicesLog2> service =
        reading ? slice<kServicesLog2 - 1, 0>(asked) : slice<kServicesLog2 - 1, 0>(count.service);
    const ap_uint<abi::kReasonsLog2 + kCounterBanksLog2> reason_word = cat(bank, reason);
    const ap_uint<abi::kServersLog2 + kCounterBanksLog2> server_word = cat(bank, server);
    const ap_uint<kServicesLog2 + kCounterBanksLog2> service_word = cat(bank, service);
    const CounterWord reason_count = reasons[reason_word];
    const CounterWord server_count = servers[server_word];
    const CounterWord reply_count = replies[server_word];
    const CounterWord service_count = services[service_word];
    if (counting) {
        reasons[reason_word] = count_one_more(reason_count, count.length);
    }
    if (counting && sent) {
        servers[server_word] = count_one_more(server_count, count.ip_bytes);
    }
    if (counting && replied) {
        replies[server_word] = count_one_more(reply_count, count.ip_bytes);
    }
    if (counting && count.service_found == 1) {
        services[service_word] = count_one_more(service_count, count.ip_bytes);
    }

    if (reading) {
        Command answer = state.held;
        answer.payload =
            counter_asked(answer, drops, reason_count, server_count, reply_count, service_count);
        answer.answered = 1;
        commands_on.write(answer);
        state.held_valid = 0;
    } else if (state.held_valid == 0 && !commands.empty()) {
        const Command command = commands.read();
        if (command.opcode == static_cast<int>(abi::Opcode::read_counter)) {
            state.held = command;
            state.held_valid = 1;
        } else {
            commands_on.write(command);
        }
    }
    count_drops(drops, dropped);
}

inline void count(hls::stream<Command>& commands,
                  hls::stream<Counted>& counted,
                  hls::stream<Counted>& counted_injected,
                  hls::stream<Counted>& dropped,
                  hls::stream<Command>& commands_on) {
#pragma HLS PIPELINE II = 1 style = flp
#pragma HLS INLINE off
    static CountState state;
#pragma HLS RESET variable = state
    static DropCount drops;
    static CounterWord reasons[kReasonCounts];
    static CounterWord servers[kServerCounts];
    static CounterWord replies[kServerCounts];
    static CounterWord services[kServiceCounts];
#pragma HLS BIND_STORAGE variable = reasons type = ram_s2p impl = bram latency = 2
#pragma HLS BIND_STORAGE variable = servers type = ram_s2p impl = uram latency = 2
#pragma HLS BIND_STORAGE variable = replies type = ram_s2p impl = uram latency = 2
#pragma HLS BIND_STORAGE variable = services type = ram_s2p impl = uram latency = 2
#pragma HLS DEPENDENCE variable = reasons type = inter direction = RAW distance = 4 dependent = true
#pragma HLS DEPENDENCE variable = servers type = inter direction = RAW distance = 4 dependent = true
#pragma HLS DEPENDENCE variable = replies type = inter direction = RAW distance = 4 dependent = true
#pragma HLS DEPENDENCE variable = services type = inter direction = RAW distance = 4 dependent = \
    true
    count_step(state,
               drops,
               reasons,
               servers,
               replies,
               services,
               commands,
               counted,
               counted_injected,
               dropped,
               commands_on);
}

}  // namespace kernels
}  // namespace fpvs
