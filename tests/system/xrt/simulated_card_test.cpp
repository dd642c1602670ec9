// SPDX-License-Identifier: Apache-2.0
// The card driver and the real simulator: loaded again and again, and killed under load.
#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <cstdint>

#include "drivers/xrt/open_card.hpp"
#include "hw/abi/registers.hpp"
#include "tests/system/xrt/this_process.hpp"
#include "tests/unit/simcard/provider_bus.hpp"

namespace fpvs::xrt_card {
namespace {

using Clock = std::chrono::steady_clock;
using sim::card::ProviderBus;
using sim::card::RingHost;

std::unique_ptr<provider::Card> open() {
    auto card = open_card({.path = FPVS_SIM_XCLBIN});
    EXPECT_TRUE(card) << card.error().text();
    return card ? std::move(*card) : nullptr;
}

abi::Record<abi::Command> echo(std::uint64_t tag) {
    abi::Record<abi::Command> command;
    command.set<abi::Command::opcode>(static_cast<std::uint64_t>(abi::Opcode::echo));
    command.set<abi::Command::tag>(tag);
    return command;
}

// Sends commands until each was answered, with at most a ring's worth on the way.
void play(RingHost& host, std::uint64_t commands) {
    constexpr std::uint64_t kOnTheWayMax = 32;
    const auto end = Clock::now() + std::chrono::seconds(30);
    std::uint64_t sent = 0;
    for (std::uint64_t answered = 0; answered < commands;) {
        ASSERT_LT(Clock::now(), end) << answered << " of " << commands << " answered";
        if (sent < commands && sent - answered < kOnTheWayMax) {
            host.command(echo(sent++));
        }
        while (const auto event = host.event()) {
            ASSERT_EQ(event->get<abi::Event::tag>(), answered++);
        }
    }
}

TEST(SimulatedCard, carries_its_rings_through_twenty_loads) {
    open().reset();
    const int descriptors = open_descriptors();
    for (int round = 0; round < 20; ++round) {
        SCOPED_TRACE(testing::Message() << "round " << round);
        const auto card = open();
        ASSERT_TRUE(card);
        ProviderBus bus(*card);
        RingHost host(bus);
        play(host, 100);
    }
    EXPECT_EQ(open_descriptors(), descriptors);
    EXPECT_TRUE(children().empty());
}

TEST(SimulatedCard, killed_under_load_is_noticed_at_once_and_can_be_loaded_again) {
    {
        const auto card = open();
        ASSERT_TRUE(card);
        ProviderBus bus(*card);
        RingHost host(bus);
        play(host, 100);
        ASSERT_EQ(children().size(), 1u);
        // Its rings are full of work when it dies.
        for (std::uint64_t tag = 0; tag < 32; ++tag) {
            host.command(echo(tag));
        }
        const auto killed = Clock::now();
        ASSERT_EQ(::kill(*children().begin(), SIGKILL), 0);
        Status rung;
        while (rung) {
            rung = card->write_register(
                abi::ring_register(abi::Ring::event, abi::reg::ring::host_index), 0);
        }
        EXPECT_LT(Clock::now() - killed, std::chrono::seconds(1));
        EXPECT_EQ(rung.error().code, Code::unavailable);
        EXPECT_NE(rung.error().message.find("was killed by signal 9"), std::string::npos)
            << rung.error().text();
        EXPECT_NO_THROW(static_cast<void>(host.event())) << "what it wrote remains readable";
    }
    const auto card = open();
    ASSERT_TRUE(card);
    ProviderBus bus(*card);
    RingHost host(bus);
    play(host, 100);
}

}  // namespace
}  // namespace fpvs::xrt_card
