// SPDX-License-Identifier: Apache-2.0
// A stateless firewall for IPv4 over Ethernet, one 512-bit beat a cycle.
//
// Consumes frames and rules; produces the frames that no rule drops.  A rule is a source prefix and
// a destination port range; 16 of them stand side by side in registers and are compared at once,
// and the lowest that matches decides.  II = 1; resources: about 2,000 registers and no memory.
#include <ap_axi_sdata.h>
#include <ap_int.h>
#include <hls_stream.h>

#include <fpvs_hls.hpp>

namespace {

enum : int { kRules = 16 };

typedef ap_axiu<512, 0, 0, 0> AxisBeat;

struct Beat {
    ap_uint<512> data;
    ap_uint<64> keep;
    ap_uint<1> last;
};

struct Rule {
    ap_uint<32> address;
    ap_uint<32> mask;
    ap_uint<16> port_low;
    ap_uint<16> port_high;
    ap_uint<1> used;
    ap_uint<1> drops;
};

// Octets of a frame come lowest first; numbers in them have their highest octet first.
ap_uint<16> number16(const ap_uint<512>& frame, int octet) {
#pragma HLS INLINE
    return fpvs::cat(ap_uint<8>(frame.range(8 * octet + 7, 8 * octet)),
                     ap_uint<8>(frame.range(8 * octet + 15, 8 * octet + 8)));
}
ap_uint<32> number32(const ap_uint<512>& frame, int octet) {
#pragma HLS INLINE
    return fpvs::cat(number16(frame, octet), number16(frame, octet + 2));
}

void frames_in(hls::stream<AxisBeat>& port, hls::stream<Beat>& out) {
#pragma HLS PIPELINE II = 1 style = flp
#pragma HLS INLINE off
    FPVS_WAIT(port);
    const AxisBeat word = port.read();
    Beat beat;
    beat.data = word.data;
    beat.keep = word.keep;
    beat.last = word.last;
    out.write(beat);
}

void rules_in(hls::stream<ap_uint<128>>& port, hls::stream<ap_uint<128>>& out) {
#pragma HLS PIPELINE II = 1 style = flp
#pragma HLS INLINE off
    FPVS_WAIT(port);
    out.write(port.read());
}

void filter(hls::stream<ap_uint<128>>& rules, hls::stream<Beat>& in, hls::stream<Beat>& out) {
#pragma HLS PIPELINE II = 1 style = flp
#pragma HLS INLINE off
    static Rule table[kRules];
#pragma HLS ARRAY_PARTITION variable = table complete dim = 0
    static ap_uint<1> inside = 0;
#pragma HLS RESET variable = inside
    static ap_uint<1> dropping = 0;
#pragma HLS RESET variable = dropping
    if (!rules.empty()) {
        const ap_uint<128> word = rules.read();
        Rule rule;
        rule.address = fpvs::slice<31, 0>(word);
        rule.mask = fpvs::slice<63, 32>(word);
        rule.port_low = fpvs::slice<79, 64>(word);
        rule.port_high = fpvs::slice<95, 80>(word);
        rule.used = word[96];
        rule.drops = word[97];
        table[fpvs::slice<103, 100>(word)] = rule;
        return;
    }
    if (in.empty()) {
        return;
    }
    const Beat beat = in.read();
    // Ethernet, IPv4 without options: source address at octet 26, destination port at octet 36.
    const bool ipv4 = number16(beat.data, 12) == 0x0800 && beat.data.range(119, 112) == 0x45;
    const ap_uint<32> source = number32(beat.data, 26);
    const ap_uint<16> port = number16(beat.data, 36);
    ap_uint<1> drops = 0;
    for (int i = kRules - 1; i >= 0; --i) {
#pragma HLS UNROLL
        const Rule& rule = table[i];
        const bool matches = rule.used && ((source ^ rule.address) & rule.mask) == 0 &&
                             port >= rule.port_low && port <= rule.port_high;
        drops = matches ? rule.drops : drops;
    }
    const ap_uint<1> verdict = inside ? dropping : ap_uint<1>(ipv4 ? drops : ap_uint<1>(0));
    inside = ap_uint<1>(beat.last == 0);
    dropping = verdict;
    if (verdict == 0) {
        out.write(beat);
    }
}

void frames_out(hls::stream<Beat>& in, hls::stream<AxisBeat>& port) {
#pragma HLS PIPELINE II = 1 style = flp
#pragma HLS INLINE off
    FPVS_WAIT(in);
    const Beat beat = in.read();
    AxisBeat word;
    word.data = beat.data;
    word.keep = beat.keep;
    word.strb = beat.keep;
    word.last = beat.last;
    port.write(word);
}

}  // namespace

void firewall(hls::stream<AxisBeat>& rx,
              hls::stream<ap_uint<128>>& rules,
              hls::stream<AxisBeat>& tx) {
#pragma HLS INTERFACE ap_ctrl_none port = return
#pragma HLS INTERFACE axis port = rx register_mode = both
#pragma HLS INTERFACE axis port = rules register_mode = both
#pragma HLS INTERFACE axis port = tx register_mode = both
#pragma HLS DATAFLOW disable_start_propagation
    static hls::stream<Beat> received("received");
#pragma HLS STREAM variable = received depth = 16
    static hls::stream<ap_uint<128>> changes("changes");
#pragma HLS STREAM variable = changes depth = 4
    static hls::stream<Beat> passed("passed");
#pragma HLS STREAM variable = passed depth = 16
    frames_in(rx, received);
    rules_in(rules, changes);
    filter(changes, received, passed);
    frames_out(passed, tx);
}
