// SPDX-License-Identifier: Apache-2.0
#include "Vfpvs_record_reader.h"
#include "Vfpvs_record_reader___024root.h"
#include "tests/unit/rtl/ring_bench.hpp"

namespace fpvs::rtl {
namespace {

class RecordReader : public testing::TestWithParam<World> {
  protected:
    RecordReader()
        : ring_(GetParam().slot_bytes_log2),
          reads_(ring_.memory(), GetParam().timing()),
          chance_(GetParam().seed) {
        engine_.top.slot_bytes_log2 = static_cast<CData>(GetParam().slot_bytes_log2);
    }

    // The host writes its next record and, as a doorbell, its index.
    void produce() {
        const std::vector<std::uint8_t> record = chance_.bytes(kBeatBytes);
        std::memcpy(ring_.slot(engine_.top.host_index).data(), record.data(), record.size());
        produced_.push_back(record);
        ++engine_.top.host_index;
    }
    [[nodiscard]] bool has_slot() const {
        return engine_.top.host_index - engine_.top.card_index < RingMemory::kSlots;
    }
    void cycle() {
        auto& top = engine_.top;
        top.m_axi_arready = reads_.arready();
        top.m_axi_rvalid = reads_.rvalid();
        std::memcpy(&top.m_axi_rdata, reads_.rdata().data(), kBeatBytes);
        top.m_axis_tready = !chance_.percent(GetParam().stream_stall_percent);
        engine_.settle();
        if (top.m_axis_tvalid && top.m_axis_tready) {
            const Beat beat = to_beat(top.m_axis_tdata);
            received_.emplace_back(beat.begin(), beat.end());
        }
        (void)reads_.clock({top.m_axi_arvalid != 0, top.m_axi_araddr, top.m_axi_arlen},
                           top.m_axi_rready != 0);
        engine_.edge();
    }
    void start_at(std::uint32_t index) {
        auto& root = *engine_.top.rootp;
        root.fpvs_record_reader__DOT__issue_index = index;
        root.fpvs_record_reader__DOT__card_index = index;
        engine_.top.host_index = index;
        engine_.settle();
    }

    RingMemory ring_;
    sim::card::AxiReadMemory reads_;
    Chance chance_;
    Engine<Vfpvs_record_reader> engine_;
    std::vector<std::vector<std::uint8_t>> produced_;
    std::vector<std::vector<std::uint8_t>> received_;
};

TEST_P(RecordReader, hands_on_every_record_in_order_while_indices_wrap) {
    start_at(0xffff'ffe0);
    for (int i = 0; i < 20000 && received_.size() < 300; ++i) {
        if (produced_.size() < 300 && has_slot() && chance_.percent(70)) {
            produce();
        }
        cycle();
    }
    EXPECT_EQ(received_, produced_);
    EXPECT_EQ(engine_.top.card_index, 0xffff'ffe0 + 300);
    EXPECT_TRUE(engine_.top.at_rest);
    EXPECT_EQ(reads_.violation(), "");
}

TEST_P(RecordReader, stopping_hands_on_what_was_read_and_then_resets_the_index) {
    while (has_slot()) {
        produce();
    }
    for (int i = 0; i < 8; ++i) {
        cycle();
    }
    engine_.top.run = 0;
    engine_.top.host_index = 0;  // As the register block does.
    for (int i = 0; i < 5000 && !(engine_.top.at_rest && engine_.top.card_index == 0); ++i) {
        cycle();
    }
    EXPECT_TRUE(engine_.top.at_rest);
    EXPECT_EQ(engine_.top.card_index, 0U);
    produced_.resize(received_.size());
    EXPECT_EQ(received_, produced_);
    EXPECT_EQ(reads_.violation(), "");
}

INSTANTIATE_TEST_SUITE_P(Matrix, RecordReader, testing::ValuesIn(worlds({6, 8, 11})));

using RecordReaderPace = RecordReader;

TEST_P(RecordReaderPace, latency_of_memory_is_hidden) {
    for (int i = 0; i < 2000 && received_.size() < 500; ++i) {
        while (has_slot()) {
            produce();
        }
        cycle();
    }
    EXPECT_GE(received_.size(), 500U);
    EXPECT_LE(engine_.cycles, 650U) << "500 records over a bus with 10 cycles of latency";
}

INSTANTIATE_TEST_SUITE_P(Pace, RecordReaderPace, testing::Values(World{.latency_cycles_max = 10}));

}  // namespace
}  // namespace fpvs::rtl
