// SPDX-License-Identifier: Apache-2.0
// merge: the frames of all ports into one stream, whole frames, turn about.
//
// Consumes beats of two ports, produces beats tagged with their port.  II 1.  A port with nothing
// to say costs nothing; a frame under way is never interrupted, so a port that pauses within a
// frame holds the other up: the shell hands over whole frames.
#pragma once

#include <hls_stream.h>

#include "hw/lib/beat.hpp"
#include "hw/lib/round_robin.hpp"

namespace fpvs {
namespace kernels {

inline void merge_step(lib::RoundRobinState& state,
                       hls::stream<lib::Beat>& beats_0,
                       hls::stream<lib::Beat>& beats_1,
                       hls::stream<lib::PortBeat>& merged) {
#pragma HLS INLINE
    const bool empty_0 = beats_0.empty();
    const bool empty_1 = beats_1.empty();
    const ap_uint<1> source = lib::next_source(state, empty_0, empty_1);
    if (source == 0 ? empty_0 : empty_1) {
        return;
    }
    lib::Beat beat;
    if (source == 0) {
        beat = beats_0.read();
    } else {
        beat = beats_1.read();
    }
    lib::PortBeat out;
    out.data = beat.data;
    out.bytes = beat.bytes;
    out.last = beat.last;
    out.port = source;
    merged.write(out);
    state.in_frame = ~beat.last;
    state.source = source;
}

inline void merge(hls::stream<lib::Beat>& beats_0,
                  hls::stream<lib::Beat>& beats_1,
                  hls::stream<lib::PortBeat>& merged) {
#pragma HLS PIPELINE II = 1 style = flp
#pragma HLS INLINE off
    static lib::RoundRobinState state;
#pragma HLS RESET variable = state
    merge_step(state, beats_0, beats_1, merged);
}

}  // namespace kernels
}  // namespace fpvs
