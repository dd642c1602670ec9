// SPDX-License-Identifier: Apache-2.0
// Registers with a run-time index for the load and for the store.
#include <ap_int.h>
#include <hls_stream.h>

#include <fpvs_hls.hpp>

void top(hls::stream<ap_uint<16>>& in, hls::stream<ap_uint<16>>& out) {
#pragma HLS INTERFACE ap_ctrl_none port = return
#pragma HLS INTERFACE axis port = in register_mode = both
#pragma HLS INTERFACE axis port = out register_mode = both
#pragma HLS PIPELINE II = 1 style = flp
    static ap_uint<3> slots[4] = {1, 2, 3, 4};
#pragma HLS ARRAY_PARTITION variable = slots complete dim = 0
    if (in.empty()) {
        return;
    }
    const ap_uint<16> word = in.read();
    const ap_uint<3> before = slots[fpvs::slice<1, 0>(word)];
    slots[fpvs::slice<3, 2>(word)] = before + fpvs::slice<6, 4>(word);
    out.write(fpvs::cat(fpvs::slice<15, 3>(word), before));
}
