// SPDX-License-Identifier: Apache-2.0
// edit: a frame's beats leave the place where they waited, as the verdict on it says.
//
// Consumes one Edits a frame and its waiting beats; produces the beats of punted frames and one
// PuntInfo each, ahead of them; and for shift the beats of forwarded ones, with TTL, ends and
// checksums written.  II 1.  A punted frame leaves as it came; a dropped one ends here, and so do
// the beats behind a forwarded packet's end, which are padding.
//
//   | Ethernet 14, 18 or 22 | IPv4 .. TTL 8, checksum 10, ends 12 ..             | transport
//                           | IPv6 .. hop limit 7, ends 8 ..                     | transport
//   The IP header's fields lie in the first beat, the transport header's in either of the first
//   two, always whole 16-bit words of the frame.
#pragma once

#include <hls_stream.h>

#include <fpvs_hls.hpp>

#include "hw/kernels/records.hpp"
#include "hw/lib/beat.hpp"
#include "hw/lib/bytes.hpp"
#include "hw/lib/headers.hpp"

namespace fpvs {
namespace kernels {

using BeatBits = ap_uint<abi::kBeatBits>;
constexpr int kEditedBeats = kHeadBytes / abi::kBeatBytes;

// Reset value: all zero.
struct EditState {
    ap_uint<1> in_frame;
    ap_uint<8> beat;  // Of this frame, from 0.
    Edits edits;
};

template <int IpOffset>
inline BeatBits edit_ip_at(const BeatBits& data, const Edits& edits) {
#pragma HLS INLINE
    static_assert(IpOffset + lib::kIpv6Bytes <= abi::kBeatBytes, "in the first beat");
    BeatBits out = data;
    if (edits.ipv6 == 1) {
        lib::put_number_at<IpOffset + 7, 1>(out, edits.ttl);
        if (edits.translated == 1) {
            lib::put_number_at<IpOffset + 8, 16>(out, edits.source);
            lib::put_number_at<IpOffset + 24, 16>(out, edits.destination);
        }
    } else {
        lib::put_number_at<IpOffset + 8, 1>(out, edits.ttl);
        lib::put_number_at<IpOffset + 10, 2>(out, edits.ip_checksum);
        if (edits.translated == 1) {
            lib::put_number_at<IpOffset + 12, 4>(out, slice<31, 0>(edits.source));
            lib::put_number_at<IpOffset + 16, 4>(out, slice<31, 0>(edits.destination));
        }
    }
    return out;
}

inline BeatBits edit_ip(const BeatBits& data, const Edits& edits) {
#pragma HLS INLINE
    if (edits.tags == 0) {
        return edit_ip_at<lib::kEthernetBytes>(data, edits);
    }
    if (edits.tags == 1) {
        return edit_ip_at<lib::kEthernetBytes + lib::kVlanBytes>(data, edits);
    }
    return edit_ip_at<lib::kEthernetBytes + 2 * lib::kVlanBytes>(data, edits);
}

// `beat` is below kEditedBeats.
inline BeatBits edit_transport(const BeatBits& data, const Edits& edits, const ap_uint<1>& beat) {
#pragma HLS INLINE
    const ap_uint<16> source_port = lib::swap_octets<16>(edits.source_port);
    const ap_uint<16> destination_port = lib::swap_octets<16>(edits.destination_port);
    const ap_uint<16> checksum = lib::swap_octets<16>(edits.l4_checksum);
    const ap_uint<6> source_word = edits.ports_word;
    const ap_uint<6> destination_word = ap_uint<6>(edits.ports_word + 1);
    BeatBits out = data;
    for (int word = 0; word < abi::kBeatBytes / 2; ++word) {
#pragma HLS UNROLL
        const ap_uint<6> here = cat(beat, ap_uint<5>(word));
        if (here == source_word) {
            out.range(16 * word + 15, 16 * word) = source_port;
        } else if (here == destination_word) {
            out.range(16 * word + 15, 16 * word) = destination_port;
        } else if (here == edits.l4_checksum_word) {
            out.range(16 * word + 15, 16 * word) = checksum;
        }
    }
    return out;
}

inline BeatBits edit_beat(const BeatBits& data, const Edits& edits, const ap_uint<8>& beat) {
#pragma HLS INLINE
    BeatBits out = data;
    if (beat == 0) {
        out = edit_ip(out, edits);
    }
    if (beat < kEditedBeats && edits.translated == 1) {
        out = edit_transport(out, edits, slice<0, 0>(beat));
    }
    return out;
}

inline void edit_step(EditState& state,
                      hls::stream<Edits>& edits_in,
                      hls::stream<lib::Beat>& waiting,
                      hls::stream<PacketBeat>& packets,
                      hls::stream<lib::Beat>& punted,
                      hls::stream<PuntInfo>& punt_infos) {
#pragma HLS INLINE
    const bool first = state.in_frame == 0;
    if (waiting.empty() || (first && edits_in.empty())) {
        return;
    }
    const lib::Beat beat = waiting.read();
    if (first) {
        state.edits = edits_in.read();
        state.beat = 0;
    }
    const Edits edits = state.edits;
    if (edits.verdict == static_cast<int>(abi::Verdict::punt)) {
        punted.write(beat);
        if (first) {
            punt_infos.write(edits.punt);
        }
    } else if (edits.verdict == static_cast<int>(abi::Verdict::forward) &&
               state.beat <= edits.last_beat) {
        PacketBeat out;
        out.data = edit_beat(beat.data, edits, state.beat);
        out.last = state.beat == edits.last_beat ? 1 : 0;
        packets.write(out);
    }
    state.beat = ap_uint<8>(state.beat + 1);
    state.in_frame = ~beat.last;
}

inline void edit(hls::stream<Edits>& edits,
                 hls::stream<lib::Beat>& waiting,
                 hls::stream<PacketBeat>& packets,
                 hls::stream<lib::Beat>& punted,
                 hls::stream<PuntInfo>& punt_infos) {
#pragma HLS PIPELINE II = 1 style = flp
#pragma HLS INLINE off
    static EditState state;
#pragma HLS RESET variable = state
    edit_step(state, edits, waiting, packets, punted, punt_infos);
}

}  // namespace kernels
}  // namespace fpvs
