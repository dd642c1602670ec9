// SPDX-License-Identifier: Apache-2.0
// rewrite: from the decision about a frame, every byte that will differ.
//
// Consumes one Decision and one PacketSum a frame; produces one Edits a frame for edit, and one
// Prefix a forwarded frame for shift.  II 1.  No table; its state is the identification of outer
// headers.
//
//   decision -> rewrite -+-> edits  -> edit ==> packet ==> shift ==> out
//                        '-> prefix ----------------------->'
#pragma once

#include <hls_stream.h>

#include <fpvs_hls.hpp>

#include "hw/kernels/records.hpp"
#include "hw/kernels/rewrite/encapsulate.hpp"
#include "hw/kernels/rewrite/translate.hpp"
#include "hw/lib/headers.hpp"

namespace fpvs {
namespace kernels {

// Reset value: all zero.
struct RewriteState {
    ap_uint<16> identification;
};

// The beat that byte number `end` - 1 lies in; `end` is not 0.
inline ap_uint<8> beat_before(const LengthBits& end) {
#pragma HLS INLINE
    return slice<13, 6>(LengthBits(end - 1));
}

// How the frame's length in beats changes, and where it ends.
inline void measure(const Decision& decision, Edits& edits, Prefix& prefix) {
#pragma HLS INLINE
    const LengthBits ip_bytes = decision.packet.ip_bytes;
    const LengthBits old_end = ip_bytes + cat(prefix.old_words, ap_uint<2>(2));
    const LengthBits new_end = ip_bytes + cat(prefix.words, ap_uint<2>(2));
    const bool is_short = new_end < lib::kEthernetFrameBytesMin;
    const LengthBits length = is_short ? LengthBits(lib::kEthernetFrameBytesMin) : new_end;
    const ap_uint<8> old_last = beat_before(old_end);
    const ap_uint<8> new_last = beat_before(length);
    edits.last_beat = old_last;
    prefix.longer = new_last > old_last ? 1 : 0;
    prefix.shorter = new_last < old_last ? 1 : 0;
    prefix.filled = is_short ? slice<6, 0>(new_end) : ap_uint<7>(abi::kBeatBytes);
    prefix.last_bytes = ap_uint<7>(slice<5, 0>(LengthBits(length - 1)) + ap_uint<1>(1));
}

inline PuntInfo punt_info_of(const Decision& decision) {
#pragma HLS INLINE
    PuntInfo info;
    info.reason = decision.reason;
    info.length = decision.packet.length;
    info.port = decision.packet.port;
    info.version = decision.version;
    info.service_found = decision.service_found;
    info.service = decision.service;
    return info;
}

inline void rewrite_step(RewriteState& state,
                         hls::stream<Decision>& decisions,
                         hls::stream<PacketSum>& sums,
                         hls::stream<Edits>& edits_out,
                         hls::stream<Prefix>& prefixes) {
#pragma HLS INLINE
    if (decisions.empty() || sums.empty()) {
        return;
    }
    const Decision decision = decisions.read();
    const PacketSum sum = sums.read();
    Edits edits = edits_of(decision);
    edits.punt = punt_info_of(decision);
    Prefix prefix = prefix_of(decision, sum, state.identification);
    measure(decision, edits, prefix);
    edits_out.write(edits);
    if (decision.verdict == static_cast<int>(abi::Verdict::forward)) {
        prefixes.write(prefix);
        if (takes_identification(decision)) {
            state.identification = ap_uint<16>(state.identification + 1);
        }
    }
}

inline void rewrite(hls::stream<Decision>& decisions,
                    hls::stream<PacketSum>& sums,
                    hls::stream<Edits>& edits,
                    hls::stream<Prefix>& prefixes) {
#pragma HLS PIPELINE II = 1 style = flp
#pragma HLS INLINE off
    static RewriteState state;
#pragma HLS RESET variable = state
    rewrite_step(state, decisions, sums, edits, prefixes);
}

}  // namespace kernels
}  // namespace fpvs
