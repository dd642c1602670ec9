// SPDX-License-Identifier: Apache-2.0
// ingress: the border of a network port.
//
// Consumes AXI4-Stream beats of frames, produces beats.  II 1.  A template, so that each port is a
// process of its own.
#pragma once

#include <hls_stream.h>

#include "hw/lib/beat.hpp"

namespace fpvs {
namespace kernels {

template <int Port>
void ingress(hls::stream<lib::AxisBeat>& axis, hls::stream<lib::Beat>& beats) {
#pragma HLS PIPELINE II = 1 style = flp
#pragma HLS INLINE off
    FPVS_WAIT(axis);
    const lib::AxisBeat in = axis.read();
    beats.write(lib::beat_of_axis(in));
}

}  // namespace kernels
}  // namespace fpvs
