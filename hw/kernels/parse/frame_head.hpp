// SPDX-License-Identifier: Apache-2.0
// frame head: where a frame's bytes and its header part ways.
//
// Consumes tagged beats; produces the beats for the FIFO where they wait, and one FrameHead a frame
// once its last beat is there, so that lengths are checked against the whole frame and a frame goes
// out without a pause.  II 1.  Some cycles later comes the sum over the frame's IP packet, by a way
// of its own to rewrite; of a frame that parse finds fault with it has no meaning.
//
// A frame of more than kFrameBeatsMax beats would never fit the FIFO: its first beats are kept, the
// rest is dropped here, and its head says `oversize`.  So every frame ends, whatever its length.
#pragma once

#include <hls_stream.h>

#include <fpvs_hls.hpp>

#include "hw/kernels/records.hpp"
#include "hw/lib/beat.hpp"
#include "hw/lib/bytes.hpp"
#include "hw/lib/checksum.hpp"
#include "hw/lib/headers.hpp"
#include "hw/lib/saturate.hpp"

namespace fpvs {
namespace kernels {

constexpr int kFrameBeatsMax = abi::kFrameBytesMax / abi::kBeatBytes;
static_assert(kFrameBeatsMax * abi::kBeatBytes == abi::kFrameBytesMax, "whole beats");

// Where an IP packet may end: 22 bytes of Ethernet, 40 of IPv6 and 65535.
constexpr int kEndBits = 17;
constexpr int kBeatWords = abi::kBeatBytes / 2;
// Of all words of a frame that is not oversize.
constexpr int kFrameSumBits = lib::sum_bits(kFrameBeatsMax * kBeatWords);

// Reset value: all zero.
struct FrameHeadState {
    ap_uint<8> beats;  // Of this frame so far; stops at kFrameBeatsMax.
    LengthBits length;
    ap_uint<kHeadBits> head;
    ap_uint<kEndBits> packet_left;  // Of the IP packet, from the next beat's first byte.
    ap_uint<kFrameSumBits> sum;
};

// A frame's IP packet, as the first beat tells of it.
struct PacketPlace {
    ap_uint<6> begin;
    ap_uint<kEndBits> end;
};

template <int Begin>
inline PacketPlace packet_place_at(const ap_uint<abi::kBeatBits>& beat,
                                   const ap_uint<16>& ether_type) {
#pragma HLS INLINE
    const ap_uint<16> ipv4_bytes = lib::number_at<Begin + 2, 2>(beat);
    const ap_uint<16> ipv6_payload_bytes = lib::number_at<Begin + 4, 2>(beat);
    PacketPlace place;
    place.begin = Begin;
    place.end = ether_type == lib::kEtherTypeIpv6
                    ? ap_uint<kEndBits>(ipv6_payload_bytes + ap_uint<7>(Begin + lib::kIpv6Bytes))
                    : ap_uint<kEndBits>(ipv4_bytes + ap_uint<7>(Begin));
    return place;
}

inline bool is_vlan_type(const ap_uint<16>& ether_type) {
#pragma HLS INLINE
    return ether_type == lib::kEtherTypeVlan || ether_type == lib::kEtherTypeServiceVlan;
}

inline PacketPlace packet_place(const ap_uint<abi::kBeatBits>& beat) {
#pragma HLS INLINE
    const int kUntagged = lib::kEthernetBytes;
    const int kTagged = kUntagged + lib::kVlanBytes;
    const int kStacked = kTagged + lib::kVlanBytes;
    const ap_uint<16> type_0 = lib::number_at<kUntagged - 2, 2>(beat);
    const ap_uint<16> type_1 = lib::number_at<kTagged - 2, 2>(beat);
    const ap_uint<16> type_2 = lib::number_at<kStacked - 2, 2>(beat);
    if (!is_vlan_type(type_0)) {
        return packet_place_at<kUntagged>(beat, type_0);
    }
    if (!is_vlan_type(type_1)) {
        return packet_place_at<kTagged>(beat, type_1);
    }
    return packet_place_at<kStacked>(beat, type_2);
}

// Adds the packet's words of a beat.  An odd packet's last byte counts as if a zero followed.
inline void add_to_sum(FrameHeadState& state, const ap_uint<abi::kBeatBits>& data, bool first) {
#pragma HLS INLINE
    const PacketPlace place = packet_place(data);
    const ap_uint<kEndBits> left = first ? place.end : state.packet_left;
    const ap_uint<6> begin = first ? place.begin : ap_uint<6>(0);
    const ap_uint<abi::kBeatBytes> counted =
        lib::bytes_below<abi::kBeatBytes>(left) & ~lib::bytes_below<abi::kBeatBytes>(begin);
    const ap_uint<lib::sum_bits(kBeatWords)> sum =
        lib::WordSum<kBeatWords>::of(lib::keep_bytes<abi::kBeatBytes>(data, counted));
    const ap_uint<kFrameSumBits> before = first ? ap_uint<kFrameSumBits>(0) : state.sum;
    state.sum = ap_uint<kFrameSumBits>(before + sum);
    state.packet_left =
        left > abi::kBeatBytes ? ap_uint<kEndBits>(left - abi::kBeatBytes) : ap_uint<kEndBits>(0);
}

inline void frame_head_step(FrameHeadState& state,
                            hls::stream<lib::PortBeat>& merged,
                            hls::stream<lib::Beat>& waiting,
                            hls::stream<FrameHead>& heads,
                            hls::stream<PacketSum>& sums) {
#pragma HLS INLINE
    if (merged.empty()) {
        return;
    }
    const lib::PortBeat beat = merged.read();
    const bool first = state.beats == 0;
    const bool full = state.beats == kFrameBeatsMax;
    if (first) {
        state.head = beat.data;
    } else if (state.beats == 1) {
        state.head = cat(beat.data, slice<abi::kBeatBits - 1, 0>(state.head));
    }
    state.length = lib::add_saturating<14>(state.length, LengthBits(beat.bytes));
    add_to_sum(state, beat.data, first);
    if (!full) {
        lib::Beat kept;
        kept.data = beat.data;
        kept.bytes = beat.bytes;
        kept.last = beat.last == 1 || state.beats == kFrameBeatsMax - 1 ? 1 : 0;
        waiting.write(kept);
        state.beats = ap_uint<8>(state.beats + 1);
    }
    if (beat.last == 1) {
        FrameHead head;
        head.head = state.head;
        head.length = state.length;
        head.oversize = full ? 1 : 0;
        head.port = beat.port;
        heads.write(head);
        // The words were summed as they lie in a beat, so the sum is in their order, too.
        sums.write(lib::swap_octets<16>(lib::fold_carries(state.sum)));
        state.beats = 0;
        state.length = 0;
    }
}

inline void frame_head(hls::stream<lib::PortBeat>& merged,
                       hls::stream<lib::Beat>& waiting,
                       hls::stream<FrameHead>& heads,
                       hls::stream<PacketSum>& sums) {
#pragma HLS PIPELINE II = 1 style = flp
#pragma HLS INLINE off
    static FrameHeadState state;
#pragma HLS RESET variable = state
    frame_head_step(state, merged, waiting, heads, sums);
}

}  // namespace kernels
}  // namespace fpvs
