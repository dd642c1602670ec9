// SPDX-License-Identifier: Apache-2.0
// Values of 129 and 141 bits, which clang keeps in memory as whole words.
#include <ap_int.h>
#include <hls_stream.h>

#include <fpvs_hls.hpp>

void top(hls::stream<ap_uint<128>>& in, hls::stream<ap_uint<64>>& out) {
#pragma HLS INTERFACE ap_ctrl_none port = return
#pragma HLS INTERFACE axis port = in register_mode = both
#pragma HLS INTERFACE axis port = out register_mode = both
#pragma HLS PIPELINE II = 1 style = flp
    static ap_uint<141> sum = 5;
#pragma HLS RESET variable = sum
    if (!in.empty()) {
        const ap_uint<128> word = in.read();
        const ap_uint<65> high = fpvs::slice<74, 10>(word);
        const ap_uint<64> low = fpvs::slice<127, 64>(word);
        const ap_uint<129> joined = fpvs::cat(high, low) | ap_uint<129>(word[3]);
        sum = sum ^ fpvs::cat(ap_uint<12>(fpvs::slice<11, 0>(word)), joined);
        out.write(fpvs::slice<127, 64>(sum) ^ fpvs::slice<63, 0>(joined));
    }
}
