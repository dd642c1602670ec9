// SPDX-License-Identifier: Apache-2.0
// A card dies under traffic: the worker carries on by the standby port, connections survive.
#include <gtest/gtest.h>

#include <memory>
#include <optional>

#include "drivers/dpdk/card_port.hpp"
#include "host/offload/offload.hpp"
#include "tests/kit/fake_card.hpp"
#include "tests/unit/slowpath/director.hpp"

namespace fpvs::slowpath {
namespace {

constexpr std::uint8_t kSyn = 0x02;
constexpr std::uint8_t kAck = 0x10;

class CardLost : public ::testing::Test {
  protected:
    void SetUp() override {
        director_.serve();
        rings_ = *provider::CardRings::start(card_);
        port_.emplace(*rings_, *director_.pool);
        std::vector<provider::NetworkPort> ports = {
            {.number = 0,
             .interface = "d0",
             .interface_index = kClientInterface,
             .mac = *model::parse_mac("02:00:00:00:00:d0")},
            {.number = 1,
             .interface = "d1",
             .interface_index = kServerInterface,
             .mac = *model::parse_mac("02:00:00:00:00:d1")}};
        offload_.emplace(*rings_,
                         director_.engine,
                         director_.neighbours,
                         offload::OffloadOptions{.ports = ports});
        director_.worker.carry(0, &*port_, Selection::by_wire);
        director_.worker.carry(1, &*port_, Selection::by_wire);
        director_.worker.set_step_hook([this](provider::Nanoseconds now) {
            offload_->poll(now);
            if (offload_->state() == offload::CardState::lost) {
                director_.worker.set_step_hook({});
                director_.worker.carry(0, &director_.client_wire, Selection::by_worker);
                director_.worker.carry(1, &director_.server_wire, Selection::by_worker);
            }
        });
        director_.step();
        director_.step();
        ASSERT_EQ(offload_->state(), offload::CardState::running);
    }

    Director director_;
    kit::FakeCard card_;
    std::unique_ptr<provider::CardRings> rings_;
    std::optional<dpdk::CardPort> port_;
    std::optional<offload::Offload> offload_;
};

TEST_F(CardLost, connections_go_on_by_the_standby_port) {
    for (const std::uint8_t flags : {kSyn, kAck}) {
        ASSERT_TRUE(card_.punt(0, abi::Reason::flow_miss, kit::make_frame({.flags = flags})));
        director_.step();
    }
    ASSERT_EQ(card_.injected.size(), 2U);
    ASSERT_EQ(card_.flows.size(), 1U);

    // Frames wait in the ring, one is half way out, and then nothing answers any more.
    ASSERT_TRUE(card_.punt(0, abi::Reason::flow_miss, kit::make_frame({.source_port = 30001})));
    card_.die("the simulator's socket closed");
    director_.step();
    director_.step();
    ASSERT_EQ(offload_->state(), offload::CardState::lost);
    EXPECT_EQ(card_.injected.size(), 2U);

    director_.receive(kit::make_frame({.flags = kAck}));
    const auto sent = director_.server_wire.take();
    ASSERT_EQ(sent.size(), 1U);
    EXPECT_EQ(sent[0].port, 1);
    EXPECT_EQ(director_.engine.connection_count(), 2U) << "the one half way out is known, too";
    director_.receive(kit::make_frame({.source_port = 30002}));
    EXPECT_EQ(director_.server_wire.take().size(), 1U) << "and new ones are served";
}

}  // namespace
}  // namespace fpvs::slowpath
