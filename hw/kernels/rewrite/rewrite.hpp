// SPDX-License-Identifier: Apache-2.0
// rewrite: the frame's beats, as the decision about it says.
//
// Consumes one Decision a frame and its waiting beats; produces beats for the two ports and for the
// punt way.  II 1.  Direct routing changes the first beat only: both MAC addresses, the VLAN id in
// its place, TTL and header checksum.  A punted frame leaves as it came; a dropped one ends here.
// Padding behind the IP packet is kept.
//
//   first beat:  | dst 6 | src 6 | type 2 | IPv4: .. TTL at 8 .. checksum at 10 |
//   tagged:      | dst 6 | src 6 | 8100 | tci 2 | type 2 | IPv4 ..              |
#pragma once

#include <hls_stream.h>

#include "hw/kernels/records.hpp"
#include "hw/lib/beat.hpp"
#include "hw/lib/bytes.hpp"
#include "hw/lib/checksum.hpp"

namespace fpvs {
namespace kernels {

constexpr int kTtlOffset = 22;  // Untagged; a tag moves both by four.
constexpr int kChecksumOffset = 24;
constexpr int kTciOffset = 14;

// Reset value: all zero.
struct RewriteState {
    ap_uint<1> in_frame;
    ap_uint<2> verdict;
    ap_uint<1> out_port;
};

using BeatBits = ap_uint<abi::kBeatBits>;

inline BeatBits rewrite_first_beat(const BeatBits& data, const Decision& decision) {
#pragma HLS INLINE
    const bool tagged = decision.tagged == 1;
    const ap_uint<8> ttl =
        tagged ? lib::number_at<kTtlOffset + 4, 1>(data) : lib::number_at<kTtlOffset, 1>(data);
    const ap_uint<16> checksum = tagged ? lib::number_at<kChecksumOffset + 4, 2>(data)
                                        : lib::number_at<kChecksumOffset, 2>(data);
    const ap_uint<8> new_ttl = ap_uint<8>(ttl - 1);
    const ap_uint<16> new_checksum = lib::checksum_after_ttl_decrement(checksum);

    BeatBits out = data;
    lib::put_number_at<0, 6>(out, decision.destination_mac);
    lib::put_number_at<6, 6>(out, decision.source_mac);
    if (tagged) {
        const ap_uint<16> tci = lib::number_at<kTciOffset, 2>(data);
        lib::put_number_at<kTciOffset, 2>(out, cat(slice<15, 12>(tci), decision.vlan));
        lib::put_number_at<kTtlOffset + 4, 1>(out, new_ttl);
        lib::put_number_at<kChecksumOffset + 4, 2>(out, new_checksum);
    } else {
        lib::put_number_at<kTtlOffset, 1>(out, new_ttl);
        lib::put_number_at<kChecksumOffset, 2>(out, new_checksum);
    }
    return out;
}

inline void rewrite_step(RewriteState& state,
                         hls::stream<Decision>& decisions,
                         hls::stream<lib::Beat>& waiting,
                         hls::stream<lib::Beat>& forwarded_0,
                         hls::stream<lib::Beat>& forwarded_1,
                         hls::stream<lib::Beat>& punted,
                         hls::stream<PuntInfo>& punt_infos) {
#pragma HLS INLINE
    const bool first = state.in_frame == 0;
    if (waiting.empty() || (first && decisions.empty())) {
        return;
    }
    lib::Beat beat = waiting.read();
    if (first) {
        const Decision decision = decisions.read();
        state.verdict = decision.verdict;
        state.out_port = decision.out_port;
        if (decision.verdict == static_cast<int>(abi::Verdict::forward)) {
            beat.data = rewrite_first_beat(beat.data, decision);
        }
        if (decision.verdict == static_cast<int>(abi::Verdict::punt)) {
            PuntInfo info;
            info.reason = decision.reason;
            info.length = decision.length;
            info.port = decision.port;
            info.service_found = decision.service_found;
            info.service = decision.service;
            punt_infos.write(info);
        }
    }
    state.in_frame = ~beat.last;
    if (state.verdict == static_cast<int>(abi::Verdict::punt)) {
        punted.write(beat);
    } else if (state.verdict == static_cast<int>(abi::Verdict::forward)) {
        if (state.out_port == 0) {
            forwarded_0.write(beat);
        } else {
            forwarded_1.write(beat);
        }
    }
}

inline void rewrite(hls::stream<Decision>& decisions,
                    hls::stream<lib::Beat>& waiting,
                    hls::stream<lib::Beat>& forwarded_0,
                    hls::stream<lib::Beat>& forwarded_1,
                    hls::stream<lib::Beat>& punted,
                    hls::stream<PuntInfo>& punt_infos) {
#pragma HLS PIPELINE II = 1 style = flp
#pragma HLS INLINE off
    static RewriteState state;
#pragma HLS RESET variable = state
    rewrite_step(state, decisions, waiting, forwarded_0, forwarded_1, punted, punt_infos);
}

}  // namespace kernels
}  // namespace fpvs
