// SPDX-License-Identifier: Apache-2.0
// Counters in four banks that are used in turn, as the pragma claims.
#include <ap_int.h>
#include <hls_stream.h>

#include <fpvs_hls.hpp>

void top(hls::stream<ap_uint<16>>& in, hls::stream<ap_uint<16>>& out) {
#pragma HLS INTERFACE ap_ctrl_none port = return
#pragma HLS INTERFACE axis port = in register_mode = both
#pragma HLS INTERFACE axis port = out register_mode = both
#pragma HLS PIPELINE II = 1 style = flp
    static ap_uint<2> counters[4];
#pragma HLS BIND_STORAGE variable = counters type = ram_s2p impl = bram latency = 2
#pragma HLS DEPENDENCE variable = counters type = inter direction = RAW distance = 4 dependent = \
    true
    static ap_uint<2> bank = 0;
#pragma HLS RESET variable = bank
    if (in.empty()) {
        return;
    }
    const ap_uint<16> word = in.read();
    const ap_uint<2> count = counters[bank] + fpvs::slice<1, 0>(word);
    counters[bank] = count;
    bank = bank + 1;
    out.write(count);
}
