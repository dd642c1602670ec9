// SPDX-License-Identifier: Apache-2.0
#include "Vfpvs_record_writer.h"
#include "Vfpvs_record_writer___024root.h"
#include "hw/abi/rings.hpp"
#include "tests/unit/rtl/ring_bench.hpp"

namespace fpvs::rtl {
namespace {

class RecordWriter : public testing::TestWithParam<World> {
  protected:
    RecordWriter()
        : ring_(GetParam().slot_bytes_log2),
          writes_(ring_.memory(), GetParam().timing()),
          chance_(GetParam().seed) {
        engine_.top.slot_bytes_log2 = static_cast<CData>(GetParam().slot_bytes_log2);
    }

    void cycle(bool offer) {
        auto& top = engine_.top;
        // A stream keeps its word once shown.
        if (!top.s_axis_tvalid && offer && !chance_.percent(GetParam().stream_stall_percent)) {
            next_ = chance_.bytes(kBeatBytes);
            put_beat(top.s_axis_tdata, next_);
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
            given_.push_back(next_);
            top.s_axis_tvalid = 0;
        }
    }
    // The host polls the stamp of its next slot, takes the record and gives the slot back.
    void consume() {
        auto& top = engine_.top;
        const std::span<std::byte> slot = ring_.slot(top.host_index);
        if (word_at(slot, kStampOffset) ==
            abi::ring_stamp(top.host_index, RingMemory::kSlotsLog2)) {
            const auto* bytes = reinterpret_cast<const std::uint8_t*>(slot.data());
            received_.emplace_back(bytes, bytes + kStampOffset);
            ++top.host_index;
        }
    }
    void start_at(std::uint32_t index) {
        auto& root = *engine_.top.rootp;
        root.fpvs_record_writer__DOT__issue_index = index;
        root.fpvs_record_writer__DOT__card_index = index;
        engine_.top.host_index = index;
        engine_.settle();
    }
    [[nodiscard]] std::vector<std::vector<std::uint8_t>> given_bodies() const {
        std::vector<std::vector<std::uint8_t>> bodies;
        for (const auto& record : given_) {
            bodies.emplace_back(record.begin(), record.begin() + kStampOffset);
        }
        return bodies;
    }

    RingMemory ring_;
    sim::card::AxiWriteMemory writes_;
    Chance chance_;
    Engine<Vfpvs_record_writer> engine_;
    std::vector<std::uint8_t> next_;
    std::vector<std::vector<std::uint8_t>> given_;
    std::vector<std::vector<std::uint8_t>> received_;
};

TEST_P(RecordWriter, every_record_reaches_a_host_that_polls_stamps_while_indices_wrap) {
    start_at(0xffff'ffe0);
    for (int i = 0; i < 20000 && received_.size() < 300; ++i) {
        // The bench's host keeps up, so nothing is dropped.
        const bool room = engine_.top.host_index + RingMemory::kSlots !=
                          0xffff'ffe0 + static_cast<std::uint32_t>(given_.size());
        cycle(room && given_.size() < 300);
        consume();
    }
    // A record is seen before its acknowledgement is.
    for (int i = 0; i < 200 && !engine_.top.at_rest; ++i) {
        cycle(false);
    }
    EXPECT_EQ(received_, given_bodies());
    EXPECT_EQ(received_.size(), 300U);
    EXPECT_EQ(engine_.top.card_index, 0xffff'ffe0 + 300);
    EXPECT_EQ(engine_.top.dropped, 0U);
    EXPECT_EQ(writes_.violation(), "");
    EXPECT_TRUE(ring_.guards_untouched());
}

TEST_P(RecordWriter, a_full_ring_drops_the_newest_and_counts_them) {
    for (int i = 0; i < 5000 && given_.size() < 50; ++i) {
        cycle(true);
    }
    for (int i = 0; i < 500; ++i) {
        cycle(false);
    }
    ASSERT_EQ(given_.size(), 50U);
    EXPECT_EQ(engine_.top.dropped, 50U - RingMemory::kSlots);
    EXPECT_EQ(engine_.top.full, 50U - RingMemory::kSlots);
    EXPECT_EQ(engine_.top.card_index, RingMemory::kSlots);
    for (std::uint32_t i = 0; i < RingMemory::kSlots; ++i) {
        consume();
    }
    given_.resize(RingMemory::kSlots);
    EXPECT_EQ(received_, given_bodies());
}

TEST_P(RecordWriter, a_stopped_ring_swallows_records_and_touches_no_memory) {
    for (int i = 0; i < 30; ++i) {
        cycle(true);
    }
    engine_.top.run = 0;
    for (int i = 0; i < 2000 && !(engine_.top.at_rest && engine_.top.card_index == 0); ++i) {
        cycle(true);
    }
    ASSERT_TRUE(engine_.top.at_rest);
    EXPECT_EQ(engine_.top.card_index, 0U);
    std::vector<std::byte> before(ring_.slot(0).begin(), ring_.slot(0).end());
    const std::uint32_t dropped = engine_.top.dropped;
    const std::uint32_t full = engine_.top.full;
    const std::size_t given = given_.size();
    for (int i = 0; i < 100; ++i) {
        cycle(true);
    }
    EXPECT_GT(given_.size(), given);
    EXPECT_EQ(engine_.top.dropped - dropped, given_.size() - given);
    EXPECT_EQ(engine_.top.full, full);
    EXPECT_TRUE(std::equal(before.begin(), before.end(), ring_.slot(0).begin()));
}

INSTANTIATE_TEST_SUITE_P(Matrix, RecordWriter, testing::ValuesIn(worlds({6, 8, 11})));

}  // namespace
}  // namespace fpvs::rtl
