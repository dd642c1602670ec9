// SPDX-License-Identifier: Apache-2.0
// steer: the server of a packet that has no flow: flow first, young connection second, table last.
//
// Consumes flow headers and commands (write_steer, set_cursor, set_epoch, clear_young), produces
// one SteeredHeader a frame.  II 1.  Tables: the words of all services' hash tables and sequences
// (write by command only), the young connections (young.hpp).  State: a cursor for each sequence,
// the epoch.
//
// A call goes: young connection -> cursor -> word -> young connection.  Whether the packet needs a
// server at all is known one step before the cursor moves on, which server one step before the
// young connection is written.
#pragma once

#include <hls_stream.h>

#include <fpvs_hls.hpp>

#include "hw/abi/commands.hpp"
#include "hw/abi/entries.hpp"
#include "hw/kernels/records.hpp"
#include "hw/kernels/steer/young.hpp"
#include "hw/lib/field.hpp"

namespace fpvs {
namespace kernels {

// A RAM of 2^15 words answers in three cycles; so the words lie in banks.
constexpr int kSteerRowsLog2 = 15;
constexpr int kSteerRows = 1 << kSteerRowsLog2;
constexpr int kSteerBanks = abi::kSteerWords / kSteerRows;
constexpr int kSteerBanksLog2 = abi::kSteerWordsLog2 - kSteerRowsLog2;

// A sequence has at most 2^16 words.
using CursorBits = ap_uint<16>;

// What a packet or a command wants.  Only packets that have no flow want anything, and of TCP no
// SYN that is not one alone.
inline YoungWish young_wish(const Command& command, const FlowHeader& header) {
#pragma HLS INLINE
    const int kSyn = 0x02;
    const ap_uint<1> opens = header.packet.opens;
    const bool clears = command.opcode == static_cast<int>(abi::Opcode::clear_young);
    const bool wants =
        header.reason == kUndecided && header.found == 0 && header.flow.from_server == 0;
    const bool odd_syn = (header.packet.tcp_flags & kSyn) != 0 && opens == 0;
    const bool scheduled = header.steer.kind != static_cast<int>(abi::Steer::none);
    const bool in_turn = header.steer.kind == static_cast<int>(abi::Steer::in_turn);
    YoungWish wish;
    wish.place = clears ? slice<abi::kYoungLog2 - 1, 0>(command.index) : header.young;
    wish.key = young_key(header.packet, header.flow);
    wish.resumes = wants && !odd_syn ? 1 : 0;
    wish.opens = wants && opens == 1 && scheduled ? 1 : 0;
    wish.clears = clears ? 1 : 0;
    wish.in_turn = wants && in_turn ? 1 : 0;
    return wish;
}

using SteerIndex = ap_uint<abi::kSteerWordsLog2>;

// The packet's word: that of its hash, or that of its sequence that is next, if there is one: a
// cursor beyond the end, after the host made the sequence shorter, names none and goes back to the
// first.
struct SteerAt {
    SteerIndex word;
    ap_uint<1> exists;
};

// Every cursor has its own counter, so that no choice among them lies between a cursor and its next
// value.
inline SteerAt take_cursor(CursorBits (&cursors)[abi::kCursorsMax],
                           const SteerPlace& place,
                           bool takes,
                           const Command& command) {
#pragma HLS INLINE
    const ap_uint<17> last = ap_uint<17>(place.size - 1);
    const CursorBits cursor = cursors[place.cursor];
    const bool sets = command.opcode == static_cast<int>(abi::Opcode::set_cursor);
    const ap_uint<abi::kCursorsLog2> to = slice<abi::kCursorsLog2 - 1, 0>(command.index);
    for (int c = 0; c < abi::kCursorsMax; ++c) {
#pragma HLS UNROLL
        const bool moves = takes && place.cursor == c;
        if (moves || (sets && to == c)) {
            const CursorBits next = cursors[c] < last ? CursorBits(cursors[c] + 1) : CursorBits(0);
            cursors[c] = moves ? next : CursorBits(slice<15, 0>(command.payload));
        }
    }
    const bool in_turn = place.kind == static_cast<int>(abi::Steer::in_turn);
    const CursorBits step = in_turn ? cursor : CursorBits(0);
    SteerAt at;
    at.word = SteerIndex(place.word + step);
    at.exists = !in_turn || cursor <= last ? 1 : 0;
    return at;
}

// `needed`: the packet was to get a server; `server` is its word.
inline SteeredHeader steered_header(const FlowHeader& header,
                                    bool needed,
                                    bool told,
                                    const SteerWord& server) {
#pragma HLS INLINE
    const bool steered = needed && lib::get<abi::SteerEntry::valid>(server) == 1;
    SteeredHeader out;
    out.reason = header.reason;
    if (header.reason == kUndecided && header.found == 0 && !steered) {
        out.reason =
            needed ? reason_bits(abi::Reason::steer_none) : reason_bits(abi::Reason::flow_miss);
    }
    out.version = header.version;
    out.packet = header.packet;
    out.flow = header.flow;
    out.found = header.found;
    out.steered = steered ? 1 : 0;
    out.learn = steered && told ? 1 : 0;
    out.place = header.place;
    out.server = steered ? lib::get<abi::SteerEntry::server>(server) : header.server;
    out.method = header.method;
    out.reply_next_hop = header.reply_next_hop;
    out.other_address = header.other_address;
    out.other_port = header.other_port;
    return out;
}

// One word is read, or written by command.
inline SteerWord steer_word(SteerWord (&words)[kSteerBanks][kSteerRows],
                            const SteerIndex& at,
                            bool writes,
                            const Command& command) {
#pragma HLS INLINE
    const ap_uint<kSteerBanksLog2> bank = slice<abi::kSteerWordsLog2 - 1, kSteerRowsLog2>(at);
    const ap_uint<kSteerRowsLog2> row = slice<kSteerRowsLog2 - 1, 0>(at);
    const ap_uint<kSteerBanksLog2> to_bank =
        slice<abi::kSteerWordsLog2 - 1, kSteerRowsLog2>(command.index);
    const ap_uint<kSteerRowsLog2> to_row = slice<kSteerRowsLog2 - 1, 0>(command.index);
    SteerWord read[kSteerBanks];
    for (int b = 0; b < kSteerBanks; ++b) {
#pragma HLS UNROLL
        read[b] = words[b][row];
        if (writes && to_bank == b) {
            words[b][to_row] = slice<abi::SteerEntry::bits - 1, 0>(command.payload);
        }
    }
    return read[bank];
}

// The tables.
using YoungTable = YoungWord[abi::kYoungMax];
using YoungServers = SteerWord[abi::kYoungMax];
using SteerWords = SteerWord[kSteerBanks][kSteerRows];

inline void steer_step(EpochBits& epoch,
                       CursorBits (&cursors)[abi::kCursorsMax],
                       YoungCall (&calls)[kYoungWindow],
                       ServerCall (&servers)[kServerWindow],
                       YoungTable& young,
                       YoungServers& young_servers,
                       SteerWords& words,
                       hls::stream<Command>& commands,
                       hls::stream<FlowHeader>& flows,
                       hls::stream<Command>& commands_on,
                       hls::stream<SteeredHeader>& steered) {
#pragma HLS INLINE
    if (commands.empty() && flows.empty()) {
        return;
    }
    const bool commanded = !commands.empty();
    const bool framed = !commanded && !flows.empty();
    Command command;
    command.opcode = 0;
    command.index = 0;
    command.payload = 0;
    FlowHeader header;
    header.reason = reason_bits(abi::Reason::flow_miss);
    if (commanded) {
        command = commands.read();
        commands_on.write(command);
    } else if (framed) {
        header = flows.read();
    }
    const YoungWish wish = young_wish(command, header);

    // The young connection.
    const YoungEntry entry = young_of(young[wish.place]);
    const YoungFound found = find_young(calls, entry, wish, epoch);
    remember_call(calls, wish, found);
    if (found.writes == 1) {
        YoungEntry now;
        now.key = wish.key;
        now.epoch = epoch;
        now.in_turn = wish.in_turn;
        now.valid = ap_uint<1>(~wish.clears);
        young[wish.place] = word_of(now);
    }
    const bool resumes = wish.resumes == 1 && found.hit == 1;
    const bool in_turn = wish.in_turn == 1;
    const bool chooses = wish.opens == 1 && found.hit == 0 && !(in_turn && found.kept == 1);

    // The word, and with it the server.
    const SteerAt at = take_cursor(cursors, header.steer, chooses && in_turn, command);
    const SteerWord word = steer_word(
        words, at.word, command.opcode == static_cast<int>(abi::Opcode::write_steer), command);
    SteerWord server = young_servers[wish.place];
    const ServerFound recent = find_server(servers, wish.place);
    if (chooses) {
        server = at.exists == 1 ? word : SteerWord(0);
    } else if (recent.recent == 1) {
        server = servers[recent.call].server;
    }
    remember_server(servers, wish.place, found.writes, server);
    if (found.writes == 1) {
        young_servers[wish.place] = server;
    }
    if (framed) {
        const bool told = chooses || found.writes == 1;
        steered.write(steered_header(header, resumes || chooses, told, server));
    }
    if (command.opcode == static_cast<int>(abi::Opcode::set_epoch)) {
        epoch = slice<abi::kEpochBits - 1, 0>(command.index);
    }
}

inline void steer(hls::stream<Command>& commands,
                  hls::stream<FlowHeader>& flows,
                  hls::stream<Command>& commands_on,
                  hls::stream<SteeredHeader>& steered) {
#pragma HLS PIPELINE II = 1 style = flp
#pragma HLS INLINE off
    static EpochBits epoch;
#pragma HLS RESET variable = epoch
    static CursorBits cursors[abi::kCursorsMax];
#pragma HLS ARRAY_PARTITION variable = cursors complete
#pragma HLS RESET variable = cursors
    static YoungCall calls[kYoungWindow];
#pragma HLS ARRAY_PARTITION variable = calls complete
#pragma HLS RESET variable = calls
    static ServerCall servers[kServerWindow];
#pragma HLS ARRAY_PARTITION variable = servers complete
#pragma HLS RESET variable = servers
    static YoungTable young;
#pragma HLS BIND_STORAGE variable = young type = ram_s2p impl = uram latency = 2
#pragma HLS DEPENDENCE variable = young type = inter dependent = false
    static YoungServers young_servers;
#pragma HLS BIND_STORAGE variable = young_servers type = ram_s2p impl = bram latency = 2
#pragma HLS DEPENDENCE variable = young_servers type = inter dependent = false
    static SteerWords words;
#pragma HLS ARRAY_PARTITION variable = words complete dim = 1
#pragma HLS BIND_STORAGE variable = words type = ram_s2p impl = bram latency = 3
#pragma HLS DEPENDENCE variable = words type = inter dependent = false
    steer_step(epoch,
               cursors,
               calls,
               servers,
               young,
               young_servers,
               words,
               commands,
               flows,
               commands_on,
               steered);
}

}  // namespace kernels
}  // namespace fpvs
