// SPDX-License-Identifier: Apache-2.0
// Two processes: one reads two streams by turns, the other joins what it gets with a memory.
#include <ap_int.h>
#include <hls_stream.h>

#include <fpvs_hls.hpp>

namespace {

void halves(hls::stream<ap_uint<16>>& in,
            hls::stream<ap_uint<8>>& low,
            hls::stream<ap_uint<8>>& high) {
#pragma HLS PIPELINE II = 1 style = flp
#pragma HLS INLINE off
    FPVS_WAIT(in);
    const ap_uint<16> word = in.read();
    if (word[3]) {
        low.write(fpvs::slice<7, 0>(word) + fpvs::slice<15, 8>(word));
    } else {
        high.write(fpvs::slice<15, 8>(word) ^ fpvs::slice<7, 0>(word));
    }
}

void join(hls::stream<ap_uint<8>>& low,
          hls::stream<ap_uint<8>>& high,
          hls::stream<ap_uint<16>>& out) {
#pragma HLS PIPELINE II = 1 style = flp
#pragma HLS INLINE off
    static ap_uint<1> turn = 0;
#pragma HLS RESET variable = turn
    static ap_uint<4> table[4];
#pragma HLS BIND_STORAGE variable = table type = ram_s2p impl = lutram latency = 1
#pragma HLS DEPENDENCE variable = table type = inter direction = RAW dependent = false
    ap_uint<8> word = 0;
    const bool first = turn == 0 ? !low.empty() : high.empty() && !low.empty();
    if (first) {
        word = low.read();
    } else if (!high.empty()) {
        word = high.read();
    } else {
        return;
    }
    turn = ~turn;
    const ap_uint<4> found = table[fpvs::slice<1, 0>(word)];
    if (word[2]) {
        table[fpvs::slice<4, 3>(word)] = fpvs::slice<7, 4>(word);
    }
    out.write(fpvs::cat(word, found, ap_uint<4>(first ? 5 : 9)));
}

}  // namespace

void top(hls::stream<ap_uint<16>>& in, hls::stream<ap_uint<16>>& out) {
#pragma HLS INTERFACE ap_ctrl_none port = return
#pragma HLS INTERFACE axis port = in register_mode = both
#pragma HLS INTERFACE axis port = out register_mode = both
#pragma HLS DATAFLOW disable_start_propagation
    static hls::stream<ap_uint<8>> low("low");
    static hls::stream<ap_uint<8>> high("high");
    halves(in, low, high);
    join(low, high, out);
}
