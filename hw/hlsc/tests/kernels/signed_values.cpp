// SPDX-License-Identifier: Apache-2.0
// Signed numbers: extension, comparison with signed and unsigned partners, shifts by signed
// amounts, products, minimum and maximum, a signed register and a signed member in a memory.
#include <ap_int.h>
#include <hls_stream.h>

#include <fpvs_hls.hpp>

namespace {

struct Sample {
    ap_int<13> level;
    ap_uint<5> age;
};

}  // namespace

void top(hls::stream<ap_uint<64>>& in, hls::stream<ap_uint<128>>& out) {
#pragma HLS INTERFACE ap_ctrl_none port = return
#pragma HLS INTERFACE axis port = in register_mode = both
#pragma HLS INTERFACE axis port = out register_mode = both
#pragma HLS PIPELINE II = 1 style = flp
    static ap_int<20> balance = -3;
#pragma HLS RESET variable = balance
    static ap_int<9> window[4] = {-1, 2, -3, 4};
#pragma HLS ARRAY_PARTITION variable = window complete dim = 0
    static Sample samples[16];
#pragma HLS BIND_STORAGE variable = samples type = ram_s2p impl = bram latency = 2
#pragma HLS DEPENDENCE variable = samples type = inter direction = RAW dependent = false
    if (in.empty()) {
        return;
    }
    const ap_uint<64> word = in.read();
    const ap_int<13> a = fpvs::slice<12, 0>(word);
    const ap_int<7> b = fpvs::slice<19, 13>(word);
    const ap_uint<7> c = fpvs::slice<26, 20>(word);
    const ap_int<4> amount = fpvs::slice<30, 27>(word);
    const ap_int<13> lesser = a < b ? a : ap_int<13>(b);
    const ap_int<13> greater = a > b ? a : ap_int<13>(b);
    ap_uint<12> answers = 0;
    answers[0] = a < c;
    answers[1] = b <= a;
    answers[2] = a == b;
    answers[3] = a > -5;
    answers[4] = b < 0;
    answers[5] = (a - b) < c;
    answers[6] = -b == a;
    answers[7] = a.sign();
    answers[8] = (a >> 3) != (a >> amount);
    answers[9] = ap_int<8>(c) >= b;
    answers[10] = (a ^ b) < 0;
    answers[11] = (a & c) > 17;
    // b * c needs 14 bits, a sum with balance one more than the wider.
    balance = balance + ap_int<14>(b * c) - (a >> 2);
    const ap_int<9> shown = window[fpvs::slice<32, 31>(word)];
    window[fpvs::slice<34, 33>(word)] = ap_int<9>(a);
    const Sample sample = samples[fpvs::slice<38, 35>(word)];
    if (word[39]) {
        Sample next = {a, ap_uint<5>(c)};
        samples[fpvs::slice<43, 40>(word)] = next;
    }
    const ap_int<26> product = a * sample.level;
    const ap_int<16> left = ap_int<16>(b) << amount;
    const ap_int<24> quotient = (ap_int<24>(product) / 16) ^ (product % 8);
    out.write(fpvs::cat(answers,
                        ap_uint<20>(balance),
                        ap_uint<12>(shown),
                        ap_uint<24>(product),
                        ap_uint<16>(left),
                        ap_uint<13>(lesser),
                        ap_uint<13>(greater) ^ ap_uint<13>(sample.age),
                        ap_uint<18>(quotient)));
}
