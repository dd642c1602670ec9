// SPDX-License-Identifier: Apache-2.0
// Counts in one bank and claims four: the claim is false as soon as a word comes twice in a row.
#include <ap_int.h>
#include <hls_stream.h>

#include <fpvs_hls.hpp>

void top(hls::stream<ap_uint<64>>& in, hls::stream<ap_uint<64>>& out) {
#pragma HLS INTERFACE ap_ctrl_none port = return
#pragma HLS INTERFACE axis port = in register_mode = both
#pragma HLS INTERFACE axis port = out register_mode = both
#pragma HLS PIPELINE II = 1 style = flp
    static ap_uint<32> counters[16];
#pragma HLS BIND_STORAGE variable = counters type = ram_s2p impl = bram latency = 2
#pragma HLS DEPENDENCE variable = counters type = inter direction = RAW distance = 4 dependent = \
    true
    if (!in.empty()) {
        const ap_uint<64> word = in.read();
        const ap_uint<32> count = counters[fpvs::slice<3, 0>(word)] + 1;
        counters[fpvs::slice<3, 0>(word)] = count;
        out.write(fpvs::cat(ap_uint<32>(0), count));
    }
}
