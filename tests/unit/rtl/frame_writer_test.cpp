// SPDX-License-Identifier: Apache-2.0
#include "Vfpvs_frame_writer.h"
#include "Vfpvs_frame_writer___024root.h"
#include "hw/abi/rings.hpp"
#include "tests/unit/rtl/ring_bench.hpp"

namespace fpvs::rtl {
namespace {

constexpr std::uint32_t kStartIndex = 0xffff'ffe8;

class FrameWriter : public testing::TestWithParam<World> {
  protected:
    using Bytes = std::vector<std::uint8_t>;

    FrameWriter()
        : ring_(GetParam().slot_bytes_log2),
          writes_(ring_.memory(), GetParam().timing()),
          chance_(GetParam().seed) {
        auto& top = engine_.top;
        top.slot_bytes_log2 = static_cast<CData>(GetParam().slot_bytes_log2);
        auto& root = *top.rootp;
        root.fpvs_frame_writer__DOT__issue_index = kStartIndex;
        root.fpvs_frame_writer__DOT__card_index = kStartIndex;
        top.host_index = kStartIndex;
        engine_.settle();
    }

    // The stream of a frame: its beats, then a header of random bytes with tlast.
    void offer(std::size_t beats) {
        const Bytes frame = chance_.bytes(beats * kBeatBytes);
        for (std::size_t i = 0; i < beats; ++i) {
            stream_.push_back(
                {Bytes(frame.begin() + static_cast<std::ptrdiff_t>(i * kBeatBytes),
                       frame.begin() + static_cast<std::ptrdiff_t>((i + 1) * kBeatBytes)),
                 false});
        }
        stream_.push_back({chance_.bytes(kBeatBytes), true});
        // As the host will see it: header without stamp, then the frame.
        Bytes slot(stream_.back().bytes.begin(), stream_.back().bytes.begin() + kStampOffset);
        slot.insert(slot.end(), frame.begin(), frame.end());
        offered_.push_back(std::move(slot));
    }
    void cycle() {
        auto& top = engine_.top;
        if (!top.s_axis_tvalid && !stream_.empty() &&
            !chance_.percent(GetParam().stream_stall_percent)) {
            put_beat(top.s_axis_tdata, stream_.front().bytes);
            top.s_axis_tlast = stream_.front().last;
            top.s_axis_tvalid = 1;
        }
        top.m_axi_awready = writes_.awready();
        top.m_axi_wready = writes_.wready();
        top.m_axi_bvalid = writes_.bvalid();
        engine_.settle();
        const bool taken = top.s_axis_tvalid && top.s_axis_tready;
        (void)writes_.clock({top.m_axi_awvalid != 0, top.m_axi_awaddr, top.m_axi_awlen},
                            {top.m_axi_wvalid != 0, top.m_axi_wlast != 0, &top.m_axi_wdata},
                            top.m_axi_bready != 0);
        engine_.edge();
        if (taken) {
            stream_.pop_front();
            top.s_axis_tvalid = 0;
        }
    }
    [[nodiscard]] bool done() const { return stream_.empty() && engine_.top.at_rest; }
    void drain() {
        for (int i = 0; i < 200000 && !done(); ++i) {
            cycle();
        }
        ASSERT_TRUE(done()) << "the writer hangs";
    }
    [[nodiscard]] bool slot_is_complete() {
        return word_at(ring_.slot(engine_.top.host_index), kStampOffset) ==
               abi::ring_stamp(engine_.top.host_index, RingMemory::kSlotsLog2);
    }
    // What lies in the host's next slot, without the stamp, as long as `expected` is.
    Bytes consume(std::size_t frame_bytes) {
        const std::span<std::byte> slot = ring_.slot(engine_.top.host_index);
        const auto* bytes = reinterpret_cast<const std::uint8_t*>(slot.data());
        Bytes result(bytes, bytes + kStampOffset);
        result.insert(result.end(), bytes + kBeatBytes, bytes + kBeatBytes + frame_bytes);
        ++engine_.top.host_index;
        return result;
    }
    [[nodiscard]] std::size_t beats_max() const { return ring_.slot_bytes() / kBeatBytes - 1; }

    struct StreamBeat {
        Bytes bytes;
        bool last = false;
    };
    RingMemory ring_;
    sim::card::AxiWriteMemory writes_;
    Chance chance_;
    Engine<Vfpvs_frame_writer> engine_;
    std::deque<StreamBeat> stream_;
    std::deque<Bytes> offered_;
};

TEST_P(FrameWriter, every_frame_reaches_a_host_that_polls_stamps_while_indices_wrap) {
    std::uint32_t frames = 0;
    for (int i = 0; i < 400000 && frames < 120; ++i) {
        if (offered_.size() < RingMemory::kSlots) {
            // One to four beats, about a burst or two, and the longest that fits.
            const std::size_t lengths[] = {1, 2, 3, 4, 14, 15, 16, 17, 30, 31, 32, beats_max()};
            offer(std::min(lengths[chance_.below(std::size(lengths))], beats_max()));
        }
        cycle();
        if (slot_is_complete()) {
            const Bytes expected = offered_.front();
            EXPECT_EQ(consume(expected.size() - kStampOffset), expected) << "frame " << frames;
            offered_.pop_front();
            ++frames;
        }
    }
    EXPECT_EQ(frames, 120U);
    EXPECT_EQ(engine_.top.dropped, 0U);
    EXPECT_EQ(writes_.violation(), "");
    EXPECT_TRUE(ring_.guards_untouched());
}

TEST_P(FrameWriter, a_frame_longer_than_a_slot_is_dropped_and_its_slot_used_again) {
    for (const std::size_t excess : {1, 2, 40}) {
        offer(beats_max() + excess);
        offered_.pop_back();
        offer(2);
        offer(beats_max());
    }
    drain();
    EXPECT_EQ(engine_.top.dropped, 3U);
    EXPECT_EQ(engine_.top.full, 0U);
    EXPECT_EQ(engine_.top.card_index, kStartIndex + 6);
    for (const Bytes& expected : offered_) {
        ASSERT_TRUE(slot_is_complete());
        EXPECT_EQ(consume(expected.size() - kStampOffset), expected);
    }
    EXPECT_EQ(writes_.violation(), "");
    EXPECT_TRUE(ring_.guards_untouched());
}

TEST_P(FrameWriter, a_full_ring_drops_the_newest_and_counts_them) {
    for (std::uint32_t i = 0; i < RingMemory::kSlots + 5; ++i) {
        offer(1 + chance_.below(20));
    }
    drain();
    EXPECT_EQ(engine_.top.dropped, 5U);
    EXPECT_EQ(engine_.top.full, 5U);
    EXPECT_EQ(engine_.top.card_index, kStartIndex + RingMemory::kSlots);
    for (std::uint32_t i = 0; i < RingMemory::kSlots; ++i) {
        ASSERT_TRUE(slot_is_complete());
        EXPECT_EQ(consume(offered_[i].size() - kStampOffset), offered_[i]);
    }
}

TEST_P(FrameWriter, stopping_in_mid_frame_finishes_that_frame_and_drops_the_rest) {
    offer(20);
    offer(3);
    while (stream_.size() > 15) {
        cycle();
    }
    engine_.top.run = 0;
    drain();
    EXPECT_EQ(engine_.top.dropped, 1U);
    cycle();
    EXPECT_EQ(engine_.top.card_index, 0U);
    ASSERT_TRUE(slot_is_complete());
    EXPECT_EQ(consume(20 * kBeatBytes), offered_.front());
}

INSTANTIATE_TEST_SUITE_P(Matrix, FrameWriter, testing::ValuesIn(worlds({11, 12, 14})));

}  // namespace
}  // namespace fpvs::rtl
