// SPDX-License-Identifier: Apache-2.0
#include "Vfpvs_frame_reader.h"
#include "Vfpvs_frame_reader___024root.h"
#include "hw/abi/limits.hpp"
#include "hw/abi/record.hpp"
#include "hw/abi/rings.hpp"
#include "tests/unit/rtl/ring_bench.hpp"

namespace fpvs::rtl {
namespace {

constexpr std::uint32_t kStartIndex = 0xffff'ffe8;

class FrameReader : public testing::TestWithParam<World> {
  protected:
    using Bytes = std::vector<std::uint8_t>;

    FrameReader()
        : ring_(GetParam().slot_bytes_log2),
          reads_(ring_.memory(), GetParam().timing()),
          chance_(GetParam().seed) {
        auto& top = engine_.top;
        top.slot_bytes_log2 = static_cast<CData>(GetParam().slot_bytes_log2);
        auto& root = *top.rootp;
        root.fpvs_frame_reader__DOT__header_index = kStartIndex;
        root.fpvs_frame_reader__DOT__plan_index = kStartIndex;
        root.fpvs_frame_reader__DOT__card_index = kStartIndex;
        top.host_index = kStartIndex;
        engine_.settle();
    }

    [[nodiscard]] bool has_slot() const {
        return engine_.top.host_index - engine_.top.card_index < RingMemory::kSlots;
    }
    // The host fills its next slot with a header that says `length`, and rings the doorbell.
    void produce(std::size_t length, bool good = true) {
        const std::span<std::byte> slot = ring_.slot(engine_.top.host_index);
        const Bytes rest = chance_.bytes(slot.size());
        std::memcpy(slot.data(), rest.data(), rest.size());
        abi::Record<abi::InjectHeader> header;
        std::memcpy(header.words.data(), rest.data(), kBeatBytes);
        header.set<abi::InjectHeader::length_bytes>(length);
        std::memcpy(slot.data(), header.words.data(), kBeatBytes);
        if (good) {
            const auto* bytes = reinterpret_cast<const std::uint8_t*>(slot.data());
            produced_.emplace_back(bytes, bytes + kBeatBytes + length);
        }
        ++engine_.top.host_index;
    }
    void cycle() {
        auto& top = engine_.top;
        top.m_axi_arready = reads_.arready();
        top.m_axi_rvalid = reads_.rvalid();
        top.m_axi_rlast = reads_.rlast();
        std::memcpy(&top.m_axi_rdata, reads_.rdata().data(), kBeatBytes);
        top.m_axis_tready = !chance_.percent(GetParam().stream_stall_percent);
        engine_.settle();
        if (top.m_axis_tvalid && top.m_axis_tready) {
            const Beat beat = to_beat(top.m_axis_tdata);
            const int bytes = std::popcount(top.m_axis_tkeep);
            EXPECT_TRUE(top.m_axis_tlast || bytes == kBeatBytes);
            frame_.insert(frame_.end(), beat.begin(), beat.begin() + bytes);
            if (top.m_axis_tlast) {
                received_.push_back(std::move(frame_));
                frame_ = {};
            }
        }
        (void)reads_.clock({top.m_axi_arvalid != 0, top.m_axi_araddr, top.m_axi_arlen},
                           top.m_axi_rready != 0);
        engine_.edge();
    }
    [[nodiscard]] std::size_t length_max() const {
        return std::min<std::size_t>(abi::kFrameBytesMax, ring_.slot_bytes() - kBeatBytes);
    }
    std::size_t random_length() {
        const std::size_t lengths[] = {14, 60, 63, 64, 65, 128, 200, 960, 961, 1500, length_max()};
        return std::min(lengths[chance_.below(std::size(lengths))], length_max());
    }

    RingMemory ring_;
    sim::card::AxiReadMemory reads_;
    Chance chance_;
    Engine<Vfpvs_frame_reader> engine_;
    Bytes frame_;
    std::vector<Bytes> produced_;
    std::vector<Bytes> received_;
};

TEST_P(FrameReader, hands_on_every_frame_in_order_while_indices_wrap) {
    for (int i = 0; i < 400000 && received_.size() < 120; ++i) {
        if (produced_.size() < 120 && has_slot()) {
            produce(random_length());
        }
        cycle();
    }
    EXPECT_EQ(received_, produced_);
    EXPECT_EQ(engine_.top.card_index, kStartIndex + 120);
    EXPECT_EQ(engine_.top.dropped, 0U);
    EXPECT_EQ(reads_.violation(), "");
}

TEST_P(FrameReader, skips_and_counts_slots_whose_length_is_no_frames) {
    const std::size_t bad[] = {0, 1, 13, length_max() + 1, 0xffff};
    std::uint32_t slots = 0;
    for (const std::size_t length : bad) {
        produce(length, false);
        produce(random_length());
        slots += 2;
    }
    for (int i = 0; i < 20000 && engine_.top.card_index != kStartIndex + slots; ++i) {
        cycle();
    }
    EXPECT_EQ(received_, produced_);
    EXPECT_EQ(engine_.top.dropped, std::size(bad));
    EXPECT_EQ(engine_.top.card_index, kStartIndex + slots);
    EXPECT_TRUE(engine_.top.at_rest);
    EXPECT_EQ(reads_.violation(), "");
}

TEST_P(FrameReader, stopping_sends_whole_frames_only_and_then_resets_the_index) {
    while (has_slot()) {
        produce(random_length());
    }
    for (int i = 0; i < 60; ++i) {
        cycle();
    }
    engine_.top.run = 0;
    engine_.top.host_index = 0;  // As the register block does.
    for (int i = 0; i < 20000 && !(engine_.top.at_rest && engine_.top.card_index == 0); ++i) {
        cycle();
    }
    EXPECT_TRUE(engine_.top.at_rest);
    EXPECT_EQ(engine_.top.card_index, 0U);
    EXPECT_TRUE(frame_.empty());
    ASSERT_LE(received_.size(), produced_.size());
    produced_.resize(received_.size());
    EXPECT_EQ(received_, produced_);
}

INSTANTIATE_TEST_SUITE_P(Matrix, FrameReader, testing::ValuesIn(worlds({11, 12, 14})));

using FrameReaderPace = FrameReader;

TEST_P(FrameReaderPace, latency_of_memory_is_hidden) {
    for (int i = 0; i < 20000 && received_.size() < 100; ++i) {
        while (has_slot()) {
            produce(1024);
        }
        cycle();
    }
    ASSERT_EQ(received_.size(), 100U);
    // 17 beats a frame; waiting for a header and then for a frame would be 40 more.
    EXPECT_LE(engine_.cycles, 100U * 20) << "100 frames over a bus with 20 cycles of latency";
}

INSTANTIATE_TEST_SUITE_P(Pace,
                         FrameReaderPace,
                         testing::Values(World{.slot_bytes_log2 = 11, .latency_cycles_max = 20}));

}  // namespace
}  // namespace fpvs::rtl
