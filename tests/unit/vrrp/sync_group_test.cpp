// SPDX-License-Identifier: Apache-2.0
#include "host/vrrp/sync_group.hpp"

#include <gtest/gtest.h>

#include <array>
#include <chrono>

#include "tests/unit/vrrp/lab_instance.hpp"

namespace fpvs::vrrp {
namespace {

using namespace std::chrono_literals;

class SyncGroupTest : public ::testing::Test {
  protected:
    static Election member(std::uint8_t priority) {
        auto instance = lab_instance();
        instance.priority = priority;
        return Election(instance, Election::Membership::in_group);
    }

    void start() {
        for (Election* const election : {&first_, &second_}) {
            (void)election->start(now_, true);
        }
    }
    void become_master() {
        for (Election* const election : {&second_, &first_}) {  // The higher one is ready first.
            now_ = *election->deadline();
            (void)election->on_time(now_);
        }
        (void)group_.settle(now_);
    }

    Nanoseconds now_ = 1000s;
    Election first_ = member(100);
    Election second_ = member(200);
    SyncGroup group_{{&first_, &second_}};
};

TEST_F(SyncGroupTest, becomes_master_together_when_the_last_one_may) {
    start();
    now_ = *second_.deadline();
    (void)second_.on_time(now_);
    EXPECT_TRUE(group_.settle(now_).empty());
    EXPECT_EQ(group_.state(), State::backup);
    now_ = *first_.deadline();
    (void)first_.on_time(now_);
    const auto steps = group_.settle(now_);
    ASSERT_EQ(steps.size(), 2U);
    EXPECT_EQ(steps[0].actions.front(), Action::send_advert);
    EXPECT_EQ(group_.state(), State::master);
    EXPECT_TRUE(group_.settle(now_).empty());
}

TEST_F(SyncGroupTest, stays_backup_while_one_hears_a_better_master) {
    start();
    for (int i = 0; i < 10; ++i) {
        now_ += 1s;
        (void)first_.on_claim(now_, {.source = kLvs02, .priority = 150, .interval_cs = 100});
        (void)second_.on_time(now_);
        EXPECT_TRUE(group_.settle(now_).empty());
    }
    EXPECT_TRUE(second_.ready());
    EXPECT_EQ(group_.state(), State::backup);
}

TEST_F(SyncGroupTest, one_that_yields_takes_the_others_with_it) {
    start();
    become_master();
    (void)first_.on_claim(now_, {.source = kLvs02, .priority = 150, .interval_cs = 100});
    const auto steps = group_.settle(now_);
    ASSERT_EQ(steps.size(), 1U);
    EXPECT_EQ(steps[0].member, 1U);
    EXPECT_EQ(steps[0].actions, (Actions{Action::send_resignation, Action::remove_addresses}));
    EXPECT_EQ(group_.state(), State::backup);
}

TEST_F(SyncGroupTest, fault_of_one_is_the_fault_of_all_until_none_has_one) {
    start();
    become_master();
    const auto steps = group_.set_able(now_, 1, false);
    ASSERT_EQ(steps.size(), 2U);
    EXPECT_EQ(steps[0].member, 1U) << "the one at fault goes first";
    EXPECT_EQ(steps[1].actions.front(), Action::send_resignation);
    EXPECT_EQ(group_.state(), State::fault);
    EXPECT_TRUE(group_.set_able(now_, 0, false).empty());
    EXPECT_TRUE(group_.set_able(now_, 1, true).empty()) << "the other one is at fault as well";
    EXPECT_EQ(group_.set_able(now_, 0, true).size(), 2U);
    EXPECT_EQ(group_.state(), State::backup);
}

}  // namespace
}  // namespace fpvs::vrrp
