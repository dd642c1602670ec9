// SPDX-License-Identifier: Apache-2.0
// An output whose condition is never true, which only folding shows: it stays an output.
#include <ap_int.h>
#include <hls_stream.h>

#include <fpvs_hls.hpp>

void top(hls::stream<ap_uint<64>>& in,
         hls::stream<ap_uint<64>>& out,
         hls::stream<ap_uint<64>>& silent) {
#pragma HLS INTERFACE ap_ctrl_none port = return
#pragma HLS INTERFACE axis port = in register_mode = both
#pragma HLS INTERFACE axis port = out register_mode = both
#pragma HLS INTERFACE axis port = silent register_mode = both
#pragma HLS PIPELINE II = 1 style = flp
    if (!in.empty()) {
        const ap_uint<64> word = in.read();
        const ap_uint<64> even = fpvs::cat(fpvs::slice<62, 0>(word), ap_uint<1>(0));
        out.write(even);
        if (even[0]) {
            silent.write(word);
        }
    }
}
