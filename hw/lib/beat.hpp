// SPDX-License-Identifier: Apache-2.0
// The unit of every packet stream: one 512-bit word of a frame.
#pragma once

#include <ap_axi_sdata.h>
#include <ap_int.h>

#include <fpvs_hls.hpp>

#include "hw/abi/limits.hpp"

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

// How many bytes a TKEEP of n ones from bit 0 names: a binary search, one level a bit.
inline ap_uint<7> bytes_of_keep(const ap_uint<64>& keep) {
#pragma HLS INLINE
    const bool b5 = keep[31];
    const ap_uint<32> k5 = b5 ? slice<63, 32>(keep) : slice<31, 0>(keep);
    const bool b4 = k5[15];
    const ap_uint<16> k4 = b4 ? slice<31, 16>(k5) : slice<15, 0>(k5);
    const bool b3 = k4[7];
    const ap_uint<8> k3 = b3 ? slice<15, 8>(k4) : slice<7, 0>(k4);
    const bool b2 = k3[3];
    const ap_uint<4> k2 = b2 ? slice<7, 4>(k3) : slice<3, 0>(k3);
    const bool b1 = k2[1];
    const ap_uint<2> k1 = b1 ? slice<3, 2>(k2) : slice<1, 0>(k2);
    const bool b0 = k1[0];
    const ap_uint<1> rest = b0 ? slice<1, 1>(k1) : slice<0, 0>(k1);
    const ap_uint<6> below = cat(ap_uint<1>(b5),
                                 ap_uint<1>(b4),
                                 ap_uint<1>(b3),
                                 ap_uint<1>(b2),
                                 ap_uint<1>(b1),
                                 ap_uint<1>(b0));
    return ap_uint<7>(below + rest);
}

// n ones from bit 0.
inline ap_uint<64> keep_of_bytes(const ap_uint<7>& bytes) {
#pragma HLS INLINE
    const ap_uint<65> above = ap_uint<65>(1) << bytes;
    return ap_uint<64>(above - 1);
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
    out.keep = keep_of_bytes(beat.bytes);
    out.strb = out.keep;
    out.last = beat.last;
    return out;
}

}  // namespace lib
}  // namespace fpvs
