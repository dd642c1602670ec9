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

    // When the next attempt is due.
    Nanoseconds succeed_once() {
        (void)state_.on_result(now_, true);
        return state_.next_at();
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

// Once it has been asked at all.
TEST_F(CheckStateTest, first_failure_of_all_takes_a_server_down_at_once) {
    EXPECT_EQ(state_.on_result(now_ + 2s, false), Change::went_down);
    EXPECT_EQ(state_.next_at(), now_ + 8s);
    EXPECT_EQ(state_.on_result(now_ + 8s, true), Change::came_up);
}

TEST_F(CheckStateTest, alpha_check_is_down_until_its_first_success) {
    CheckState state(kLabCheck, 6s, now_, 0s, false);
    EXPECT_FALSE(state.up());
    EXPECT_EQ(state.on_result(now_, false), Change::none);
    EXPECT_EQ(state.next_at(), now_ + 6s);
    EXPECT_EQ(state.on_result(now_, true), Change::came_up);
}

// As measured: what is left of the loop, then three retries three seconds apart.
TEST_F(CheckStateTest, refused_server_is_down_after_nine_seconds_of_retries) {
    const auto first = succeed_once();
    EXPECT_EQ(fail_until_change(state_, 0s), first + 9s);
    EXPECT_FALSE(state_.up());
    EXPECT_EQ(state_.checks_done(), 5u);
}

TEST_F(CheckStateTest, silent_server_is_down_after_four_timeouts_and_three_delays) {
    const auto first = succeed_once();
    EXPECT_EQ(fail_until_change(state_, 3s), first + 4 * 3s + 3 * 3s);
}

TEST_F(CheckStateTest, one_success_forgives_the_failures_before) {
    (void)succeed_once();
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

model::HealthCheck urls(std::size_t count, bool fast_recovery) {
    model::HealthCheck check = kLabCheck;
    check.detail = model::HttpCheck{.fast_recovery = fast_recovery,
                                    .urls = std::vector<model::UrlCheck>(count)};
    return check;
}

TEST_F(CheckStateTest, steps_of_a_server_that_is_up_are_asked_one_a_loop) {
    CheckState state(urls(3, false), 6s, now_, 0s);
    for (const std::size_t step : {0U, 1U, 2U, 0U}) {
        EXPECT_EQ(state.step(), step);
        EXPECT_EQ(state.on_result(now_, true), Change::none);
        EXPECT_EQ(state.next_at(), now_ + 6s);
    }
}

// As measured with keepalived: the URL that failed is asked for first, then all of them.
TEST_F(CheckStateTest, server_comes_back_when_the_failed_step_and_then_all_have_succeeded) {
    CheckState state(urls(2, false), 6s, now_, 0s);
    (void)state.on_result(now_, true);
    for (std::uint32_t i = 0; i <= kLabCheck.retries; ++i) {
        EXPECT_TRUE(state.up());
        EXPECT_EQ(state.step(), 1U);
        (void)state.on_result(now_, false);
    }
    EXPECT_FALSE(state.up());
    for (const std::size_t step : {1U, 0U}) {
        EXPECT_EQ(state.step(), step);
        EXPECT_EQ(state.on_result(now_, true), Change::none);
        EXPECT_EQ(state.next_at(), now_ + 6s);
    }
    EXPECT_EQ(state.step(), 1U);
    EXPECT_EQ(state.on_result(now_, true), Change::came_up);
}

TEST_F(CheckStateTest, a_single_url_must_succeed_twice) {
    CheckState state(urls(1, false), 6s, now_, 0s);
    EXPECT_EQ(state.on_result(now_, false), Change::went_down);
    EXPECT_EQ(state.on_result(now_, true), Change::none);
    EXPECT_EQ(state.on_result(now_, true), Change::came_up);
}

TEST_F(CheckStateTest, fast_recovery_leaves_out_the_delays) {
    CheckState state(urls(2, true), 6s, now_, 0s);
    EXPECT_EQ(state.on_result(now_, false), Change::went_down);
    EXPECT_EQ(state.next_at(), now_ + 6s);
    EXPECT_EQ(state.on_result(now_, true), Change::none);
    EXPECT_LT(state.next_at(), now_ + 1s);
    EXPECT_EQ(state.on_result(now_, true), Change::none);
    EXPECT_LT(state.next_at(), now_ + 1s);
    EXPECT_EQ(state.on_result(now_, true), Change::came_up);
    EXPECT_EQ(state.next_at(), now_ + 6s);
}

}  // namespace
}  // namespace fpvs::health
