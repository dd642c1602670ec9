// SPDX-License-Identifier: Apache-2.0
// shift: a packet moves to the place behind its new Ethernet and outer headers.
//
// Consumes one Prefix a packet and its beats; produces the frame's beats for one of the two ports.
// II 1: a beat a call, in and out.  Prefix and old Ethernet header differ by a multiple of four
// bytes, -8 to 56, so a beat that leaves is made of parts of three that came:
//
//   came      | previous (behind byte 8)  |  current  |  next (up to byte 8) |
//   window    [ 56 bytes                  |  64       |  8                   ]   shifted by 4 * n
//   leaves                       | 64 bytes |
//
// The call that takes a beat sends what belongs in the place of the beat before it.  A packet's
// last beat needs no next one: the call that sends it takes the next packet's first.  A frame that
// leaves with one beat more costs one call more, in which the next packet's first beat is taken; so
// packets cost as many calls as the longer of what came and what leaves.
#pragma once

#include <hls_stream.h>

#include <fpvs_hls.hpp>

#include "hw/kernels/records.hpp"
#include "hw/lib/beat.hpp"
#include "hw/lib/bytes.hpp"

namespace fpvs {
namespace kernels {

// How far a prefix can be longer, and shorter, than the old header, in words of four bytes.
constexpr int kLongerWordsMax = (kPrefixBytesMax - 14) / 4;
constexpr int kShorterWordsMax = 2;
constexpr int kWindowBytes = 4 * kLongerWordsMax + abi::kBeatBytes + 4 * kShorterWordsMax;
using WindowBits = ap_uint<8 * kWindowBytes>;

// Reset value: all zero.
struct ShiftState {
    ap_uint<1> held;  // `current` is a beat of a packet,
    ap_uint<1> last;  // its last one.
    ap_uint<1> tail;  // `previous` was a packet's last one and has bytes for a beat more.
    ap_uint<2> sent;  // Beats of the frame that left, up to 2.
    ap_uint<abi::kBeatBits> previous;
    ap_uint<abi::kBeatBits> current;
    Prefix prefix;  // Of the packet that `current`, or the tail, is of.
};

// One shift by 0 to 16 words, four ways at a time.
inline ap_uint<abi::kBeatBits> shift_window(const WindowBits& window, const ap_uint<5>& words) {
#pragma HLS INLINE
    const ap_uint<2> low = slice<1, 0>(words);
    const ap_uint<2> middle = slice<3, 2>(words);
    const WindowBits by_1 = low == 0   ? window
                            : low == 1 ? WindowBits(window >> 32)
                            : low == 2 ? WindowBits(window >> 64)
                                       : WindowBits(window >> 96);
    const WindowBits by_4 = middle == 0   ? by_1
                            : middle == 1 ? WindowBits(by_1 >> 128)
                            : middle == 2 ? WindowBits(by_1 >> 256)
                                          : WindowBits(by_1 >> 384);
    return words[4] ? slice<2 * abi::kBeatBits - 1, abi::kBeatBits>(by_4)
                    : slice<abi::kBeatBits - 1, 0>(by_4);
}
static_assert(kWindowBytes == 2 * abi::kBeatBytes, "a shift by 16 words is one by a beat");

// The prefix over its bytes of the frame's beat number `sent`; zeros behind a short frame's end.
inline ap_uint<abi::kBeatBits> lay_prefix(const ap_uint<abi::kBeatBits>& data,
                                          const Prefix& prefix,
                                          const ap_uint<2>& sent) {
#pragma HLS INLINE
    ap_uint<abi::kBeatBits> out = data;
    for (int byte = 0; byte < abi::kBeatBytes; ++byte) {
#pragma HLS UNROLL
        const int low = 8 * byte;
        const int next_byte = abi::kBeatBytes + byte;
        if (sent == 0 && prefix.words >= (byte + 2) / 4) {
            out.range(low + 7, low) = ap_uint<8>(prefix.bytes.range(low + 7, low));
        } else if (sent == 0 && prefix.filled <= byte) {
            out.range(low + 7, low) = ap_uint<8>(0);
        } else if (next_byte < kPrefixBytesMax && sent == 1 &&
                   prefix.words >= (next_byte + 2) / 4) {
            const int from = next_byte < kPrefixBytesMax ? 8 * next_byte : 0;
            out.range(low + 7, low) = ap_uint<8>(prefix.bytes.range(from + 7, from));
        }
    }
    return out;
}

inline void shift_step(ShiftState& state,
                       hls::stream<PacketBeat>& packets,
                       hls::stream<Prefix>& prefixes,
                       hls::stream<lib::Beat>& forwarded_0,
                       hls::stream<lib::Beat>& forwarded_1) {
#pragma HLS INLINE
    const bool held = state.held == 1;
    const bool within = held && state.last == 0;
    const bool tail_due = held && state.last == 1 && state.prefix.longer == 1;
    const bool take = !tail_due && !packets.empty() && (within || !prefixes.empty());
    if (within && !take) {
        return;
    }
    PacketBeat next;
    next.data = 0;
    next.last = 0;
    if (take) {
        next = packets.read();
    }

    const bool shorter = state.prefix.shorter == 1;
    const bool beyond = held && state.last == 1 && shorter;  // All of it has left.
    const bool last = state.tail == 1 || (state.last == 1 ? !tail_due : next.last == 1 && shorter);
    const ap_uint<5> words =
        ap_uint<5>(ap_uint<5>(kLongerWordsMax) + state.prefix.old_words - state.prefix.words);
    const WindowBits window =
        cat(slice<8 * 4 * kShorterWordsMax - 1, 0>(next.data),
            state.current,
            slice<abi::kBeatBits - 1, abi::kBeatBits - 8 * 4 * kLongerWordsMax>(state.previous));
    if (state.tail == 1 || (held && !beyond)) {
        lib::Beat out;
        out.data = lay_prefix(shift_window(window, words), state.prefix, state.sent);
        out.bytes = last ? state.prefix.last_bytes : ap_uint<7>(abi::kBeatBytes);
        out.last = last ? 1 : 0;
        if (state.prefix.out_port == 0) {
            forwarded_0.write(out);
        } else {
            forwarded_1.write(out);
        }
    }

    state.sent = state.sent == 2 ? state.sent : ap_uint<2>(state.sent + 1);
    if (take && !within) {
        state.prefix = prefixes.read();
        state.sent = 0;
    }
    state.tail = tail_due ? 1 : 0;
    state.previous = state.current;
    state.current = next.data;
    state.held = take ? 1 : 0;
    state.last = next.last;
}

inline void shift(hls::stream<PacketBeat>& packets,
                  hls::stream<Prefix>& prefixes,
                  hls::stream<lib::Beat>& forwarded_0,
                  hls::stream<lib::Beat>& forwarded_1) {
#pragma HLS PIPELINE II = 1 style = flp
#pragma HLS INLINE off
    static ShiftState state;
#pragma HLS RESET variable = state
    shift_step(state, packets, prefixes, forwarded_0, forwarded_1);
}

}  // namespace kernels
}  // namespace fpvs
