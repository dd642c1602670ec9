// SPDX-License-Identifier: Apache-2.0
// An iteration every second cycle: a word changed without a claim, and two stores of a call.
#include <ap_int.h>
#include <hls_stream.h>

#include <fpvs_hls.hpp>

void top(hls::stream<ap_uint<16>>& in, hls::stream<ap_uint<16>>& out) {
#pragma HLS INTERFACE ap_ctrl_none port = return
#pragma HLS INTERFACE axis port = in register_mode = both
#pragma HLS INTERFACE axis port = out register_mode = both
#pragma HLS PIPELINE II = 2 style = flp
    static ap_uint<3> tally[4];
#pragma HLS BIND_STORAGE variable = tally type = ram_s2p impl = bram latency = 1
    static ap_uint<3> table[4];
#pragma HLS BIND_STORAGE variable = table type = ram_s2p impl = bram latency = 1
    if (in.empty()) {
        return;
    }
    const ap_uint<16> word = in.read();
    const ap_uint<3> count = tally[fpvs::slice<1, 0>(word)] + fpvs::slice<4, 2>(word);
    tally[fpvs::slice<1, 0>(word)] = count;
    const ap_uint<3> found = table[fpvs::slice<6, 5>(word)];
    table[fpvs::slice<8, 7>(word)] = fpvs::slice<11, 9>(word);
    if (word[15]) {
        table[fpvs::slice<13, 12>(word)] = fpvs::slice<14, 12>(word);
    }
    out.write(fpvs::cat(fpvs::slice<15, 6>(word), count, found));
}
