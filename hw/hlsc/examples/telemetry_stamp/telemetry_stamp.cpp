// SPDX-License-Identifier: Apache-2.0
// A hop that stamps probe frames, one 512-bit beat a cycle.
//
// Consumes and produces frames.  A frame whose Ethernet type is 0x88b5 (for local experiments) is a
// probe: its first beat gets, from octet 16 on, how many frames this hop has seen, how many beats
// went by since the last probe, and how many probes its flow (octets 14 and 15) has sent before.
// II = 1; one memory of 1,024 words in four banks that are used in turn, so that no call changes a
// word that one of the three calls before it has changed.
#include <ap_axi_sdata.h>
#include <ap_int.h>
#include <hls_stream.h>

#include <fpvs_hls.hpp>

namespace {

enum : int { kBanks = 4, kFlows = 256 };

typedef ap_axiu<512, 0, 0, 0> AxisBeat;

}  // namespace

void telemetry_stamp(hls::stream<AxisBeat>& rx, hls::stream<AxisBeat>& tx) {
#pragma HLS INTERFACE ap_ctrl_none port = return
#pragma HLS INTERFACE axis port = rx register_mode = both
#pragma HLS INTERFACE axis port = tx register_mode = both
#pragma HLS PIPELINE II = 1 style = flp
    static ap_uint<24> probes[kBanks * kFlows];
#pragma HLS BIND_STORAGE variable = probes type = ram_s2p impl = bram latency = 2
#pragma HLS DEPENDENCE variable = probes type = inter direction = RAW distance = 4 dependent = true
    static ap_uint<2> bank = 0;
#pragma HLS RESET variable = bank
    static ap_uint<1> inside = 0;
#pragma HLS RESET variable = inside
    static ap_uint<32> frames = 0;
#pragma HLS RESET variable = frames
    static ap_uint<32> beats_since = 0;
#pragma HLS RESET variable = beats_since
    FPVS_WAIT(rx);
    AxisBeat beat = rx.read();
    const bool first = inside == 0;
    const bool probe = first && fpvs::slice<111, 96>(beat.data) == 0xb588;
    const ap_uint<8> flow = fpvs::slice<119, 112>(beat.data);
    const ap_uint<10> slot = fpvs::cat(bank, flow);
    const ap_uint<24> before = probes[slot];
    probes[slot] = before + (probe ? 1 : 0);
    if (probe) {
        beat.data.range(159, 128) = frames;
        beat.data.range(191, 160) = beats_since;
        // Of this bank; the reader of the probes adds up four.
        beat.data.range(215, 192) = before;
        beat.data.range(217, 216) = bank;
    }
    bank = bank + 1;
    frames = first ? ap_uint<32>(frames + 1) : frames;
    beats_since = probe ? ap_uint<32>(0) : ap_uint<32>(beats_since + 1);
    inside = ap_uint<1>(beat.last == 0);
    tx.write(beat);
}
