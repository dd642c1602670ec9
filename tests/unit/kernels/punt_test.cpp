// SPDX-License-Identifier: Apache-2.0
// Two classes of punted frames, and what happens when the host does not keep up.
#include "hw/kernels/punt/punt.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

namespace fpvs::kernels {
namespace {

using abi::Reason;

struct Frame {
    Reason reason;
    unsigned length;
    unsigned number;  // In its first beat.
};

struct Stage {
    PuntState state{};
    PuntOutState control_out{};
    PuntOutState data_out{};
    hls::stream<lib::Beat> punted;
    hls::stream<PuntInfo> infos;
    hls::stream<PuntFreed> control_freed;
    hls::stream<PuntFreed> data_freed;
    hls::stream<lib::Beat> control_beats;
    hls::stream<PuntInfo> control_infos;
    hls::stream<lib::Beat> data_beats;
    hls::stream<PuntInfo> data_infos;
    hls::stream<Counted> dropped;
    hls::stream<lib::AxisBeat> control;
    hls::stream<lib::AxisBeat> data;

    void give(const Frame& frame) {
        PuntInfo info{};
        info.reason = reason_bits(frame.reason);
        info.length = frame.length;
        info.port = 1;
        info.version = 1;
        infos.write(info);
        const unsigned beats = (frame.length + 63) / 64;
        for (unsigned i = 0; i < beats; ++i) {
            lib::Beat beat{};
            beat.data = frame.number;
            beat.last = i + 1 == beats ? 1 : 0;
            beat.bytes = beat.last == 1 ? frame.length - 64 * i : 64;
            punted.write(beat);
        }
    }
    void sort() {
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
    void take_control() {
        punt_out_step(control_out, control_beats, control_infos, control_freed, control);
    }
    void take_data() { punt_out_step(data_out, data_beats, data_infos, data_freed, data); }
    void run(int calls, bool host_takes) {
        for (int i = 0; i < calls; ++i) {
            sort();
            if (host_takes) {
                take_control();
                take_data();
            }
        }
    }
};

// The numbers of the frames that came out, whole and each with its header.
std::vector<unsigned> numbers(hls::stream<lib::AxisBeat>& axis) {
    std::vector<unsigned> result;
    unsigned bytes = 0;
    unsigned number = 0;
    while (!axis.empty()) {
        const lib::AxisBeat beat = axis.read();
        if (beat.last == 0) {
            number = slice<31, 0>(beat.data).to_uint();
            bytes += lib::bytes_of_keep(beat.keep).to_uint();
            continue;
        }
        EXPECT_EQ(lib::get<abi::PuntHeader::length_bytes>(beat.data), bytes);
        EXPECT_EQ(lib::get<abi::PuntHeader::version>(beat.data), 1);
        EXPECT_EQ(lib::get<abi::PuntHeader::port>(beat.data), 1);
        result.push_back(number);
        bytes = 0;
    }
    return result;
}

TEST(Punt, control_traffic_goes_by_its_own_stream) {
    for (int number = 1; number < abi::kReasonsMax; ++number) {
        Stage stage;
        stage.give({static_cast<Reason>(number), 60, 1});
        stage.run(5, true);
        const bool control = abi::is_control(static_cast<Reason>(number));
        EXPECT_EQ(numbers(stage.control).size(), control ? 1u : 0u) << number;
        EXPECT_EQ(numbers(stage.data).size(), control ? 0u : 1u) << number;
    }
}

TEST(Punt, frames_of_all_lengths_leave_whole_and_in_order) {
    Stage stage;
    std::vector<unsigned> expected;
    for (unsigned length = 14; length <= 9600; length += 97) {
        stage.give({Reason::flow_miss, length, length});
        expected.push_back(length);
        stage.run(600, true);
    }
    EXPECT_EQ(numbers(stage.data), expected);
    EXPECT_TRUE(stage.dropped.empty());
}

TEST(Punt, the_newest_frames_without_room_are_dropped_whole_and_counted) {
    Stage stage;
    constexpr unsigned kFrames = 2000;
    for (unsigned i = 0; i < kFrames; ++i) {
        stage.give({Reason::flow_miss, 100, i});
    }
    stage.run(2 * kFrames, false);
    EXPECT_TRUE(stage.punted.empty());
    EXPECT_LE(stage.data_beats.size(), std::size_t{abi::kPuntDataBeats});
    stage.run(4 * kFrames, true);
    const std::vector<unsigned> out = numbers(stage.data);
    EXPECT_EQ(out.size(), abi::kPuntDataBeats / 2u);
    for (unsigned i = 0; i < out.size(); ++i) {
        EXPECT_EQ(out[i], i);
    }
    EXPECT_EQ(out.size() + stage.dropped.size(), kFrames);
    const Counted drop = stage.dropped.read();
    EXPECT_EQ(drop.reason, reason_bits(Reason::punt_full));
    EXPECT_EQ(drop.length, 100);
}

TEST(Punt, a_flood_takes_one_call_a_beat_and_nothing_from_control) {
    Stage stage;
    constexpr unsigned kFrames = 5000;
    for (unsigned i = 0; i < kFrames; ++i) {
        stage.give({i % 100 == 99 ? Reason::service_miss : Reason::flow_miss, 60, i});
    }
    // The host takes control traffic only.
    for (unsigned call = 0; call < kFrames; ++call) {
        stage.sort();
        stage.take_control();
    }
    EXPECT_TRUE(stage.punted.empty());
    stage.run(200, true);
    EXPECT_EQ(numbers(stage.control).size(), kFrames / 100);
}

TEST(Punt, room_comes_back_with_every_beat_that_leaves) {
    Stage stage;
    for (unsigned round = 0; round < 20; ++round) {
        for (unsigned i = 0; i < 30; ++i) {
            stage.give({Reason::not_ip, 1000, i});
            stage.give({Reason::mtu, 1000, i});
        }
        stage.run(2000, false);
        stage.run(4000, true);
    }
    EXPECT_EQ(numbers(stage.control).size(), 600u);
    EXPECT_EQ(numbers(stage.data).size(), 600u);
    EXPECT_EQ(stage.state.data.used, 0);
    EXPECT_EQ(stage.state.controls.used, 0);
}

}  // namespace
}  // namespace fpvs::kernels
