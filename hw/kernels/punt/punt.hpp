// SPDX-License-Identifier: Apache-2.0
// punt: frames for the host, each followed by the header beat that says why it comes.
//
// Consumes a punted frame's beats and one PuntInfo a frame; produces AXI4-Stream beats: the frame
// as it came, then its header, which alone has TLAST (hw/abi/rings.hpp).  II 1.
#pragma once

#include <hls_stream.h>

#include "hw/abi/rings.hpp"
#include "hw/kernels/records.hpp"
#include "hw/lib/beat.hpp"
#include "hw/lib/field.hpp"

namespace fpvs {
namespace kernels {

// Reset value: all zero.
struct PuntState {
    ap_uint<1> header_due;
};

inline lib::Beat punt_header(const PuntInfo& info) {
#pragma HLS INLINE
    lib::Beat beat;
    beat.data = 0;
    lib::set<abi::PuntHeader::reason>(beat.data, info.reason);
    lib::set<abi::PuntHeader::port>(beat.data, info.port);
    lib::set<abi::PuntHeader::length_bytes>(beat.data, info.length);
    lib::set<abi::PuntHeader::service>(beat.data, info.service);
    lib::set<abi::PuntHeader::service_found>(beat.data, info.service_found);
    beat.bytes = abi::kBeatBytes;
    beat.last = 1;
    return beat;
}

inline void punt_step(PuntState& state,
                      hls::stream<lib::Beat>& punted,
                      hls::stream<PuntInfo>& infos,
                      hls::stream<lib::AxisBeat>& axis) {
#pragma HLS INLINE
    if (state.header_due == 1) {
        if (!infos.empty()) {
            const PuntInfo info = infos.read();
            axis.write(lib::axis_of_beat(punt_header(info)));
            state.header_due = 0;
        }
    } else if (!punted.empty()) {
        lib::Beat beat = punted.read();
        state.header_due = beat.last;
        beat.last = 0;
        axis.write(lib::axis_of_beat(beat));
    }
}

inline void punt(hls::stream<lib::Beat>& punted,
                 hls::stream<PuntInfo>& infos,
                 hls::stream<lib::AxisBeat>& axis) {
#pragma HLS PIPELINE II = 1 style = flp
#pragma HLS INLINE off
    static PuntState state;
#pragma HLS RESET variable = state
    punt_step(state, punted, infos, axis);
}

}  // namespace kernels
}  // namespace fpvs
