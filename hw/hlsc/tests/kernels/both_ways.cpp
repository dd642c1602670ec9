// SPDX-License-Identifier: Apache-2.0
// A table that is stored before it is loaded, a table of two ways with a way chosen at run time,
// a register array, a ROM, and a loop that leaves early.
#include <ap_int.h>
#include <hls_stream.h>

#include <fpvs_hls.hpp>

void top(hls::stream<ap_uint<64>>& in, hls::stream<ap_uint<64>>& out) {
#pragma HLS INTERFACE ap_ctrl_none port = return
#pragma HLS INTERFACE axis port = in register_mode = both
#pragma HLS INTERFACE axis port = out register_mode = both
#pragma HLS PIPELINE II = 1 style = flp
    static const ap_uint<8> kPrimes[8] = {2, 3, 5, 7, 11, 13, 17, 19};
    static ap_uint<16> latest[8];
#pragma HLS BIND_STORAGE variable = latest type = ram_s2p impl = lutram latency = 1
#pragma HLS DEPENDENCE variable = latest type = inter direction = RAW dependent = false
    static ap_uint<16> ways[2][8];
#pragma HLS ARRAY_PARTITION variable = ways complete dim = 1
#pragma HLS BIND_STORAGE variable = ways type = ram_s2p impl = bram latency = 3
    static ap_uint<12> seen[5];
#pragma HLS ARRAY_PARTITION variable = seen complete dim = 0
    if (in.empty()) {
        return;
    }
    const ap_uint<64> word = in.read();
    const ap_uint<3> index = fpvs::slice<2, 0>(word);
    if (word[20]) {
        latest[fpvs::slice<5, 3>(word)] = fpvs::slice<47, 32>(word);
    }
    const ap_uint<16> last = latest[index];
    ap_uint<16> found = 0;
    if (word[21]) {
        ways[fpvs::slice<6, 6>(word)][index] = fpvs::slice<63, 48>(word);
    } else {
        found = ways[fpvs::slice<7, 7>(word)][index];
    }
    const ap_uint<3> slot = index > 4 ? ap_uint<3>(0) : index;
    seen[slot] = seen[slot] + kPrimes[fpvs::slice<10, 8>(word)];
    ap_uint<8> ones = 0;
    for (int bit = 0; bit < 16; ++bit) {
        if (word[32 + bit]) {
            break;
        }
        ones = ones + 1;
    }
    out.write(fpvs::cat(ones, ap_uint<12>(seen[0]), ap_uint<12>(seen[slot]), last, found));
}
