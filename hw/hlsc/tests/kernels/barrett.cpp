// SPDX-License-Identifier: Apache-2.0
// Multiplications at II = 1: a hash modulo a prime by Barrett's method, a wide product, a product
// of signed numbers, and one that accumulates.
#include <ap_int.h>
#include <hls_stream.h>

#include <fpvs_hls.hpp>

void top(hls::stream<ap_uint<64>>& in, hls::stream<ap_uint<128>>& out) {
#pragma HLS INTERFACE ap_ctrl_none port = return
#pragma HLS INTERFACE axis port = in register_mode = both
#pragma HLS INTERFACE axis port = out register_mode = both
#pragma HLS PIPELINE II = 1 style = flp
    static ap_uint<24> sum = 0;
#pragma HLS RESET variable = sum
    if (in.empty()) {
        return;
    }
    const ap_uint<64> word = in.read();
    // 65,521 is prime; 2^48 / 65,521 rounded down has 33 bits.
    const ap_uint<32> hash = fpvs::slice<31, 0>(word);
    const ap_uint<41> reciprocal = (ap_uint<57>(1) << 56) / 65521;
    const ap_uint<73> scaled = hash * reciprocal;
    const ap_uint<17> quotient = fpvs::slice<72, 56>(scaled);
    ap_uint<33> rest = hash - ap_uint<33>(quotient * ap_uint<16>(65521));
    if (rest >= 65521) {
        rest = rest - 65521;
    }
    const ap_uint<96> wide = fpvs::slice<47, 0>(word) * fpvs::slice<63, 16>(word);
    const ap_int<30> left = fpvs::slice<29, 0>(word);
    const ap_int<20> right = fpvs::slice<49, 30>(word);
    const ap_int<50> product = left * right;
    const ap_int<12> small =
        ap_int<7>(fpvs::slice<56, 50>(word)) * ap_int<5>(fpvs::slice<61, 57>(word));
    sum = sum + ap_uint<24>(fpvs::slice<15, 0>(word) * fpvs::slice<23, 16>(word));
    const ap_uint<50> bits = product;
    out.write(fpvs::cat(fpvs::slice<95, 58>(wide) ^ fpvs::slice<37, 0>(wide),
                        ap_uint<12>(small),
                        sum,
                        ap_uint<16>(rest),
                        ap_uint<38>(fpvs::slice<49, 12>(bits) ^ ap_uint<38>(product))));
}
