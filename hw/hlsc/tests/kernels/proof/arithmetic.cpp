// SPDX-License-Identifier: Apache-2.0
// No memory: sums, products and state behind several stages.
#include <ap_int.h>
#include <hls_stream.h>

#include <fpvs_hls.hpp>

void top(hls::stream<ap_uint<16>>& in, hls::stream<ap_uint<16>>& out) {
#pragma HLS INTERFACE ap_ctrl_none port = return
#pragma HLS INTERFACE axis port = in register_mode = both
#pragma HLS INTERFACE axis port = out register_mode = both
#pragma HLS PIPELINE II = 1 style = flp
    static ap_uint<2> turn = 3;
#pragma HLS RESET variable = turn
    if (in.empty()) {
        return;
    }
    const ap_uint<16> word = in.read();
    const ap_uint<4> low = fpvs::slice<3, 0>(word);
    const ap_uint<4> high = fpvs::slice<7, 4>(word);
    const ap_uint<6> mixed = ap_uint<6>((low ^ (high >> 1)) * 5 + high) ^ ap_uint<6>(turn);
    turn = turn + fpvs::slice<1, 0>(word);
    if (word[0]) {
        out.write(ap_uint<6>(mixed + (mixed >> 3)));
    }
}
