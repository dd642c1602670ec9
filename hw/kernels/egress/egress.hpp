// SPDX-License-Identifier: Apache-2.0
// egress: a port's way out, shared by what the card forwards and what the host injects.
//
// Consumes beats of both, produces AXI4-Stream beats; whole frames, turn about, so neither can keep
// the other out.  II 1.  A template, so that each port is a process of its own.
#pragma once

#include <hls_stream.h>

#include "hw/lib/beat.hpp"
#include "hw/lib/round_robin.hpp"

namespace fpvs {
namespace kernels {

inline void egress_step(lib::RoundRobinState& state,
                        hls::stream<lib::Beat>& forwarded,
                        hls::stream<lib::Beat>& injected,
                        hls::stream<lib::AxisBeat>& axis) {
#pragma HLS INLINE
    const bool no_forwarded = forwarded.empty();
    const bool no_injected = injected.empty();
    const ap_uint<1> source = lib::next_source(state, no_forwarded, no_injected);
    if (source == 0 ? no_forwarded : no_injected) {
        return;
    }
    lib::Beat beat;
    if (source == 0) {
        beat = forwarded.read();
    } else {
        beat = injected.read();
    }
    axis.write(lib::axis_of_beat(beat));
    state.in_frame = ~beat.last;
    state.source = source;
}

template <int Port>
void egress(hls::stream<lib::Beat>& forwarded,
            hls::stream<lib::Beat>& injected,
            hls::stream<lib::AxisBeat>& axis) {
#pragma HLS PIPELINE II = 1 style = flp
#pragma HLS INLINE off
    static lib::RoundRobinState state;
#pragma HLS RESET variable = state
    egress_step(state, forwarded, injected, axis);
}

}  // namespace kernels
}  // namespace fpvs
