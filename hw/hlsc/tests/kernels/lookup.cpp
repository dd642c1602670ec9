// SPDX-License-Identifier: Apache-2.0
// A table of 16 words that every call reads and some write: successive calls meet in it often.
#include <ap_int.h>
#include <hls_stream.h>

#include <fpvs_hls.hpp>

void top(hls::stream<ap_uint<64>>& in, hls::stream<ap_uint<64>>& out) {
#pragma HLS INTERFACE ap_ctrl_none port = return
#pragma HLS INTERFACE axis port = in register_mode = both
#pragma HLS INTERFACE axis port = out register_mode = both
#pragma HLS PIPELINE II = 1 style = flp
    static ap_uint<32> table[16];
#pragma HLS BIND_STORAGE variable = table type = ram_s2p impl = bram latency = 2
#pragma HLS DEPENDENCE variable = table type = inter direction = RAW dependent = false
    static ap_uint<16> calls = 0;
#pragma HLS RESET variable = calls
    if (!in.empty()) {
        const ap_uint<64> word = in.read();
        const ap_uint<32> old = table[fpvs::slice<3, 0>(word)];
        if (word[8]) {
            table[fpvs::slice<7, 4>(word)] = fpvs::slice<63, 32>(word);
        }
        calls = calls + 1;
        out.write(fpvs::cat(calls, fpvs::slice<47, 32>(word), old));
    }
}
