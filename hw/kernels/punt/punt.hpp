// SPDX-License-Identifier: Apache-2.0
// punt: frames for the host, each followed by the header beat that says why it comes.
//
//   punted, infos -> punt_sort -> control queue -> punt_out<control> -> control
//                              -> data queue    -> punt_out<data>    -> punt
//
// punt_sort consumes a punted frame's beats and one PuntInfo a frame.  Control traffic
// (abi::is_control) has a queue of its own, so no flood of other frames delays it or drives it out.
// A frame that finds no room in its queue is dropped whole, the newest first, and counted
// (punt_full): the beats behind it go on at one a cycle, whatever the host takes.  II 1.
//
// punt_out produces AXI4-Stream beats: the frame as it came, then its header, which alone has TLAST
// (hw/abi/rings.hpp).  It tells each beat it took; so punt_sort knows the room in a queue without
// asking the queue, which Vitis has no way to do that cannot block.  A queue is as deep as the room
// that punt_sort gives away, so punt_sort never waits for it.
#pragma once

#include <hls_stream.h>

#include "hw/abi/rings.hpp"
#include "hw/kernels/records.hpp"
#include "hw/lib/beat.hpp"
#include "hw/lib/field.hpp"

namespace fpvs {
namespace kernels {

using PuntBeats = ap_uint<12>;
static_assert(abi::kPuntDataBeats < 1 << 11 && abi::kPuntControlBeats < 1 << 11,
              "a queue and a frame fit PuntBeats");

// A beat has left a queue.
using PuntFreed = ap_uint<1>;

// How full a queue is.  What the last call changed is added in the next one, so that a call's
// verdict on a frame does not wait for a sum; `used` may be one too low.
struct PuntQueue {
    PuntBeats used;
    ap_uint<1> sent;
    ap_uint<1> freed;
};

// Reset value: all zero.
struct PuntState {
    ap_uint<1> in_frame;
    ap_uint<1> control;
    ap_uint<1> admitted;
    PuntQueue controls;
    PuntQueue data;
};

// The reasons of control traffic, a bit each.
constexpr std::uint64_t control_reasons() {
    std::uint64_t bits = 0;
    for (int reason = 1; reason < abi::kReasonsMax; ++reason) {
        bits |= abi::is_control(static_cast<abi::Reason>(reason)) ? std::uint64_t{1} << reason : 0;
    }
    return bits;
}

inline bool is_control(const ReasonBits& reason) {
#pragma HLS INLINE
    const ap_uint<64> reasons = control_reasons();
    const ap_uint<64> from_here = reasons >> reason;
    return from_here[0];
}

inline PuntBeats beats_of(const LengthBits& length) {
#pragma HLS INLINE
    const ap_uint<15> up = length + ap_uint<6>(abi::kBeatBytes - 1);
    return slice<14, 6>(up);
}
static_assert(abi::kBeatBytes == 64, "a beat has six bits of a length");

// Whether so many beats more find room in a queue of Depth.
template <int Depth>
inline bool has_room(const PuntQueue& queue, const PuntBeats& beats) {
#pragma HLS INLINE
    const PuntBeats most = PuntBeats(ap_uint<12>(Depth - 1) - beats);
    return queue.used <= most;
}

inline void keep_books(PuntQueue& queue, bool sent, bool freed) {
#pragma HLS INLINE
    const PuntBeats with = PuntBeats(queue.used + queue.sent);
    queue.used = PuntBeats(with - queue.freed);
    queue.sent = sent ? 1 : 0;
    queue.freed = freed ? 1 : 0;
}

inline void punt_sort_step(PuntState& state,
                           hls::stream<lib::Beat>& punted,
                           hls::stream<PuntInfo>& infos,
                           hls::stream<PuntFreed>& control_freed,
                           hls::stream<PuntFreed>& data_freed,
                           hls::stream<lib::Beat>& control_beats,
                           hls::stream<PuntInfo>& control_infos,
                           hls::stream<lib::Beat>& data_beats,
                           hls::stream<PuntInfo>& data_infos,
                           hls::stream<Counted>& dropped) {
#pragma HLS INLINE
    const bool control_token = !control_freed.empty();
    const bool data_token = !data_freed.empty();
    if (control_token) {
        control_freed.read();
    }
    if (data_token) {
        data_freed.read();
    }
    const bool first = state.in_frame == 0;
    const bool taken = !punted.empty() && !(first && infos.empty());
    lib::Beat beat;
    beat.last = 0;
    PuntInfo info;
    info.reason = 0;
    info.length = 0;
    if (taken) {
        beat = punted.read();
        if (first) {
            info = infos.read();
        }
    }

    const bool begins = taken && first;
    const bool control = is_control(info.reason);
    const PuntBeats beats = beats_of(info.length);
    const bool control_room = has_room<abi::kPuntControlBeats>(state.controls, beats);
    const bool data_room = has_room<abi::kPuntDataBeats>(state.data, beats);
    const bool admits_control = begins && control && control_room;
    const bool admits_data = begins && !control && data_room;
    const bool more = taken && !first && state.admitted == 1;
    const bool sends_control = admits_control || (more && state.control == 1);
    const bool sends_data = admits_data || (more && state.control == 0);
    if (sends_control) {
        control_beats.write(beat);
    } else if (sends_data) {
        data_beats.write(beat);
    }
    if (begins) {
        state.control = control ? 1 : 0;
        state.admitted = admits_control || admits_data ? 1 : 0;
    }
    if (taken) {
        state.in_frame = ~beat.last;
    }
    keep_books(state.controls, sends_control, control_token);
    keep_books(state.data, sends_data, data_token);

    if (admits_control) {
        control_infos.write(info);
    } else if (admits_data) {
        data_infos.write(info);
    } else if (begins) {
        Counted count;
        count.reason = reason_bits(abi::Reason::punt_full);
        count.length = info.length;
        count.ip_bytes = 0;
        count.service_found = 0;
        count.service = 0;
        count.server = 0;
        dropped.write(count);
    }
}

inline void punt_sort(hls::stream<lib::Beat>& punted,
                      hls::stream<PuntInfo>& infos,
                      hls::stream<PuntFreed>& control_freed,
                      hls::stream<PuntFreed>& data_freed,
                      hls::stream<lib::Beat>& control_beats,
                      hls::stream<PuntInfo>& control_infos,
                      hls::stream<lib::Beat>& data_beats,
                      hls::stream<PuntInfo>& data_infos,
                      hls::stream<Counted>& dropped) {
#pragma HLS PIPELINE II = 1 style = flp
#pragma HLS INLINE off
    static PuntState state;
#pragma HLS RESET variable = state
    punt_sort_step(state,
                   punted,
                   infos,
                   control_freed,
                   data_freed,
                   control_beats,
                   control_infos,
                   data_beats,
                   data_infos,
                   dropped);
}

// Reset value: all zero.
struct PuntOutState {
    ap_uint<1> header_due;
};

inline lib::Beat punt_header(const PuntInfo& info) {
#pragma HLS INLINE
    lib::Beat beat;
    beat.data = 0;
    lib::set<abi::PuntHeader::reason>(beat.data, info.reason);
    lib::set<abi::PuntHeader::port>(beat.data, info.port);
    lib::set<abi::PuntHeader::length_bytes>(beat.data, info.length);
    lib::set<abi::PuntHeader::service>(beat.data, info.service);
    lib::set<abi::PuntHeader::service_found>(beat.data, info.service_found);
    lib::set<abi::PuntHeader::version>(beat.data, info.version);
    beat.bytes = abi::kBeatBytes;
    beat.last = 1;
    return beat;
}

inline void punt_out_step(PuntOutState& state,
                          hls::stream<lib::Beat>& beats,
                          hls::stream<PuntInfo>& infos,
                          hls::stream<PuntFreed>& freed,
                          hls::stream<lib::AxisBeat>& axis) {
#pragma HLS INLINE
    if (state.header_due == 1) {
        if (!infos.empty()) {
            const PuntInfo info = infos.read();
            axis.write(lib::axis_of_beat(punt_header(info)));
            state.header_due = 0;
        }
    } else if (!beats.empty()) {
        lib::Beat beat = beats.read();
        state.header_due = beat.last;
        beat.last = 0;
        axis.write(lib::axis_of_beat(beat));
        freed.write(1);
    }
}

// A template, so that each class is a process of its own.
template <int Class>
void punt_out(hls::stream<lib::Beat>& beats,
              hls::stream<PuntInfo>& infos,
              hls::stream<PuntFreed>& freed,
              hls::stream<lib::AxisBeat>& axis) {
#pragma HLS PIPELINE II = 1 style = flp
#pragma HLS INLINE off
    static PuntOutState state;
#pragma HLS RESET variable = state
    punt_out_step(state, beats, infos, freed, axis);
}

}  // namespace kernels
}  // namespace fpvs
