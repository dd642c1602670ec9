// SPDX-License-Identifier: Apache-2.0
// The lab's check: every 6 s, connection timeout 3 s, 3 retries 3 s apart.
#include "host/health/check_state.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace fpvs::health {
namespace {

using namespace std::chrono_literals;

const model::HealthCheck kLabCheck{
    .connect_timeout_ms = 3000, .retries = 3, .delay_before_retry_ms = 3000};

class CheckStateTest : public ::testing::Test {
  protected:
    // Each attempt takes `attempt_time`; the end of the attempt that changed the state.
    Nanoseconds fail_until_change(CheckState& state, Nanoseconds attempt_time) {
        while (true) {
            now_ = state.next_at() + attempt_time;
            if (state.on_result(now_, false) != Change::none) {
                return now_;
            }
        }
    }

    Nanoseconds now_ = 100s;
    CheckState state_{kLabCheck, 6s, now_, 2s};
};

TEST_F(CheckStateTest, begins_up_and_waits_for_its_first_turn) {
    EXPECT_TRUE(state_.up());
    EXPECT_EQ(state_.next_at(), now_ + 2s);
    EXPECT_EQ(state_.on_result(now_ + 2s, true), Change::none);
    EXPECT_EQ(state_.next_at(), now_ + 8s);
}

// As measured: what is left of the loop, then three retries three seconds apart.
TEST_F(CheckStateTest, refused_server_is_down_after_nine_seconds_of_retries) {
    const auto first = state_.next_at();
    EXPECT_EQ(fail_until_change(state_, 0s), first + 9s);
    EXPECT_FALSE(state_.up());
    EXPECT_EQ(state_.checks_done(), 4u);
}

TEST_F(CheckStateTest, silent_server_is_down_after_four_timeouts_and_three_delays) {
    const auto first = state_.next_at();
    EXPECT_EQ(fail_until_change(state_, 3s), first + 4 * 3s + 3 * 3s);
}

TEST_F(CheckStateTest, one_success_forgives_the_failures_before) {
    for (int i = 0; i < 3; ++i) {
        EXPECT_EQ(state_.on_result(now_, false), Change::none);
    }
    EXPECT_EQ(state_.failures(), 3u);
    (void)state_.on_result(now_, true);
    EXPECT_EQ(state_.failures(), 0u);
    for (int i = 0; i < 3; ++i) {
        EXPECT_EQ(state_.on_result(now_, false), Change::none);
    }
    EXPECT_EQ(state_.on_result(now_, false), Change::went_down);
}

TEST_F(CheckStateTest, down_server_is_asked_every_loop_and_first_success_brings_it_back) {
    (void)fail_until_change(state_, 0s);
    EXPECT_EQ(state_.next_at(), now_ + 6s);
    EXPECT_EQ(state_.on_result(now_, false), Change::none);
    EXPECT_EQ(state_.next_at(), now_ + 6s);
    EXPECT_EQ(state_.on_result(now_ + 6s, true), Change::came_up);
    EXPECT_EQ(state_.since(), now_ + 6s);
    EXPECT_EQ(state_.next_at(), now_ + 12s);
}

TEST_F(CheckStateTest, without_retries_one_failure_is_enough) {
    auto check = kLabCheck;
    check.retries = 0;
    CheckState state(check, 6s, now_, 0s);
    EXPECT_EQ(state.on_result(now_, false), Change::went_down);
}

TEST_F(CheckStateTest, delays_of_zero_still_let_time_pass) {
    auto check = kLabCheck;
    check.delay_before_retry_ms = 0;
    CheckState state(check, 0s, now_, 0s);
    (void)state.on_result(now_, false);
    EXPECT_GT(state.next_at(), now_);
    (void)state.on_result(now_, true);
    EXPECT_GT(state.next_at(), now_);
}

}  // namespace
}  // namespace fpvs::health
