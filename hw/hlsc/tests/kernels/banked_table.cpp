// SPDX-License-Identifier: Apache-2.0
// A table in banks, each a memory of its own, with the bank chosen at run time for the load and,
// apart from it, for the store; and counters of structs in banks, read, changed and written back.
#include <ap_int.h>
#include <hls_stream.h>

#include <fpvs_hls.hpp>

namespace {

enum : int { kBanks = 4, kDepth = 16 };

struct Counter {
    ap_uint<20> packets;
    ap_uint<28> bytes;
};

}  // namespace

void top(hls::stream<ap_uint<64>>& in, hls::stream<ap_uint<128>>& out) {
#pragma HLS INTERFACE ap_ctrl_none port = return
#pragma HLS INTERFACE axis port = in register_mode = both
#pragma HLS INTERFACE axis port = out register_mode = both
#pragma HLS PIPELINE II = 1 style = flp
    static ap_uint<48> table[kBanks][kDepth];
#pragma HLS ARRAY_PARTITION variable = table complete dim = 1
#pragma HLS BIND_STORAGE variable = table type = ram_s2p impl = uram latency = 3
#pragma HLS DEPENDENCE variable = table type = inter direction = RAW dependent = false
    static Counter counters[kBanks][kDepth];
#pragma HLS ARRAY_PARTITION variable = counters complete dim = 1
#pragma HLS BIND_STORAGE variable = counters type = ram_s2p impl = bram latency = 2
#pragma HLS DEPENDENCE variable = counters type = inter direction = RAW distance = 4 dependent = \
    true
    static ap_uint<2> turn = 0;
#pragma HLS RESET variable = turn
    if (in.empty()) {
        return;
    }
    const ap_uint<64> word = in.read();
    const ap_uint<2> load_bank = fpvs::slice<1, 0>(word);
    const ap_uint<2> store_bank = fpvs::slice<3, 2>(word);
    const ap_uint<48> found = table[load_bank][fpvs::slice<7, 4>(word)];
    if (word[12]) {
        table[store_bank][fpvs::slice<11, 8>(word)] = fpvs::slice<63, 16>(word);
    }
    // Each bank is used every fourth call.
    Counter counter = counters[turn][fpvs::slice<7, 4>(word)];
    counter.packets = counter.packets + 1;
    counter.bytes = counter.bytes + fpvs::slice<15, 0>(word);
    counters[turn][fpvs::slice<7, 4>(word)] = counter;
    turn = turn + 1;
    out.write(fpvs::cat(ap_uint<32>(counter.bytes), ap_uint<48>(counter.packets), found));
}
