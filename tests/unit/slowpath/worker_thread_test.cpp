// SPDX-License-Identifier: Apache-2.0
#include "host/slowpath/worker_thread.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "tests/kit/monotonic_clock.hpp"
#include "tests/unit/slowpath/director.hpp"

namespace fpvs::slowpath {
namespace {

class WorkerThreadTest : public ::testing::Test {
  protected:
    Director director_;
    kit::MonotonicClock clock_;
    WorkerThread thread_{director_.worker, clock_};
};

TEST_F(WorkerThreadTest, calls_run_on_its_thread_and_return_their_value) {
    ASSERT_TRUE(thread_.start());
    const std::thread::id worker = thread_.call([] { return std::this_thread::get_id(); });
    EXPECT_NE(worker, std::this_thread::get_id());
    const Status status = thread_.call(
        [this] { return director_.engine.add_service(Director::service(), {.scheduler = "rr"}); });
    EXPECT_TRUE(status);
    EXPECT_EQ(thread_.call([this] { return director_.engine.services().size(); }), 1U);
}

TEST_F(WorkerThreadTest, before_and_after_its_life_calls_run_where_they_are_made) {
    const auto here = [this] {
        return thread_.call([] { return std::this_thread::get_id(); }) ==
               std::this_thread::get_id();
    };
    EXPECT_TRUE(here());
    ASSERT_TRUE(thread_.start());
    EXPECT_FALSE(here());
    thread_.stop();
    EXPECT_TRUE(here());
    thread_.stop();
}

TEST_F(WorkerThreadTest, a_call_within_a_call_does_not_wait_for_itself) {
    ASSERT_TRUE(thread_.start());
    EXPECT_EQ(thread_.call([this] { return thread_.call([] { return 7; }); }), 7);
}

TEST_F(WorkerThreadTest, many_callers_at_once_are_all_answered) {
    constexpr int kCallers = 8;
    constexpr int kCalls = 500;
    ASSERT_TRUE(thread_.start());
    int total = 0;  // Touched by the worker's thread only.
    std::vector<std::thread> callers;
    for (int caller = 0; caller < kCallers; ++caller) {
        callers.emplace_back([this, &total] {
            for (int i = 0; i < kCalls; ++i) {
                if (i % 2 == 0) {
                    thread_.call([&total] { ++total; });
                } else {
                    thread_.post([&total] { ++total; });
                }
            }
        });
    }
    for (std::thread& caller : callers) {
        caller.join();
    }
    EXPECT_EQ(thread_.call([&total] { return total; }), kCallers * kCalls);
}

TEST_F(WorkerThreadTest, what_was_posted_before_the_end_is_done) {
    ASSERT_TRUE(thread_.start());
    int done = 0;
    for (int i = 0; i < 50; ++i) {
        thread_.post([&done] { ++done; });
    }
    thread_.stop();
    EXPECT_EQ(done, 50);
}

}  // namespace
}  // namespace fpvs::slowpath
