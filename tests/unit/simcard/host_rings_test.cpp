// SPDX-License-Identifier: Apache-2.0
// The host's own ring code against the card's gates, each in a thread of its own.
#include <gtest/gtest.h>

#include <chrono>
#include <cstring>
#include <memory>
#include <numeric>
#include <thread>
#include <vector>

#include "host/provider/card_rings.hpp"
#include "hw/abi/commands.hpp"
#include "hw/abi/entries.hpp"
#include "hw/abi/events.hpp"
#include "hw/abi/record.hpp"
#include "hw/abi/registers.hpp"
#include "sim/card/in_process_card.hpp"

namespace fpvs::sim::card {
namespace {

using Bytes = std::vector<std::uint8_t>;

constexpr provider::RingSizes kSmall{.command_slots_log2 = 4,
                                     .event_slots_log2 = 4,
                                     .punt_slots_log2 = 4,
                                     .inject_slots_log2 = 4,
                                     .frame_slot_bytes_log2 = 11,
                                     .control_slots_log2 = 4};

class HostRings : public testing::Test {
  protected:
    HostRings() : rings_(start()) {}

    std::unique_ptr<provider::CardRings> start() {
        return std::move(provider::CardRings::start(card_, kSmall).value());
    }

    // False when the ring stays full for longer than a card can take.
    template <class Ring>
    bool put(Ring& ring, std::span<const std::uint8_t> slot) {
        const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
        std::span<std::byte> room;
        while ((room = ring.reserve()).empty()) {
            if (std::chrono::steady_clock::now() > end) {
                return false;
            }
            std::this_thread::yield();
        }
        std::memcpy(room.data(), slot.data(), slot.size());
        ring.commit();
        ring.publish();
        return true;
    }
    bool command(const abi::Record<abi::Command>& command) {
        return put(
            rings_->commands(),
            {reinterpret_cast<const std::uint8_t*>(command.words.data()), sizeof command.words});
    }
    bool echo(std::uint64_t tag) {
        abi::Record<abi::Command> record;
        record.set<abi::Command::opcode>(static_cast<std::uint64_t>(abi::Opcode::echo));
        record.set<abi::Command::tag>(tag);
        return command(record);
    }
    bool enable_port(std::uint32_t port, std::uint64_t mac) {
        abi::Record<abi::PortEntry> entry;
        entry.set<abi::PortEntry::mac>(mac).set<abi::PortEntry::enabled>(1);
        abi::Record<abi::Command> record;
        record.set<abi::Command::opcode>(static_cast<std::uint64_t>(abi::Opcode::write_port));
        record.set<abi::Command::index>(port);
        record.set<abi::Command::payload_0>(entry.words[0]);
        return command(record);
    }
    // The tag of the next event.
    std::uint64_t next_tag() {
        abi::Record<abi::Event> event;
        std::memcpy(event.words.data(), rings_->events().front().data(), sizeof event.words);
        rings_->events().pop();
        return event.get<abi::Event::tag>();
    }
    Bytes next_control() {
        const auto slot = rings_->controls().front();
        abi::Record<abi::PuntHeader> header;
        std::memcpy(header.words.data(), slot.data(), sizeof header.words);
        const auto* bytes = reinterpret_cast<const std::uint8_t*>(slot.data()) + abi::kBeatBytes;
        Bytes frame(bytes, bytes + header.get<abi::PuntHeader::length_bytes>());
        rings_->controls().pop();
        return frame;
    }
    static Bytes broadcast(std::size_t length, std::uint8_t first) {
        Bytes frame(length);
        std::iota(frame.begin(), frame.end(), first);
        std::fill_n(frame.begin(), 6, 0xff);
        return frame;
    }

    InProcessCard card_;
    std::unique_ptr<provider::CardRings> rings_;
};

TEST_F(HostRings, every_command_is_answered_in_order_over_many_laps) {
    constexpr std::uint64_t kEchoes = 2000;
    std::uint64_t answered = 0;
    for (std::uint64_t i = 0; i < kEchoes; ++i) {
        ASSERT_TRUE(echo(i));
        while (!rings_->events().front().empty()) {
            ASSERT_EQ(next_tag(), answered++);
            rings_->events().give_back();
        }
        // No more under way than the event ring has room for: a full one drops.
        while (i + 1 - answered >= 8) {
            if (!rings_->events().front().empty()) {
                ASSERT_EQ(next_tag(), answered++);
                rings_->events().give_back();
            }
        }
    }
    card_.settle();
    while (!rings_->events().front().empty()) {
        ASSERT_EQ(next_tag(), answered++);
    }
    EXPECT_EQ(answered, kEchoes);
    EXPECT_FALSE(rings_->lost());
}

TEST_F(HostRings, frames_come_and_go_whole) {
    ASSERT_TRUE(enable_port(0, 0x020000000001));
    ASSERT_TRUE(echo(1));
    card_.settle();
    for (std::size_t i = 0; i < 100; ++i) {
        const Bytes frame = broadcast(60 + 19 * i, static_cast<std::uint8_t>(i));
        ASSERT_TRUE(card_.receive(0, frame));
        card_.settle();
        ASSERT_FALSE(rings_->controls().front().empty()) << i;
        EXPECT_EQ(next_control(), frame);

        Bytes slot(abi::kBeatBytes);
        abi::Record<abi::InjectHeader> header;
        header.set<abi::InjectHeader::port>(i % 2);
        header.set<abi::InjectHeader::length_bytes>(frame.size());
        std::memcpy(slot.data(), header.words.data(), slot.size());
        slot.insert(slot.end(), frame.begin(), frame.end());
        ASSERT_TRUE(put(rings_->injects(), slot));
        card_.settle();
        EXPECT_EQ(card_.transmitted(static_cast<int>(i % 2)).value_or(Bytes{}), frame);
    }
}

TEST_F(HostRings, a_host_that_sleeps_loses_the_newest_and_can_say_how_many) {
    ASSERT_TRUE(enable_port(0, 0x020000000001));
    for (std::uint8_t i = 0; i < 20; ++i) {
        ASSERT_TRUE(card_.receive(0, broadcast(100, i)));
    }
    card_.settle();
    for (std::uint8_t i = 0; i < 16; ++i) {
        ASSERT_FALSE(rings_->controls().front().empty());
        EXPECT_EQ(next_control(), broadcast(100, i));
    }
    EXPECT_TRUE(rings_->controls().front().empty());
    EXPECT_EQ(card_.read_register(abi::ring_register(abi::Ring::control, abi::reg::ring::dropped)),
              4U);
}

TEST_F(HostRings, a_new_host_begins_with_empty_rings) {
    for (std::uint64_t i = 0; i < 10; ++i) {
        ASSERT_TRUE(echo(i));
    }
    rings_.reset();
    EXPECT_EQ(card_.read_register(abi::reg::run), 0U);
    rings_ = start();
    EXPECT_TRUE(rings_->events().front().empty());
    ASSERT_TRUE(echo(99));
    card_.settle();
    ASSERT_FALSE(rings_->events().front().empty());
    EXPECT_EQ(next_tag(), 99U);
}

}  // namespace
}  // namespace fpvs::sim::card
