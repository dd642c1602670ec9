// SPDX-License-Identifier: Apache-2.0
#include "hw/kernels/merge/merge.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "hw/kernels/egress/egress.hpp"
#include "hw/kernels/parse/frame_head.hpp"

namespace fpvs::kernels {
namespace {

lib::Beat beat(unsigned value, bool last, unsigned bytes = 64) {
    lib::Beat out;
    out.data = value;
    out.bytes = bytes;
    out.last = last ? 1 : 0;
    return out;
}

struct Merge {
    lib::RoundRobinState state{};
    hls::stream<lib::Beat> in_0;
    hls::stream<lib::Beat> in_1;
    hls::stream<lib::PortBeat> out;

    void run(int steps) {
        for (int i = 0; i < steps; ++i) {
            merge_step(state, in_0, in_1, out);
        }
    }
    std::vector<unsigned> ports() {
        std::vector<unsigned> ports;
        while (!out.empty()) {
            ports.push_back(out.read().port.to_uint());
        }
        return ports;
    }
};

TEST(Merge, takes_whole_frames_turn_about) {
    Merge merge;
    for (int frame = 0; frame < 3; ++frame) {
        merge.in_0.write(beat(0, false));
        merge.in_0.write(beat(0, true));
        merge.in_1.write(beat(0, true));
    }
    merge.run(9);
    EXPECT_EQ(merge.ports(), (std::vector<unsigned>{1, 0, 0, 1, 0, 0, 1, 0, 0}));
}

TEST(Merge, a_port_alone_gets_every_cycle) {
    Merge merge;
    for (int frame = 0; frame < 5; ++frame) {
        merge.in_1.write(beat(0, true));
    }
    merge.run(5);
    EXPECT_EQ(merge.ports().size(), 5u);
}

TEST(Merge, a_frame_under_way_is_not_interrupted_by_a_pause) {
    Merge merge;
    merge.in_0.write(beat(0, false));
    merge.run(1);
    merge.in_1.write(beat(0, true));
    merge.run(3);
    EXPECT_EQ(merge.ports(), (std::vector<unsigned>{0}));
    merge.in_0.write(beat(0, true));
    merge.run(2);
    EXPECT_EQ(merge.ports(), (std::vector<unsigned>{0, 1}));
}

TEST(Merge, two_instances_have_two_states_and_a_reset_forgets_the_frame) {
    Merge a;
    Merge b;
    a.in_0.write(beat(0, false));
    a.run(1);
    b.in_1.write(beat(0, true));
    b.run(1);
    EXPECT_EQ(b.ports(), (std::vector<unsigned>{1}));
    a.state = lib::RoundRobinState{};
    a.in_1.write(beat(0, true));
    a.run(1);
    EXPECT_EQ(a.ports(), (std::vector<unsigned>{0, 1}));
}

TEST(Egress, says_how_many_bytes_of_the_last_beat_count) {
    lib::RoundRobinState state{};
    hls::stream<lib::Beat> forwarded;
    hls::stream<lib::Beat> injected;
    hls::stream<lib::AxisBeat> axis;
    injected.write(beat(7, true, 3));
    egress_step(state, forwarded, injected, axis);
    const lib::AxisBeat out = axis.read();
    EXPECT_EQ(out.data, 7);
    EXPECT_EQ(out.keep.to_uint64(), 7u);
    EXPECT_EQ(out.strb.to_uint64(), 7u);
    EXPECT_EQ(out.last, 1);
}

struct FrameHeads {
    FrameHeadState state{};
    hls::stream<lib::PortBeat> merged;
    hls::stream<lib::Beat> waiting;
    hls::stream<FrameHead> heads;
    hls::stream<PacketSum> sums;

    void frame(unsigned beats, unsigned last_bytes) {
        for (unsigned i = 0; i < beats; ++i) {
            lib::PortBeat word;
            word.data = i + 1;
            word.last = i + 1 == beats ? 1 : 0;
            word.bytes = i + 1 == beats ? last_bytes : 64;
            word.port = 1;
            merged.write(word);
        }
        while (!merged.empty()) {
            frame_head_step(state, merged, waiting, heads, sums);
        }
    }
};

TEST(FrameHead, has_the_first_two_beats_the_length_and_the_port) {
    FrameHeads stage;
    for (const unsigned beats : {1u, 2u, 3u, 150u}) {
        stage.frame(beats, 5);
        const FrameHead head = stage.heads.read();
        EXPECT_EQ((slice<511, 0>(head.head)), 1);
        EXPECT_EQ((slice<kHeadBits - 1, 512>(head.head)), beats > 1 ? 2 : 0);
        EXPECT_EQ(head.length, 64 * (beats - 1) + 5);
        EXPECT_EQ(head.oversize, 0);
        EXPECT_EQ(head.port, 1);
    }
    EXPECT_EQ(stage.waiting.size(), 156u);
}

TEST(FrameHead, of_a_frame_without_end_keeps_as_many_beats_as_fit) {
    FrameHeads stage;
    for (const unsigned beats : {151u, 152u, 400u, 100000u}) {
        stage.frame(beats, 64);
        EXPECT_EQ(stage.heads.read().oversize, 1);
        ASSERT_EQ(stage.waiting.size(), 150u);
        for (int i = 1; i <= 150; ++i) {
            EXPECT_EQ(stage.waiting.read().last, i == 150 ? 1 : 0);
        }
        stage.frame(1, 60);
        EXPECT_EQ(stage.heads.read().length, 60);
        EXPECT_EQ(stage.waiting.read().last, 1);
    }
}

}  // namespace
}  // namespace fpvs::kernels
