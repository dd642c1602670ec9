// SPDX-License-Identifier: Apache-2.0
#include <deque>

#include "Vfpvs_frame_fifo.h"
#include "tests/unit/rtl/ring_bench.hpp"

namespace fpvs::rtl {
namespace {

// The CMake target elaborates a FIFO of 32 beats: small, so that it is full all the time.
constexpr std::size_t kFrameBeatsMax = 10;

struct Load {
    bool waits = false;  // A source that begins a frame only when there is room.
    std::uint32_t idle_percent = 0;
    std::uint32_t stall_percent = 0;
    std::uint64_t seed = 1;
    friend std::ostream& operator<<(std::ostream& out, const Load& load) {
        return out << (load.waits ? "waits" : "does not wait") << ", idle " << load.idle_percent
                   << " %, stalls " << load.stall_percent << " %, seed " << load.seed;
    }
};

class FrameFifo : public testing::TestWithParam<Load> {
  protected:
    using Bytes = std::vector<std::uint8_t>;

    FrameFifo() : chance_(GetParam().seed) {
        context_.randReset(0);
        top_.rst_n = 0;
        for (int i = 0; i < 4; ++i) {
            eval_cycle();
        }
        top_.rst_n = 1;
        eval_cycle();
    }
    ~FrameFifo() override { top_.final(); }

    void eval_cycle() {
        top_.clk = 0;
        top_.eval();
        top_.clk = 1;
        top_.eval();
    }
    void begin_frame() {
        const std::size_t beats = 1 + chance_.below(kFrameBeatsMax);
        source_ = chance_.bytes((beats - 1) * kBeatBytes + 1 + chance_.below(kBeatBytes));
        offset_ = 0;
    }
    void drive_source() {
        top_.s_axis_tvalid = 0;
        if (source_.empty() && begun_ < 500 && (!GetParam().waits || top_.s_axis_room) &&
            !chance_.percent(GetParam().idle_percent)) {
            begin_frame();
            ++begun_;
        }
        if (!source_.empty() && !chance_.percent(GetParam().idle_percent)) {
            const std::size_t bytes = std::min(kBeatBytes, source_.size() - offset_);
            put_beat(top_.s_axis_tdata, std::span(source_).subspan(offset_, bytes));
            top_.s_axis_tkeep = bytes == 64 ? ~0ULL : (1ULL << bytes) - 1;
            top_.s_axis_tlast = offset_ + bytes == source_.size();
            top_.s_axis_tvalid = 1;
        }
    }
    void cycle() {
        drive_source();
        top_.m_axis_tready = !chance_.percent(GetParam().stall_percent);
        top_.clk = 0;
        top_.eval();
        if (top_.m_axis_tvalid && top_.m_axis_tready) {
            const Beat beat = to_beat(top_.m_axis_tdata);
            sink_.insert(
                sink_.end(), beat.begin(), beat.begin() + std::popcount(top_.m_axis_tkeep));
            if (top_.m_axis_tlast) {
                received_.push_back(std::move(sink_));
                sink_ = {};
            }
        }
        top_.clk = 1;
        top_.eval();
        if (top_.s_axis_tvalid) {
            offset_ += kBeatBytes;
            if (offset_ >= source_.size()) {
                sent_.push_back(std::move(source_));
                source_ = {};
            }
        }
        // The verdict on a frame comes with its last beat.
        if (top_.frame_taken) {
            kept_.push_back(sent_.back());
        }
        taken_ += top_.frame_taken;
        dropped_ += top_.frame_dropped;
    }

    VerilatedContext context_;
    Vfpvs_frame_fifo top_{&context_, ""};
    Chance chance_;
    Bytes source_;
    std::size_t offset_ = 0;
    Bytes sink_;
    int begun_ = 0;
    std::vector<Bytes> sent_;
    std::vector<Bytes> kept_;
    std::vector<Bytes> received_;
    std::size_t taken_ = 0;
    std::size_t dropped_ = 0;
};

TEST_P(FrameFifo, frames_are_kept_whole_or_dropped_whole_and_each_is_counted) {
    for (int i = 0; i < 30000; ++i) {
        cycle();
    }
    EXPECT_EQ(sent_.size(), 500U);
    EXPECT_EQ(taken_ + dropped_, sent_.size());
    EXPECT_EQ(received_, kept_);
    if (GetParam().waits) {
        EXPECT_EQ(dropped_, 0U);
    } else if (GetParam().stall_percent > GetParam().idle_percent) {
        EXPECT_GT(dropped_, 0U);
        EXPECT_GT(taken_, 0U);
    }
}

INSTANTIATE_TEST_SUITE_P(Matrix,
                         FrameFifo,
                         testing::Values(Load{false, 0, 0, 1},
                                         Load{false, 50, 0, 2},
                                         Load{false, 0, 70, 3},
                                         Load{false, 30, 80, 4},
                                         Load{true, 0, 0, 5},
                                         Load{true, 0, 70, 6},
                                         Load{true, 30, 80, 7},
                                         Load{true, 50, 0, 8}));

// A MAC that sends must not be starved in mid-frame, whatever the source does.
TEST(FrameFifoOutput, a_frame_has_no_gaps_once_it_begins) {
    VerilatedContext context;
    Vfpvs_frame_fifo top{&context, ""};
    Chance chance(9);
    top.rst_n = 0;
    top.m_axis_tready = 1;
    bool in_frame = false;
    int beat = 0;
    int frames = 0;
    for (int i = 0; i < 4000; ++i) {
        top.rst_n = i > 4;
        top.s_axis_tvalid = i > 4 && (beat != 0 || top.s_axis_room) && chance.percent(40);
        top.s_axis_tkeep = ~0ULL;
        top.s_axis_tlast = beat == 6;
        top.clk = 0;
        top.eval();
        if (top.rst_n) {
            EXPECT_TRUE(top.m_axis_tvalid || !in_frame) << "cycle " << i;
            if (top.m_axis_tvalid) {
                in_frame = !top.m_axis_tlast;
                frames += top.m_axis_tlast;
            }
        }
        if (top.s_axis_tvalid) {
            beat = beat == 6 ? 0 : beat + 1;
        }
        top.clk = 1;
        top.eval();
    }
    EXPECT_GT(frames, 100);
    top.final();
}

}  // namespace
}  // namespace fpvs::rtl
