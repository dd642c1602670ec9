// SPDX-License-Identifier: Apache-2.0
#include "drivers/dpdk/card_port.hpp"

#include <gtest/gtest.h>

#include <array>
#include <memory>

#include "drivers/dpdk/frame_pool.hpp"
#include "tests/kit/fake_card.hpp"
#include "tests/kit/frames.hpp"

namespace fpvs::dpdk {
namespace {

constexpr provider::RingSizes kSmall{.command_slots_log2 = 4,
                                     .event_slots_log2 = 4,
                                     .punt_slots_log2 = 4,
                                     .inject_slots_log2 = 4,
                                     .frame_slot_bytes_log2 = 11,
                                     .control_slots_log2 = 4};

class CardPortTest : public ::testing::Test {
  protected:
    void SetUp() override {
        pool_ = *make_frame_pool({.name = "card_port_test", .frames = 256});
        auto rings = provider::CardRings::start(card_, kSmall);
        ASSERT_TRUE(rings) << rings.error().text();
        rings_ = std::move(*rings);
        port_ = std::make_unique<CardPort>(*rings_, *pool_);
    }
    void TearDown() override { EXPECT_EQ(rte_mempool_in_use_count(pool_.get()), 0U); }

    std::vector<kit::FakeCard::Frame> receive(std::size_t burst = provider::kBurstMax) {
        std::array<rte_mbuf*, provider::kBurstMax> frames{};
        const std::size_t count = port_->rx_burst(std::span(frames).first(burst));
        std::vector<kit::FakeCard::Frame> received;
        for (rte_mbuf* frame : std::span(frames).first(count)) {
            received.push_back({frame->port, kit::bytes_of(*frame)});
            rte_pktmbuf_free(frame);
        }
        return received;
    }
    void send(const kit::Bytes& bytes, int port = 0) {
        rte_mbuf* frame = kit::to_mbuf(*pool_, bytes, port);
        port_->tx_burst(std::span(&frame, 1));
    }

    FramePool pool_;
    kit::FakeCard card_;
    std::unique_ptr<provider::CardRings> rings_;
    std::unique_ptr<CardPort> port_;
};

TEST_F(CardPortTest, punted_frames_arrive_unchanged_with_their_port) {
    ASSERT_TRUE(card_.punt(1, abi::Reason::flow_miss, kit::pattern(14)));
    ASSERT_TRUE(card_.punt(0, abi::Reason::tcp_syn, kit::pattern(1984, 7)));

    const auto received = receive();

    ASSERT_EQ(received.size(), 2U);
    EXPECT_EQ(received[0].port, 1U);
    EXPECT_EQ(received[0].bytes, kit::pattern(14));
    EXPECT_EQ(received[1].port, 0U);
    EXPECT_EQ(received[1].bytes, kit::pattern(1984, 7));
    EXPECT_EQ(port_->counters().rx_frames, 2U);
    EXPECT_EQ(port_->counters().rx_bytes, 1998U);
    EXPECT_EQ(port_->punts_by_reason()[static_cast<std::size_t>(abi::Reason::flow_miss)], 1U);
}

TEST_F(CardPortTest, a_full_punt_ring_drops_the_newest_and_recovers) {
    for (std::uint8_t i = 0; i < 16; ++i) {
        ASSERT_TRUE(card_.punt(0, abi::Reason::flow_miss, kit::pattern(60, i)));
    }
    EXPECT_FALSE(card_.punt(0, abi::Reason::flow_miss, kit::pattern(60, 99)));
    EXPECT_EQ(card_.ring(abi::Ring::punt, abi::reg::ring::dropped), 1U);

    const auto received = receive();
    ASSERT_EQ(received.size(), 16U);
    EXPECT_EQ(received[15].bytes, kit::pattern(60, 15));
    EXPECT_TRUE(card_.punt(0, abi::Reason::flow_miss, kit::pattern(60, 100)));
    EXPECT_EQ(receive().size(), 1U);
}

TEST_F(CardPortTest, control_traffic_has_a_ring_of_its_own_and_comes_first) {
    for (std::uint8_t i = 0; i < 20; ++i) {
        EXPECT_EQ(card_.punt(0, abi::Reason::flow_miss, kit::pattern(60, i)), i < 16);
    }
    ASSERT_TRUE(card_.punt(1, abi::Reason::group_address, kit::pattern(60, 50)));
    ASSERT_TRUE(card_.punt(0, abi::Reason::icmp_control, kit::pattern(60, 51)));

    const auto received = receive();

    ASSERT_EQ(received.size(), 18U);
    EXPECT_EQ(received[0].bytes, kit::pattern(60, 50));
    EXPECT_EQ(received[0].port, 1U);
    EXPECT_EQ(received[1].bytes, kit::pattern(60, 51));
    EXPECT_EQ(received[2].bytes, kit::pattern(60, 0));
    EXPECT_EQ(card_.ring(abi::Ring::punt, abi::reg::ring::dropped), 4U);
    EXPECT_EQ(card_.ring(abi::Ring::control, abi::reg::ring::dropped), 0U);
}

TEST_F(CardPortTest, a_flood_of_control_traffic_leaves_a_quarter_of_a_burst_to_the_others) {
    for (std::uint8_t i = 0; i < 16; ++i) {
        ASSERT_TRUE(card_.punt(0, abi::Reason::not_ip, kit::pattern(60, i)));
        ASSERT_TRUE(card_.punt(0, abi::Reason::flow_miss, kit::pattern(60, 100)));
    }
    const auto received = receive(8);
    ASSERT_EQ(received.size(), 8U);
    EXPECT_EQ(received[5].bytes, kit::pattern(60, 5));
    EXPECT_EQ(received[6].bytes, kit::pattern(60, 100));
    EXPECT_EQ(receive().size(), 24U);
}

TEST_F(CardPortTest, rings_wrap_many_times) {
    for (int lap = 0; lap < 50; ++lap) {
        for (std::uint8_t i = 0; i < 7; ++i) {
            ASSERT_TRUE(card_.punt(0, abi::Reason::ttl, kit::pattern(60 + i, i)));
            send(kit::pattern(64 + i, i), 1);
        }
        ASSERT_EQ(receive().size(), 7U) << "lap " << lap;
    }
    ASSERT_EQ(card_.injected.size(), 350U);
    EXPECT_EQ(card_.injected[349].bytes, kit::pattern(70, 6));
    EXPECT_EQ(card_.injected[349].port, 1U);
}

TEST_F(CardPortTest, slots_are_given_back_in_batches) {
    const std::size_t before = card_.register_writes;
    for (int i = 0; i < 3; ++i) {
        ASSERT_TRUE(card_.punt(0, abi::Reason::ttl, kit::pattern(60)));
    }
    EXPECT_EQ(receive().size(), 3U);
    EXPECT_EQ(card_.register_writes, before) << "fewer than a quarter: no doorbell yet";
    ASSERT_TRUE(card_.punt(0, abi::Reason::ttl, kit::pattern(60)));
    EXPECT_EQ(receive().size(), 1U);
    EXPECT_EQ(card_.register_writes, before + 1);
}

TEST_F(CardPortTest, one_doorbell_a_burst) {
    const std::size_t before = card_.register_writes;
    std::array<rte_mbuf*, 8> frames{};
    for (rte_mbuf*& frame : frames) {
        frame = kit::to_mbuf(*pool_, kit::pattern(60));
    }
    port_->tx_burst(frames);
    EXPECT_EQ(card_.register_writes, before + 1);
    EXPECT_EQ(card_.injected.size(), 8U);
}

TEST_F(CardPortTest, a_full_inject_ring_drops_and_counts) {
    card_.stalled = true;
    for (int i = 0; i < 20; ++i) {
        send(kit::pattern(60));
    }
    EXPECT_EQ(port_->counters().tx_frames, 16U);
    EXPECT_EQ(port_->counters().tx_dropped, 4U);
    card_.stalled = false;
    card_.run();
    send(kit::pattern(61));
    EXPECT_EQ(card_.injected.size(), 17U);
}

TEST_F(CardPortTest, frames_that_fit_no_slot_are_not_sent) {
    send(kit::pattern(1985));
    send(kit::pattern(13));
    EXPECT_EQ(port_->counters().tx_dropped, 2U);
    send(kit::pattern(1984));
    EXPECT_EQ(card_.injected.size(), 1U);
}

TEST_F(CardPortTest, headers_that_make_no_sense_are_dropped) {
    const auto header = [](std::uint64_t port, std::uint64_t length, std::uint64_t reason) {
        abi::Record<abi::PuntHeader> made;
        made.set<abi::PuntHeader::port>(port);
        made.set<abi::PuntHeader::length_bytes>(length);
        made.set<abi::PuntHeader::reason>(reason);
        return made;
    };
    ASSERT_TRUE(card_.punt_raw(header(2, 60, 4), kit::pattern(60)));
    ASSERT_TRUE(card_.punt_raw(header(0, 1985, 4), kit::pattern(60)));
    ASSERT_TRUE(card_.punt_raw(header(0, 65535, 4), kit::pattern(60)));
    ASSERT_TRUE(card_.punt_raw(header(0, 0, 4), kit::pattern(60)));
    ASSERT_TRUE(card_.punt_raw(header(0, 60, abi::kReasonsMax), kit::pattern(60)));
    ASSERT_TRUE(card_.punt_raw(header(0, 60, 4), kit::pattern(60)));
    EXPECT_EQ(receive().size(), 1U);
    EXPECT_EQ(port_->counters().rx_dropped, 5U);
}

TEST_F(CardPortTest, without_free_mbufs_punts_are_dropped_and_the_ring_stays_usable) {
    std::vector<rte_mbuf*> hostages;
    while (rte_mbuf* frame = rte_pktmbuf_alloc(pool_.get())) {
        hostages.push_back(frame);
    }
    ASSERT_TRUE(card_.punt(0, abi::Reason::ttl, kit::pattern(60)));
    EXPECT_EQ(receive().size(), 0U);
    EXPECT_EQ(port_->counters().rx_dropped, 1U);
    for (rte_mbuf* frame : hostages) {
        rte_pktmbuf_free(frame);
    }
    ASSERT_TRUE(card_.punt(0, abi::Reason::ttl, kit::pattern(60)));
    EXPECT_EQ(receive().size(), 1U);
}

TEST_F(CardPortTest, a_dead_card_takes_nothing_and_says_why) {
    ASSERT_TRUE(card_.punt(0, abi::Reason::ttl, kit::pattern(60)));
    card_.die("the simulator went away");
    send(kit::pattern(60));
    ASSERT_TRUE(rings_->lost());
    EXPECT_EQ(rings_->lost()->message, "the simulator went away");
    EXPECT_EQ(receive().size(), 0U);
    send(kit::pattern(60));
    EXPECT_EQ(port_->counters().tx_dropped, 1U) << "the first had its slot, the second none";
}

TEST(card_rings, strange_cards_are_refused_with_a_sentence) {
    const auto refusal = [](std::uint32_t offset, std::uint32_t value) {
        kit::FakeCard card;
        card.overrides[offset] = value;
        const auto rings = provider::CardRings::start(card);
        EXPECT_FALSE(rings);
        return rings ? Error{} : rings.error();
    };
    EXPECT_EQ(refusal(abi::reg::magic, 0xffffffff).code, Code::mismatch);
    EXPECT_NE(refusal(abi::reg::version, 9).message.find("version 9"), std::string::npos);
    EXPECT_NE(refusal(abi::reg::abi_hash_low, 1).message.find("abi"), std::string::npos);
    EXPECT_EQ(refusal(abi::reg::abi_hash_high, 1).code, Code::mismatch);

    kit::FakeCard card;
    EXPECT_FALSE(provider::CardRings::start(card, {.command_slots_log2 = 3}));
    EXPECT_FALSE(provider::CardRings::start(card, {.frame_slot_bytes_log2 = 15}));
    card.die("gone");
    EXPECT_EQ(provider::CardRings::start(card).error().message, "gone");
}

TEST(card_rings, the_card_is_stopped_before_its_memory_goes) {
    kit::FakeCard card;
    auto rings = *provider::CardRings::start(card);
    EXPECT_TRUE(card.running());
    rings.reset();
    EXPECT_FALSE(card.running());
}

}  // namespace
}  // namespace fpvs::dpdk
