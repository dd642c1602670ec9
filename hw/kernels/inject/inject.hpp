// SPDX-License-Identifier: Apache-2.0
// inject: frames that the host sends.
//
// Consumes AXI4-Stream beats, for each frame a header beat and then the frame (hw/abi/rings.hpp);
// produces the frame's beats for one port's egress and one Counted record a frame.  II 1.  A frame
// for a port that does not exist is dropped and counted; a header without a frame is ignored.
#pragma once

#include <hls_stream.h>

#include "hw/abi/rings.hpp"
#include "hw/kernels/records.hpp"
#include "hw/lib/beat.hpp"
#include "hw/lib/field.hpp"
#include "hw/lib/saturate.hpp"

namespace fpvs {
namespace kernels {

// Reset value: all zero.
struct InjectState {
    ap_uint<1> in_frame;
    ap_uint<8> port;
    LengthBits length;
};

inline void inject_step(InjectState& state,
                        hls::stream<lib::Beat>& beats,
                        hls::stream<lib::Beat>& injected_0,
                        hls::stream<lib::Beat>& injected_1,
                        hls::stream<Counted>& counted) {
#pragma HLS INLINE
    if (beats.empty()) {
        return;
    }
    const lib::Beat beat = beats.read();
    if (state.in_frame == 0) {
        state.port = lib::get<abi::InjectHeader::port>(beat.data);
        state.length = 0;
        state.in_frame = ~beat.last;
        return;
    }
    state.length = lib::add_saturating<14>(state.length, LengthBits(beat.bytes));
    if (state.port == 0) {
        injected_0.write(beat);
    } else if (state.port == 1) {
        injected_1.write(beat);
    }
    if (beat.last == 1) {
        Counted count;
        count.reason = state.port < abi::kPortsMax ? reason_bits(abi::Reason::injected)
                                                   : reason_bits(abi::Reason::inject_port);
        count.length = state.length;
        count.ip_bytes = 0;
        count.service_found = 0;
        count.service = 0;
        count.server = 0;
        counted.write(count);
        state.in_frame = 0;
    }
}

// The border of the inject port.
inline void inject_ingress(hls::stream<lib::AxisBeat>& axis, hls::stream<lib::Beat>& beats) {
#pragma HLS PIPELINE II = 1 style = flp
#pragma HLS INLINE off
    FPVS_WAIT(axis);
    const lib::AxisBeat in = axis.read();
    beats.write(lib::beat_of_axis(in));
}

inline void inject(hls::stream<lib::Beat>& beats,
                   hls::stream<lib::Beat>& injected_0,
                   hls::stream<lib::Beat>& injected_1,
                   hls::stream<Counted>& counted) {
#pragma HLS PIPELINE II = 1 style = flp
#pragma HLS INLINE off
    static InjectState state;
#pragma HLS RESET variable = state
    inject_step(state, beats, injected_0, injected_1, counted);
}

}  // namespace kernels
}  // namespace fpvs
