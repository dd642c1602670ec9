// SPDX-License-Identifier: Apache-2.0
// count: frames and bytes by reason, packets and bytes by server.
//
// Consumes Counted records of the pipeline and of inject, and commands (read_counter).  II 1.
// Reasons count all frames with their bytes without FCS; servers count what was forwarded to them,
// with IPv4 total lengths, as IPVS does.
//
// A counter is a read-modify-write, which II 1 cannot do on one word in two cycles running.  So
// each counter has kCounterBanks words and every call works on the next bank: a word is touched by
// every fourth call at most.  read_counter asks for one bank; it waits until that bank's turn
// comes, so it keeps the distance too and sees every frame counted before it.
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
constexpr int kReasonWords = abi::kReasonsMax * abi::kCounterBanks;
constexpr int kServerWords = abi::kServersMax * abi::kCounterBanks;

// Reset value: all zero.
struct CountState {
    ap_uint<kCounterBanksLog2> bank;
    ap_uint<1> inject_turn;
    ap_uint<1> held_valid;  // A read_counter waits for its bank.
    Command held;
};

inline CounterWord count_one_more(const CounterWord& word, const LengthBits& bytes) {
#pragma HLS INLINE
    const ap_uint<64> packets = ap_uint<64>(slice<63, 0>(word) + 1);
    const ap_uint<64> total = ap_uint<64>(slice<127, 64>(word) + bytes);
    return cat(total, packets);
}

inline void count_step(CountState& state,
                       CounterWord (&reasons)[kReasonWords],
                       CounterWord (&servers)[kServerWords],
                       hls::stream<Command>& commands,
                       hls::stream<Counted>& counted,
                       hls::stream<Counted>& counted_injected,
                       hls::stream<Command>& commands_on) {
#pragma HLS INLINE
    const ap_uint<kCounterBanksLog2> bank = state.bank;
    state.bank = ap_uint<kCounterBanksLog2>(bank + 1);
    const bool reading = state.held_valid == 1 && state.held.way == bank;
    Counted count;
    count.reason = 0;
    count.length = 0;
    count.ip_bytes = 0;
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

    const bool counting_server = counting && count.reason == reason_bits(abi::Reason::forwarded);
    const ReasonBits reason =
        reading ? slice<abi::kReasonsLog2 - 1, 0>(state.held.index) : count.reason;
    const ap_uint<abi::kServersLog2> server =
        reading ? slice<abi::kServersLog2 - 1, 0>(state.held.index) : count.server;
    const ap_uint<abi::kReasonsLog2 + kCounterBanksLog2> reason_word = cat(bank, reason);
    const ap_uint<abi::kServersLog2 + kCounterBanksLog2> server_word = cat(bank, server);
    const CounterWord reason_count = reasons[reason_word];
    const CounterWord server_count = servers[server_word];
    if (counting) {
        reasons[reason_word] = count_one_more(reason_count, count.length);
    }
    if (counting_server) {
        servers[server_word] = count_one_more(server_count, count.ip_bytes);
    }

    if (reading) {
        Command answer = state.held;
        const bool of_server = answer.table == static_cast<int>(abi::CounterTable::servers);
        answer.payload = of_server ? server_count : reason_count;
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
}

inline void count(hls::stream<Command>& commands,
                  hls::stream<Counted>& counted,
                  hls::stream<Counted>& counted_injected,
                  hls::stream<Command>& commands_on) {
#pragma HLS PIPELINE II = 1 style = flp
#pragma HLS INLINE off
    static CountState state;
#pragma HLS RESET variable = state
    static CounterWord reasons[kReasonWords];
    static CounterWord servers[kServerWords];
#pragma HLS BIND_STORAGE variable = reasons type = ram_s2p impl = bram latency = 2
#pragma HLS BIND_STORAGE variable = servers type = ram_s2p impl = uram latency = 2
#pragma HLS DEPENDENCE variable = reasons type = inter direction = RAW distance = 4 dependent = true
#pragma HLS DEPENDENCE variable = servers type = inter direction = RAW distance = 4 dependent = true
    count_step(state, reasons, servers, commands, counted, counted_injected, commands_on);
}

}  // namespace kernels
}  // namespace fpvs
