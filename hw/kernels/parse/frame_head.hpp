// SPDX-License-Identifier: Apache-2.0
// frame head: where a frame's bytes and its header part ways.
//
// Consumes tagged beats; produces the beats for the FIFO where they wait, and one FrameHead a frame
// once its last beat is there, so that lengths are checked against the whole frame and a frame goes
// out without a pause.  II 1.
//
// A frame of more than kFrameBeatsMax beats would never fit the FIFO: its first beats are kept, the
// rest is dropped here, and its head says `oversize`.  So every frame ends, whatever its length.
#pragma once

#include <hls_stream.h>

#include <fpvs_hls.hpp>

#include "hw/kernels/records.hpp"
#include "hw/lib/beat.hpp"
#include "hw/lib/saturate.hpp"

namespace fpvs {
namespace kernels {

constexpr int kFrameBeatsMax = abi::kFrameBytesMax / abi::kBeatBytes;
static_assert(kFrameBeatsMax * abi::kBeatBytes == abi::kFrameBytesMax, "whole beats");

// Reset value: all zero.
struct FrameHeadState {
    ap_uint<8> beats;  // Of this frame so far; stops at kFrameBeatsMax.
    LengthBits length;
    ap_uint<kHeadBits> head;
};

inline void frame_head_step(FrameHeadState& state,
                            hls::stream<lib::PortBeat>& merged,
                            hls::stream<lib::Beat>& waiting,
                            hls::stream<FrameHead>& heads) {
#pragma HLS INLINE
    if (merged.empty()) {
        return;
    }
    const lib::PortBeat beat = merged.read();
    const bool full = state.beats == kFrameBeatsMax;
    if (state.beats == 0) {
        state.head = beat.data;
    } else if (state.beats == 1) {
        state.head = cat(slice<kHeadBits - 513, 0>(beat.data), slice<511, 0>(state.head));
    }
    state.length = lib::add_saturating<14>(state.length, LengthBits(beat.bytes));
    if (!full) {
        lib::Beat kept;
        kept.data = beat.data;
        kept.bytes = beat.bytes;
        kept.last = beat.last == 1 || state.beats == kFrameBeatsMax - 1 ? 1 : 0;
        waiting.write(kept);
        state.beats = ap_uint<8>(state.beats + 1);
    }
    if (beat.last == 1) {
        FrameHead head;
        head.head = state.head;
        head.length = state.length;
        head.oversize = full ? 1 : 0;
        head.port = beat.port;
        heads.write(head);
        state.beats = 0;
        state.length = 0;
    }
}

inline void frame_head(hls::stream<lib::PortBeat>& merged,
                       hls::stream<lib::Beat>& waiting,
                       hls::stream<FrameHead>& heads) {
#pragma HLS PIPELINE II = 1 style = flp
#pragma HLS INLINE off
    static FrameHeadState state;
#pragma HLS RESET variable = state
    frame_head_step(state, merged, waiting, heads);
}

}  // namespace kernels
}  // namespace fpvs
