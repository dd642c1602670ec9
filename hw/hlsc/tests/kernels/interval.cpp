// SPDX-License-Identifier: Apache-2.0
// Processes that start every second and every third cycle: a recurrence longer than one clock, a
// memory read, changed and written back without a claim, and memories whose one read port and one
// write port serve several loads and stores of a call.
#include <ap_int.h>
#include <hls_stream.h>

#include <fpvs_hls.hpp>

namespace {

struct Word {
    ap_uint<64> bits;
};

void source(hls::stream<ap_uint<64>>& in, hls::stream<Word>& even, hls::stream<Word>& odd) {
#pragma HLS PIPELINE II = 1 style = flp
#pragma HLS INLINE off
    FPVS_WAIT(in);
    Word word;
    word.bits = in.read();
    if (word.bits[0]) {
        odd.write(word);
    } else {
        even.write(word);
    }
}

void second(hls::stream<Word>& in, hls::stream<ap_uint<64>>& out) {
#pragma HLS PIPELINE II = 2 style = flp
#pragma HLS INLINE off
    static ap_uint<64> mixed = 1;
#pragma HLS RESET variable = mixed
    static ap_uint<24> counters[16];
#pragma HLS BIND_STORAGE variable = counters type = ram_s2p impl = bram latency = 1
    static ap_uint<16> shared[32];
#pragma HLS BIND_STORAGE variable = shared type = ram_s2p impl = bram latency = 2
    Word word;
    if (!in.read_nb(word)) {
        return;
    }
    // Three additions and a rotation: more than one clock.
    mixed = ap_uint<64>(mixed + word.bits);
    mixed = fpvs::cat(fpvs::slice<50, 0>(mixed), fpvs::slice<63, 51>(mixed)) ^ word.bits;
    mixed = ap_uint<64>(mixed + (mixed >> 7));
    mixed = ap_uint<64>(mixed ^ (mixed << 9)) + ap_uint<64>(mixed >> 3);
    const ap_uint<4> slot = fpvs::slice<4, 1>(word.bits);
    const ap_uint<24> count = counters[slot] + 1;
    counters[slot] = count;
    // A load, then two stores, the second of which may hit the word of the first.
    const ap_uint<16> left = shared[fpvs::slice<9, 5>(word.bits)];
    shared[fpvs::slice<19, 15>(word.bits)] = fpvs::slice<47, 32>(word.bits);
    if (word.bits[48]) {
        shared[fpvs::slice<24, 20>(word.bits)] = fpvs::slice<63, 48>(word.bits);
    }
    out.write(fpvs::cat(left, ap_uint<24>(count), ap_uint<24>(fpvs::slice<63, 40>(mixed))));
}

void third(hls::stream<Word>& in, hls::stream<ap_uint<64>>& out) {
#pragma HLS PIPELINE II = 3 style = flp
#pragma HLS INLINE off
    static ap_int<40> table[8];
#pragma HLS BIND_STORAGE variable = table type = ram_s2p impl = lutram latency = 1
    FPVS_WAIT(in);
    const Word word = in.read();
    const ap_uint<3> first = fpvs::slice<3, 1>(word.bits);
    const ap_uint<3> other = fpvs::slice<6, 4>(word.bits);
    // A load, a store, and a load that finds what was stored.
    const ap_int<40> before = table[first];
    if (word.bits[7]) {
        table[other] = ap_int<20>(fpvs::slice<27, 8>(word.bits));
    }
    const ap_int<40> after = table[fpvs::slice<30, 28>(word.bits)];
    out.write(fpvs::cat(ap_uint<32>(before >> 4), ap_uint<32>(after - before)));
}

}  // namespace

void top(hls::stream<ap_uint<64>>& in,
         hls::stream<ap_uint<64>>& every_second,
         hls::stream<ap_uint<64>>& every_third) {
#pragma HLS INTERFACE ap_ctrl_none port = return
#pragma HLS INTERFACE axis port = in register_mode = both
#pragma HLS INTERFACE axis port = every_second register_mode = both
#pragma HLS INTERFACE axis port = every_third register_mode = both
#pragma HLS DATAFLOW disable_start_propagation
    static hls::stream<Word> even("even");
#pragma HLS STREAM variable = even depth = 8
    static hls::stream<Word> odd("odd");
#pragma HLS STREAM variable = odd depth = 8
    source(in, even, odd);
    second(even, every_second);
    third(odd, every_third);
}
