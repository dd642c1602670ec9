// SPDX-License-Identifier: Apache-2.0
// Young connections: those whose server the card chose and whose flow the host has not written yet.
//
// A table of kYoungMax places, of one entry each with the whole key.  A packet that finds its
// connection here goes to that server, whatever the tables say meanwhile: no connection moves
// between its first packet and its flow.  Who comes to the place of another takes it over, except
// that a connection scheduled in turn is not driven out before its time: its next packet would get
// the next server, while one scheduled by hash finds its own again.
//
// Who is at a place and which server it has are two tables: the first is written as soon as the
// place is taken, the second when the server is known.  Either is read before it is written, and
// II 1 lets calls for the same place come between.  So the last calls are remembered in registers,
// and what they wrote counts before what a table says.  The two windows are longer than the way
// from load to store in the pipeline; no tool checks that, but lock-step simulation does.
#pragma once

#include <fpvs_hls.hpp>

#include "hw/abi/entries.hpp"
#include "hw/kernels/records.hpp"

namespace fpvs {
namespace kernels {

constexpr int kYoungWindow = 4;  // Calls whose key counts before the table's.
constexpr int kServerWindowLog2 = 4;
constexpr int kServerWindow = 1 << kServerWindowLog2;  // And whose server.

// A word of the steer table: a server, or none.
using SteerWord = ap_uint<abi::SteerEntry::bits>;

using YoungPlace = ap_uint<abi::kYoungLog2>;

constexpr int kYoungKeyBits = 157;
using YoungKey = ap_uint<kYoungKeyBits>;

inline YoungKey young_key(const Packet& packet, const Flow& flow) {
#pragma HLS INLINE
    return cat(packet.ipv6, flow.service, flow.client_port, flow.client_address);
}

// Who is at a place.
struct YoungEntry {
    YoungKey key;
    EpochBits epoch;  // In which it was written.
    ap_uint<1> in_turn;
    ap_uint<1> valid;
};
constexpr int kYoungBits = kYoungKeyBits + abi::kEpochBits + 2;
using YoungWord = ap_uint<kYoungBits>;

inline YoungWord word_of(const YoungEntry& entry) {
#pragma HLS INLINE
    return cat(entry.valid, entry.in_turn, entry.epoch, entry.key);
}
inline YoungEntry young_of(const YoungWord& word) {
#pragma HLS INLINE
    YoungEntry entry;
    entry.key = slice<kYoungKeyBits - 1, 0>(word);
    entry.epoch = slice<kYoungBits - 3, kYoungKeyBits>(word);
    entry.in_turn = slice<kYoungBits - 2, kYoungBits - 2>(word);
    entry.valid = slice<kYoungBits - 1, kYoungBits - 1>(word);
    return entry;
}

// One of the last calls: which place it was about, and what it wrote.
struct YoungCall {
    YoungPlace place;
    YoungKey key;
    ap_uint<1> wrote;
    ap_uint<1> cleared;  // It wrote that nobody is there.
    ap_uint<1> in_turn;
};

// The server that a call settled on: a word of the steer table.
struct ServerCall {
    YoungPlace place;
    ap_uint<1> wrote;
    SteerWord server;
};

// What a call wants of its place.
struct YoungWish {
    YoungPlace place;
    YoungKey key;
    ap_uint<1> resumes;  // To go on with its connection, if that is there.
    ap_uint<1> opens;    // To take the place, if it is not.
    ap_uint<1> clears;
    ap_uint<1> in_turn;
};

// What it finds there and does.
struct YoungFound {
    ap_uint<1> recent;  // One of the last calls says so, not the table.
    ap_uint<1> hit;     // Its own connection is there.
    ap_uint<1> kept;    // One is there that is not to be driven out.
    ap_uint<1> writes;  // It takes the place, or makes its own connection younger.
};

inline YoungFound find_in_table(const YoungEntry& entry,
                                const YoungWish& wish,
                                const EpochBits& epoch) {
#pragma HLS INLINE
    const EpochBits age = EpochBits(epoch - entry.epoch);
    const bool fresh = entry.valid == 1 && age < abi::kYoungEpochs;
    const bool hit = fresh && entry.key == wish.key;
    const bool kept = fresh && entry.in_turn == 1;
    const bool renews = wish.resumes == 1 && hit && age != 0;
    const bool takes = wish.opens == 1 && !hit && !kept;
    YoungFound found;
    found.hit = hit ? 1 : 0;
    found.kept = kept ? 1 : 0;
    found.writes = renews || takes || wish.clears == 1 ? 1 : 0;
    found.recent = 0;
    return found;
}

inline YoungFound find_in_call(const YoungCall& call, const YoungWish& wish) {
#pragma HLS INLINE
    const bool hit = call.key == wish.key && call.cleared == 0;
    const bool kept = call.in_turn == 1;
    const bool takes = wish.opens == 1 && !hit && !kept;
    YoungFound found;
    found.hit = hit ? 1 : 0;
    found.kept = kept ? 1 : 0;
    found.writes = takes || wish.clears == 1 ? 1 : 0;
    found.recent = call.place == wish.place && call.wrote == 1 ? 1 : 0;
    return found;
}

inline YoungFound first_recent(const YoungFound& first, const YoungFound& second) {
#pragma HLS INLINE
    YoungFound found = second;
    if (first.recent == 1) {
        found = first;
    }
    return found;
}

// The most recent call that wrote the place, else the table.  Whether a call writes depends in the
// next cycle on whether this one did, so the choice among the calls is a tree.
inline YoungFound find_young(const YoungCall (&calls)[kYoungWindow],
                             const YoungEntry& entry,
                             const YoungWish& wish,
                             const EpochBits& epoch) {
#pragma HLS INLINE
    const YoungFound first =
        first_recent(find_in_call(calls[0], wish), find_in_call(calls[1], wish));
    const YoungFound second =
        first_recent(find_in_call(calls[2], wish), find_in_call(calls[3], wish));
    const YoungFound recent = first_recent(first, second);
    return first_recent(recent, find_in_table(entry, wish, epoch));
}
static_assert(kYoungWindow == 4, "the tree has two levels");

// calls[0] is the most recent one.
inline void remember_call(YoungCall (&calls)[kYoungWindow],
                          const YoungWish& wish,
                          const YoungFound& found) {
#pragma HLS INLINE
    for (int call = kYoungWindow - 1; call > 0; --call) {
#pragma HLS UNROLL
        calls[call] = calls[call - 1];
    }
    calls[0].place = wish.place;
    calls[0].key = wish.key;
    calls[0].wrote = found.writes;
    calls[0].cleared = wish.clears;
    calls[0].in_turn = wish.in_turn;
}

// The most recent call that wrote the place, if any, counted back.
struct ServerFound {
    ap_uint<1> recent;
    ap_uint<kServerWindowLog2> call;
};

inline ServerFound later_server(const ServerFound& later, const ServerFound& earlier) {
#pragma HLS INLINE
    ServerFound found = earlier;
    if (later.recent == 1) {
        found = later;
    }
    return found;
}

inline ServerFound find_server(const ServerCall (&calls)[kServerWindow], const YoungPlace& place) {
#pragma HLS INLINE
    ServerFound found[kServerWindow];
    for (int call = 0; call < kServerWindow; ++call) {
#pragma HLS UNROLL
        found[call].recent = calls[call].place == place && calls[call].wrote == 1 ? 1 : 0;
        found[call].call = call;
    }
    ServerFound fours[kServerWindow / 4];
    for (int four = 0; four < kServerWindow / 4; ++four) {
#pragma HLS UNROLL
        const ServerFound later = later_server(found[4 * four], found[4 * four + 1]);
        const ServerFound earlier = later_server(found[4 * four + 2], found[4 * four + 3]);
        fours[four] = later_server(later, earlier);
    }
    return later_server(later_server(fours[0], fours[1]), later_server(fours[2], fours[3]));
}
static_assert(kServerWindow == 16, "the tree has four levels");

inline void remember_server(ServerCall (&calls)[kServerWindow],
                            const YoungPlace& place,
                            const ap_uint<1>& wrote,
                            const SteerWord& server) {
#pragma HLS INLINE
    for (int call = kServerWindow - 1; call > 0; --call) {
#pragma HLS UNROLL
        calls[call] = calls[call - 1];
    }
    calls[0].place = place;
    calls[0].wrote = wrote;
    calls[0].server = server;
}

}  // namespace kernels
}  // namespace fpvs
