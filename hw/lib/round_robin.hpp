// SPDX-License-Identifier: Apache-2.0
// Two frame streams into one: whole frames, turn about.
#pragma once

#include <ap_int.h>

namespace fpvs {
namespace lib {

// Reset value: all zero.
struct RoundRobinState {
    ap_uint<1> in_frame;
    ap_uint<1> source;  // Of the current frame, or of the last one.
};

// Which source the next beat comes from: that of the frame under way; between frames the other
// than last time, unless it has nothing.
inline ap_uint<1> next_source(const RoundRobinState& state, bool empty_0, bool empty_1) {
#pragma HLS INLINE
    const bool other_is_empty = state.source == 0 ? empty_1 : empty_0;
    const bool stay = state.in_frame == 1 || other_is_empty;
    return stay ? state.source : ap_uint<1>(~state.source);
}

}  // namespace lib
}  // namespace fpvs
