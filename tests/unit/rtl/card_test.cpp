// SPDX-License-Identifier: Apache-2.0
// The shell as a whole, around tests/unit/rtl/standin/fpvs_pipeline.sv: what its pipeline does is
// said there.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "hw/abi/abi_hash.hpp"
#include "sim/card/in_process_card.hpp"
#include "sim/card/verilated_card.hpp"
#include "tests/unit/simcard/ring_host.hpp"
#include "tests/unit/simcard/verilated_bus.hpp"

namespace fpvs::sim::card {
namespace {

using Bytes = std::vector<std::uint8_t>;

Bytes random_frame(std::mt19937_64& random, std::size_t length) {
    Bytes frame(length);
    std::generate(frame.begin(), frame.end(), [&] { return static_cast<std::uint8_t>(random()); });
    return frame;
}

std::size_t random_length(std::mt19937_64& random, std::size_t length_max) {
    const std::size_t lengths[] = {60, 63, 64, 65, 127, 128, 129, 256, 1514, 9000, length_max};
    return std::min(lengths[random() % std::size(lengths)], length_max);
}

TEST(CardRegisters, say_what_the_contract_says) {
    VerilatedCard card;
    EXPECT_EQ(card.read_register(abi::reg::magic), abi::kMagic);
    EXPECT_EQ(card.read_register(abi::reg::version), abi::kVersion);
    EXPECT_EQ(card.read_register(abi::reg::abi_hash_low),
              static_cast<std::uint32_t>(abi::kAbiHash));
    EXPECT_EQ(card.read_register(abi::reg::abi_hash_high), abi::kAbiHash >> 32);
    EXPECT_EQ(card.read_register(abi::reg::ports), 2U);
    EXPECT_EQ(card.read_register(abi::reg::service_buckets), abi::kServiceBuckets);
    EXPECT_EQ(card.read_register(abi::reg::flow_buckets), abi::kFlowBuckets);
    EXPECT_EQ(card.read_register(abi::reg::servers), abi::kServersMax);
    EXPECT_EQ(card.read_register(abi::reg::next_hops), abi::kNextHopsMax);
    EXPECT_EQ(card.read_register(abi::reg::capabilities), abi::kCapabilities);
    EXPECT_EQ(card.read_register(abi::reg::flow6_buckets), abi::kFlow6Buckets);
    EXPECT_EQ(card.read_register(abi::reg::reply_buckets), abi::kReplyBuckets);
    EXPECT_EQ(card.read_register(abi::reg::steer_words), abi::kSteerWords);
    EXPECT_EQ(card.read_register(abi::reg::cursors), abi::kCursorsMax);
    EXPECT_EQ(card.read_register(abi::reg::young), abi::kYoungMax);
    EXPECT_EQ(card.read_register(abi::reg::run), 0U);
}

TEST(CardRegisters, what_is_not_there_reads_zero_and_takes_no_write) {
    VerilatedCard card;
    for (const std::uint32_t offset :
         {0x000U, 0x00cU, 0x060U, 0x0fcU, 0x120U, 0x240U, 0x30cU, 0xffcU}) {
        card.write_register(offset, 0xffffffff);
        EXPECT_EQ(card.read_register(offset), 0U) << offset;
    }
    card.write_register(abi::reg::magic, 1);
    EXPECT_EQ(card.read_register(abi::reg::magic), abi::kMagic);
}

TEST(CardRegisters, link_shows_each_port) {
    VerilatedCard card;
    EXPECT_EQ(card.read_register(abi::reg::link), 0U);
    card.set_link(1, true);
    EXPECT_EQ(card.read_register(abi::reg::link), 2U);
    card.set_link(0, true);
    EXPECT_EQ(card.read_register(abi::reg::link), 3U);
    card.set_link(1, false);
    EXPECT_EQ(card.read_register(abi::reg::link), 1U);
}

TEST(CardRegisters, cycles_are_64_bits_read_as_two_words) {
    VerilatedCard card;
    const std::uint32_t first = card.read_register(abi::reg::cycles_low);
    EXPECT_EQ(card.read_register(abi::reg::cycles_high), 0U);
    EXPECT_GT(card.read_register(abi::reg::cycles_low), first);
    EXPECT_LE(card.read_register(abi::reg::cycles_low), card.cycles());
}

TEST(CardRegisters, run_reads_one_until_the_pipeline_is_drained) {
    VerilatedCard card;
    EXPECT_EQ(card.read_register(abi::reg::run), 0U) << "nothing has run yet";
    card.write_register(abi::reg::run, 1);
    EXPECT_EQ(card.read_register(abi::reg::run), 1U);
    card.write_register(abi::reg::run, 0);
    const std::uint64_t begin = card.cycles();
    while (card.read_register(abi::reg::run) != 0) {
        ASSERT_LT(card.cycles() - begin, 6000U);
    }
    EXPECT_GE(card.cycles() - begin, 2U * abi::kPuntDataBeats);
}

TEST(CardRegisters, rings_are_set_up_while_stopped_and_within_their_limits) {
    VerilatedCard card;
    for (int r = 0; r < abi::kRings; ++r) {
        const auto reg = [r](std::uint32_t offset) {
            return abi::ring_register(static_cast<abi::Ring>(r), offset);
        };
        const std::uint32_t base = 0x10000U * static_cast<std::uint32_t>(r + 1);
        card.write_register(reg(abi::reg::ring::base_low), base);
        card.write_register(reg(abi::reg::ring::base_high), 0x20);
        card.write_register(reg(abi::reg::ring::slots_log2), abi::kRingSlotsLog2Max);
        card.write_register(reg(abi::reg::ring::slots_log2), abi::kRingSlotsLog2Max + 1);
        card.write_register(reg(abi::reg::ring::slots_log2), abi::kRingSlotsLog2Min - 1);
        card.write_register(reg(abi::reg::ring::slot_bytes_log2), abi::kFrameSlotLog2Max);
        card.write_register(reg(abi::reg::ring::slot_bytes_log2), abi::kFrameSlotLog2Max + 1);
        card.write_register(reg(abi::reg::ring::slot_bytes_log2), 5);
        card.write_register(reg(abi::reg::ring::host_index), 7);
        EXPECT_EQ(card.read_register(reg(abi::reg::ring::base_low)), base);
        EXPECT_EQ(card.read_register(reg(abi::reg::ring::base_high)), 0x20U);
        EXPECT_EQ(card.read_register(reg(abi::reg::ring::slots_log2)), abi::kRingSlotsLog2Max);
        EXPECT_EQ(card.read_register(reg(abi::reg::ring::slot_bytes_log2)), abi::kFrameSlotLog2Max);
        EXPECT_EQ(card.read_register(reg(abi::reg::ring::host_index)), 0U) << "stopped";
    }
    card.write_register(abi::reg::run, 1);
    const std::uint32_t base_low = abi::ring_register(abi::Ring::punt, abi::reg::ring::base_low);
    card.write_register(base_low, 0x123000);
    EXPECT_EQ(card.read_register(base_low), 0x30000U) << "running";
}

// The rings with a fast and with a slow bus.
class CardRings : public testing::TestWithParam<AxiTiming> {
  protected:
    CardRings()
        : card_(CardOptions{.host_bus = GetParam()}),
          bus_(card_),
          host_(bus_),
          random_(GetParam().seed) {}

    VerilatedCard card_;
    VerilatedBus bus_;
    RingHost host_;
    std::mt19937_64 random_;
};

TEST_P(CardRings, commands_are_answered_in_order) {
    for (std::uint32_t i = 0; i < 500;) {
        const std::uint32_t first = i;
        for (; i < first + 40; ++i) {
            abi::Record<abi::Command> command;
            command.set<abi::Command::opcode>(static_cast<std::uint64_t>(abi::Opcode::echo));
            command.set<abi::Command::index>(i);
            command.set<abi::Command::tag>(0x1234'5678'0000'0000 + i);
            host_.command(command);
        }
        bus_.settle();
        for (std::uint32_t j = first; j < i; ++j) {
            const auto event = host_.event();
            ASSERT_TRUE(event) << j;
            EXPECT_EQ(event->get<abi::Event::index>(), j);
            EXPECT_EQ(event->get<abi::Event::tag>(), 0x1234'5678'0000'0000 + j);
        }
    }
    EXPECT_FALSE(host_.event());
    EXPECT_EQ(host_.read(abi::Ring::command, abi::reg::ring::card_index), 520U);
    EXPECT_EQ(card_.protocol_violation(), "");
}

TEST_P(CardRings, frames_from_the_wire_reach_the_host_whole) {
    std::vector<Bytes> sent;
    for (int i = 0; i < 300; ++i) {
        sent.push_back(random_frame(random_, random_length(random_, 1984)));
        ASSERT_TRUE(card_.receive(0, sent.back()));
        if (i % 30 == 29) {
            bus_.settle();
            for (const Bytes& frame : sent) {
                const auto punted = host_.punt();
                ASSERT_TRUE(punted);
                EXPECT_EQ(punted->frame, frame);
            }
            sent.clear();
        }
    }
    EXPECT_EQ(card_.read_register(abi::port_register(0, abi::reg::port::rx_frames)), 300U);
    EXPECT_EQ(card_.read_register(abi::port_register(0, abi::reg::port::rx_dropped)), 0U);
    EXPECT_EQ(host_.read(abi::Ring::punt, abi::reg::ring::card_index), 300U);
    EXPECT_EQ(host_.read(abi::Ring::punt, abi::reg::ring::dropped), 0U);
    EXPECT_EQ(card_.protocol_violation(), "");
}

TEST_P(CardRings, control_traffic_has_a_ring_of_its_own) {
    std::vector<Bytes> ours;
    std::vector<Bytes> others;
    for (int i = 0; i < 60; ++i) {
        Bytes frame = random_frame(random_, random_length(random_, 1984));
        frame[0] = 0x02;
        if (random_() % 2 == 0) {
            std::fill_n(frame.begin(), 6, std::uint8_t{0xff});
            ours.push_back(frame);
        } else {
            others.push_back(frame);
        }
        ASSERT_TRUE(card_.receive(0, frame));
    }
    bus_.settle();
    for (const Bytes& frame : ours) {
        EXPECT_EQ(host_.punt(abi::Ring::control).value().frame, frame);
    }
    for (const Bytes& frame : others) {
        EXPECT_EQ(host_.punt().value().frame, frame);
    }
    EXPECT_FALSE(host_.punt(abi::Ring::control));
    EXPECT_FALSE(host_.punt());
    EXPECT_EQ(card_.protocol_violation(), "");
}

// The host may leave one ring alone for long.
TEST_P(CardRings, a_full_punt_ring_takes_nothing_from_control_traffic) {
    for (int i = 0; i < 80; ++i) {
        ASSERT_TRUE(card_.receive(0, Bytes(100, 0x02)));
    }
    bus_.settle();
    EXPECT_EQ(host_.read(abi::Ring::punt, abi::reg::ring::dropped), 80U - 64U);
    ASSERT_TRUE(card_.receive(0, Bytes(100, 0xff)));
    bus_.settle();
    EXPECT_EQ(host_.read(abi::Ring::control, abi::reg::ring::dropped), 0U);
    EXPECT_EQ(host_.punt(abi::Ring::control).value().frame, Bytes(100, 0xff));
}

TEST_P(CardRings, injected_frames_leave_by_the_port_their_header_names) {
    for (std::uint32_t i = 0; i < 100; ++i) {
        const Bytes frame = random_frame(random_, random_length(random_, 1984));
        const int port = static_cast<int>(random_() % 2);
        host_.inject(port, frame);
        bus_.settle();
        const auto transmitted = card_.transmitted(port);
        ASSERT_TRUE(transmitted);
        EXPECT_EQ(*transmitted, frame);
        EXPECT_FALSE(card_.transmitted(1 - port));
    }
    EXPECT_EQ(card_.read_register(abi::port_register(0, abi::reg::port::tx_frames)) +
                  card_.read_register(abi::port_register(1, abi::reg::port::tx_frames)),
              100U);
    EXPECT_EQ(card_.protocol_violation(), "");
}

TEST_P(CardRings, everything_at_once_loses_nothing) {
    std::vector<Bytes> punts;
    std::vector<Bytes> forwards;
    std::vector<Bytes> injects;
    std::vector<Bytes> forwarded;
    std::vector<Bytes> injected;
    for (int round = 0; round < 40; ++round) {
        for (int i = 0; i < 20; ++i) {
            punts.push_back(random_frame(random_, random_length(random_, 1984)));
            forwards.push_back(random_frame(random_, random_length(random_, 9600)));
            injects.push_back(random_frame(random_, random_length(random_, 1984)));
            ASSERT_TRUE(card_.receive(0, punts.back()));
            ASSERT_TRUE(card_.receive(1, forwards.back()));
            host_.inject(0, injects.back());
            host_.command({});
        }
        bus_.settle();
        for (std::size_t i = punts.size() - 20; i < punts.size(); ++i) {
            const auto punted = host_.punt();
            ASSERT_TRUE(punted);
            EXPECT_EQ(punted->frame, punts[i]);
            EXPECT_TRUE(host_.event());
        }
        while (auto frame = card_.transmitted(1)) {
            forwarded.push_back(std::move(*frame));
        }
        while (auto frame = card_.transmitted(0)) {
            injected.push_back(std::move(*frame));
        }
    }
    EXPECT_EQ(forwarded, forwards);
    EXPECT_EQ(injected, injects);
    EXPECT_EQ(card_.protocol_violation(), "");
}

TEST_P(CardRings, stopping_and_starting_again_begins_at_slot_zero) {
    for (int i = 0; i < 10; ++i) {
        host_.command({});
        ASSERT_TRUE(card_.receive(0, Bytes(100)));
    }
    bus_.settle();
    card_.write_register(abi::reg::run, 0);
    for (int i = 0; i < 10000 && card_.read_register(abi::reg::run) != 0; ++i) {
    }
    ASSERT_EQ(card_.read_register(abi::reg::run), 0U);
    for (const auto ring : {abi::Ring::command, abi::Ring::event, abi::Ring::punt}) {
        EXPECT_EQ(host_.read(ring, abi::reg::ring::card_index), 0U);
        EXPECT_EQ(host_.read(ring, abi::reg::ring::host_index), 0U);
    }
    ASSERT_TRUE(card_.receive(0, Bytes(100)));
    bus_.settle();
    EXPECT_EQ(host_.read(abi::Ring::punt, abi::reg::ring::dropped), 1U) << "nowhere to put it";

    RingHost again(bus_);
    ASSERT_TRUE(card_.receive(0, Bytes(200, 0xab)));
    again.command({});
    bus_.settle();
    const auto punted = again.punt();
    ASSERT_TRUE(punted);
    EXPECT_EQ(punted->frame, Bytes(200, 0xab));
    EXPECT_TRUE(again.event());
}

INSTANTIATE_TEST_SUITE_P(Bus,
                         CardRings,
                         testing::Values(AxiTiming{},
                                         AxiTiming{.latency_cycles_max = 100, .seed = 11},
                                         AxiTiming{.stall_percent = 60, .seed = 12},
                                         AxiTiming{60, 40, 13}));

TEST(Card, short_frames_are_padded_as_on_a_wire) {
    VerilatedCard card;
    VerilatedBus bus(card);
    RingHost host(bus);
    ASSERT_TRUE(card.receive(0, Bytes(42, 7)));
    host.inject(1, Bytes(20, 9));
    bus.settle();
    Bytes punted(42, 7);
    punted.resize(60);
    EXPECT_EQ(host.punt().value().frame, punted);
    Bytes transmitted(20, 9);
    transmitted.resize(60);
    EXPECT_EQ(card.transmitted(1).value(), transmitted);
}

TEST(Card, macs_that_do_not_wait_lose_whole_frames_and_each_is_counted) {
    // A host bus this slow holds the punt path, and with it port 0, up.
    VerilatedCard card({.host_bus = {.stall_percent = 97}, .macs_wait = false});
    VerilatedBus bus(card);
    RingHost host(bus, 10);
    std::vector<Bytes> sent;
    for (std::uint8_t i = 0; i < 200; ++i) {
        sent.emplace_back(1500, i);
        ASSERT_TRUE(card.receive(0, sent.back()));
    }
    bus.settle();
    const std::uint32_t taken =
        card.read_register(abi::port_register(0, abi::reg::port::rx_frames));
    const std::uint32_t dropped =
        card.read_register(abi::port_register(0, abi::reg::port::rx_dropped));
    EXPECT_EQ(taken + dropped, 200U);
    EXPECT_GT(dropped, 0U);
    std::size_t next = 0;
    for (std::uint32_t i = 0; i < taken; ++i) {
        const auto punted = host.punt();
        ASSERT_TRUE(punted);
        next = static_cast<std::size_t>(
            std::find(sent.begin() + static_cast<std::ptrdiff_t>(next), sent.end(), punted->frame) -
            sent.begin());
        ASSERT_LT(next, sent.size()) << "a frame that nobody sent";
        ++next;
    }
}

TEST(Card, a_doorbell_for_memory_that_is_gone_hurts_nobody) {
    VerilatedCard card;
    VerilatedBus bus(card);
    RingHost host(bus);
    for (const std::uint64_t base : {0x20'0000'0000ULL, 0x22'0000'0000ULL, 0x23'0000'0000ULL}) {
        card.memory().unmap(base);
    }
    host.command({});
    ASSERT_TRUE(card.receive(0, Bytes(100)));
    host.inject(0, Bytes(100));
    bus.settle();
    EXPECT_EQ(host.read(abi::Ring::inject, abi::reg::ring::dropped), 1U) << "no header";
    EXPECT_EQ(host.read(abi::Ring::inject, abi::reg::ring::card_index), 1U);
    EXPECT_FALSE(card.transmitted(0));
    const auto event = host.event();
    ASSERT_TRUE(event) << "the command went through the stand-in";
    EXPECT_EQ(event->get<abi::Event::tag>(), 0U) << "as a nop";
}

TEST(Card, forwards_a_beat_a_cycle_whatever_the_length) {
    for (const std::size_t length : {60U, 1514U, 9014U, 9600U}) {
        VerilatedCard card;
        constexpr std::size_t kFrames = 200;
        const std::size_t beats = kFrames * ((length + 63) / 64);
        for (std::size_t i = 0; i < kFrames; ++i) {
            ASSERT_TRUE(card.receive(1, Bytes(length, static_cast<std::uint8_t>(i))));
        }
        const std::uint64_t begin = card.cycles();
        for (std::size_t sent = 0; sent < kFrames;) {
            ASSERT_EQ(card.run(1), 1U);
            while (card.transmitted(1)) {
                ++sent;
            }
        }
        // Three stores of a frame on the way, and then no gaps.
        EXPECT_LE(card.cycles() - begin, beats + 3 * ((length + 63) / 64) + 50) << length;
    }
}

TEST(Card, rests_when_nothing_is_left_to_do) {
    VerilatedCard card;
    EXPECT_LT(card.run(1'000'000), 10'000U);
    EXPECT_TRUE(card.idle());
    ASSERT_TRUE(card.receive(1, Bytes(64)));
    EXPECT_FALSE(card.idle());
    EXPECT_LT(card.run(1'000'000), 10'000U);
    EXPECT_TRUE(card.transmitted(1));
    EXPECT_EQ(card.run(1'000'000), 0U);
}

TEST(InProcessCard, carries_frames_and_registers_from_any_thread) {
    InProcessCard card;
    EXPECT_EQ(card.read_register(abi::reg::magic).value(), abi::kMagic);
    EXPECT_FALSE(card.read_register(abi::kRegisterBlockBytes));
    EXPECT_FALSE(card.write_register(2, 0));
    EXPECT_FALSE(card.allocate(0));
    const auto memory = card.allocate(100);
    ASSERT_TRUE(memory);
    EXPECT_EQ((*memory)->bytes().size(), 4096U);
    EXPECT_EQ((*memory)->card_address() % 4096, 0U);
    EXPECT_TRUE(std::all_of((*memory)->bytes().begin(), (*memory)->bytes().end(), [](std::byte b) {
        return b == std::byte{0};
    }));
    ASSERT_TRUE(card.receive(1, Bytes(99, 3)));
    card.settle();
    EXPECT_EQ(card.transmitted(1).value(), Bytes(99, 3));
}

}  // namespace
}  // namespace fpvs::sim::card
