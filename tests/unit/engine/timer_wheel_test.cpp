// SPDX-License-Identifier: Apache-2.0
#include "host/engine/timer_wheel.hpp"

#include <gtest/gtest.h>

#include <map>
#include <random>

namespace fpvs::engine {
namespace {

constexpr std::size_t kUnlimited = 1'000'000;
constexpr std::uint64_t kLatenessMs = 200;

class TimerWheelTest : public testing::Test {
  protected:
    Connection& armed(std::uint64_t deadline_ms) {
        Connection& record = table_.allocate({});
        record.deadline_ms = deadline_ms;
        wheel_.arm(record);
        return record;
    }

    // What comes up until then and is due; the rest is armed again.
    std::vector<std::uint32_t> due(std::uint64_t now_ms) {
        std::vector<std::uint32_t> found;
        wheel_.advance(now_ms, kUnlimited, [&](Connection& record) {
            if (record.deadline_ms > now_ms) {
                wheel_.arm(record);
            } else {
                found.push_back(table_.index_of(record));
            }
        });
        return found;
    }

    ConnectionTable table_{4096, 0};
    TimerWheel wheel_{table_};
};

TEST_F(TimerWheelTest, nothing_comes_up_early_and_everything_soon_after_its_deadline) {
    std::mt19937 random(20260101);
    std::map<std::uint32_t, std::uint64_t> deadlines;
    for (int i = 0; i < 4000; ++i) {
        const std::uint64_t deadline = random() % 4'000'000;  // More than two turns.
        deadlines[table_.index_of(armed(deadline))] = deadline;
    }
    for (std::uint64_t now = 0; now <= 4'000'000 + kLatenessMs; now += 50) {
        for (const std::uint32_t index : due(now)) {
            EXPECT_LE(deadlines.at(index), now);
            EXPECT_LE(now, deadlines.at(index) + kLatenessMs);
            deadlines.erase(index);
        }
    }
    EXPECT_TRUE(deadlines.empty());
}

TEST_F(TimerWheelTest, a_moved_deadline_holds_whether_it_moved_away_or_nearer) {
    Connection& later = armed(10'000);
    later.deadline_ms = 20'000;
    wheel_.arm(later);
    Connection& sooner = armed(30'000);
    sooner.deadline_ms = 5'000;
    wheel_.arm(sooner);
    EXPECT_EQ(due(5'000 + kLatenessMs), std::vector{table_.index_of(sooner)});
    EXPECT_TRUE(due(19'999).empty());
    EXPECT_EQ(due(20'000 + kLatenessMs), std::vector{table_.index_of(later)});
}

TEST_F(TimerWheelTest, a_disarmed_timer_never_comes_up) {
    Connection& record = armed(1'000);
    (void)armed(1'000);
    wheel_.disarm(record);
    EXPECT_EQ(due(1'000'000).size(), 1u);
}

TEST_F(TimerWheelTest, a_long_pause_loses_nothing) {
    (void)armed(1'000);
    (void)armed(1'700'000);
    EXPECT_EQ(due(100'000'000'000).size(), 2u);
}

TEST_F(TimerWheelTest, the_budget_bounds_the_work_and_the_rest_comes_next_time) {
    for (int i = 0; i < 10; ++i) {
        (void)armed(1'000);
    }
    int seen = 0;
    const auto give_up = [&](Connection&) { ++seen; };
    EXPECT_TRUE(wheel_.advance(2'000, 4, give_up));
    EXPECT_EQ(seen, 4);
    EXPECT_TRUE(wheel_.advance(2'000, 4, give_up));
    EXPECT_FALSE(wheel_.advance(2'000, 4, give_up));
    EXPECT_EQ(seen, 10);
}

}  // namespace
}  // namespace fpvs::engine
