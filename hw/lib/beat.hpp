// SPDX-License-Identifier: Apache-2.0
// The unit of every packet stream: one 512-bit word of a frame.
#pragma once

#include <ap_axi_sdata.h>
#include <ap_int.h>

#include <fpvs_hls.hpp>

#include "hw/abi/limits.hpp"
#include "hw/lib/bytes.hpp"

namespace fpvs {
namespace lib {

// At the kernel's border only.
using AxisBeat = ap_axiu<abi::kBeatBits, 0, 0, 0>;

// Within the kernel.  Byte 0 of the frame is the least significant byte of the first beat.  Bytes
// at and above `bytes` have no meaning; all beats of a frame but the last are full.
struct Beat {
    ap_uint<abi::kBeatBits> data;
    ap_uint<7> bytes;  // 0 to 64.
    ap_uint<1> last;
};

// A beat that knows the port it came from.
struct PortBeat {
    ap_uint<abi::kBeatBits> data;
    ap_uint<7> bytes;
    ap_uint<1> last;
    ap_uint<1> port;
};

// How many bytes a TKEEP of n ones from bit 0 names: the place where ones end, as a number.
inline ap_uint<7> bytes_of_keep(const ap_uint<64>& keep) {
#pragma HLS INLINE
    const ap_uint<64> end = keep & ~(keep >> 1);  // At most one bit.
    ap_uint<7> bytes = 0;
    for (int bit = 0; bit < 7; ++bit) {
#pragma HLS UNROLL
        bool found = false;
        for (int byte = 0; byte < 64; ++byte) {
#pragma HLS UNROLL
            if (((byte + 1) >> bit & 1) != 0) {
                found = found || end[byte];
            }
        }
        bytes[bit] = found;
    }
    return bytes;
}

inline Beat beat_of_axis(const AxisBeat& in) {
#pragma HLS INLINE
    Beat beat;
    beat.data = in.data;
    beat.bytes = bytes_of_keep(in.keep);
    beat.last = in.last;
    return beat;
}

inline AxisBeat axis_of_beat(const Beat& beat) {
#pragma HLS INLINE
    AxisBeat out;
    out.data = beat.data;
    out.keep = bytes_below<abi::kBeatBytes>(beat.bytes);
    out.strb = out.keep;
    out.last = beat.last;
    return out;
}

}  // namespace lib
}  // namespace fpvs
