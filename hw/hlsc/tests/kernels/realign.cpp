// SPDX-License-Identifier: Apache-2.0
// What rewriting a packet needs: a 512-bit word shifted by any number of four octets against its
// neighbour, octets masked up to a run-time length, and the one's complement sum of a packet.
#include <ap_axi_sdata.h>
#include <ap_int.h>
#include <hls_stream.h>

#include <fpvs_hls.hpp>

namespace {

typedef ap_axiu<512, 0, 0, 0> Beat;

ap_uint<64> low_octets(ap_uint<7> count) {
#pragma HLS INLINE
    return (ap_uint<65>(1) << count) - 1;
}

// The sum of the 32 halfwords of a word, carries folded in once.
ap_uint<17> sum_of(const ap_uint<512>& word) {
#pragma HLS INLINE
    ap_uint<22> sum = 0;
    for (int i = 0; i < 32; ++i) {
#pragma HLS UNROLL
        sum = sum + ap_uint<16>(word.range(16 * i + 15, 16 * i));
    }
    return fpvs::slice<15, 0>(sum) + fpvs::slice<21, 16>(sum);
}

}  // namespace

void top(hls::stream<Beat>& in, hls::stream<Beat>& out) {
#pragma HLS INTERFACE ap_ctrl_none port = return
#pragma HLS INTERFACE axis port = in register_mode = both
#pragma HLS INTERFACE axis port = out register_mode = both
#pragma HLS PIPELINE II = 1 style = flp
    static ap_uint<512> before = 0;
    static ap_uint<4> words = 0;
#pragma HLS RESET variable = words
    static ap_uint<32> sum = 0;
#pragma HLS RESET variable = sum
    static ap_uint<1> inside = 0;
#pragma HLS RESET variable = inside
    if (in.empty()) {
        return;
    }
    const Beat beat = in.read();
    const ap_uint<4> shift = inside ? words : ap_uint<4>(fpvs::slice<3, 0>(beat.data));
    const ap_uint<7> count = fpvs::slice<6, 0>(beat.keep);
    ap_uint<512> mask = 0;
    const ap_uint<64> octets = low_octets(count);
    for (int i = 0; i < 64; ++i) {
#pragma HLS UNROLL
        mask.range(8 * i + 7, 8 * i) = octets[i] ? ap_uint<8>(255) : ap_uint<8>(0);
    }
    const ap_uint<9> distance = ap_uint<9>(shift) << 5;
    Beat result;
    result.data = (beat.data << distance) | (before >> ap_uint<10>(512 - distance));
    result.data &= mask;
    result.keep = octets;
    result.strb = octets << fpvs::slice<2, 0>(beat.data);
    const ap_uint<32> total = (inside ? sum : ap_uint<32>(0)) + sum_of(beat.data & mask);
    result.last = beat.last;
    if (beat.last) {
        result.data.range(31, 0) = total;
    }
    out.write(result);
    sum = total;
    before = beat.data;
    words = shift;
    inside = ap_uint<1>(beat.last == 0);
}
