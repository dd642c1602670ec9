// SPDX-License-Identifier: Apache-2.0
// A table that is stored before it is loaded, at addresses that are computed.
#include <ap_int.h>
#include <hls_stream.h>

#include <fpvs_hls.hpp>

void top(hls::stream<ap_uint<16>>& in, hls::stream<ap_uint<16>>& out) {
#pragma HLS INTERFACE ap_ctrl_none port = return
#pragma HLS INTERFACE axis port = in register_mode = both
#pragma HLS INTERFACE axis port = out register_mode = both
#pragma HLS PIPELINE II = 1 style = flp
    static ap_uint<4> table[8];
#pragma HLS BIND_STORAGE variable = table type = ram_s2p impl = bram latency = 2
#pragma HLS DEPENDENCE variable = table type = inter direction = RAW dependent = false
    if (in.empty()) {
        return;
    }
    const ap_uint<16> word = in.read();
    const ap_uint<3> at = fpvs::slice<2, 0>(word) + fpvs::slice<5, 3>(word);
    if (word[15]) {
        table[at] = fpvs::slice<9, 6>(word) ^ fpvs::slice<13, 10>(word);
    }
    out.write(fpvs::cat(fpvs::slice<11, 0>(word), table[fpvs::slice<8, 6>(word)]));
}
