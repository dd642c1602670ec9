// SPDX-License-Identifier: Apache-2.0
// A director that is starved of CPU, whose control plane hangs and whose log nobody reads keeps its
// mastership: adverts go on from a real-time thread.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <optional>
#include <thread>
#include <vector>

#include "drivers/kernel/netns_scope.hpp"
#include "host/daemon/vrrp_thread.hpp"
#include "host/provider/steady_clock.hpp"
#include "tests/kit/io_until.hpp"
#include "tests/kit/test_namespace.hpp"
#include "tests/system/vrrp/observer.hpp"
#include "tests/unit/vrrp/lab_instance.hpp"

namespace fpvs::vrrp {
namespace {

using namespace std::chrono_literals;

constexpr auto kInterval = 100ms;
constexpr auto kStarved = 3s;

// Many more threads than processors that never rest.
class Hogs {
  public:
    Hogs() {
        const unsigned count = 4 * std::max(1u, std::thread::hardware_concurrency());
        for (unsigned i = 0; i < count; ++i) {
            threads_.emplace_back([this] {
                while (!done_) {
                }
            });
        }
    }
    ~Hogs() {
        done_ = true;
        for (std::thread& thread : threads_) {
            thread.join();
        }
    }

  private:
    std::atomic<bool> done_ = false;
    std::vector<std::thread> threads_;
};

class StarvedDirector : public ::testing::Test {
  protected:
    void SetUp() override {
        FPVS_NEEDS_ROOT();
        ours_.emplace("s");
        theirs_.emplace("t");
        ours_->ip("link add eth0 type veth peer name eth0 netns " + theirs_->name());
        ours_->ip("link set eth0 up");
        ours_->ip("addr add 192.168.113.149/24 dev eth0");
        theirs_->ip("link set eth0 up");
        {
            const auto visit = kernel::NetnsScope::enter(theirs_->name()).value();
            observer_.emplace("eth0");
        }
        const auto visit = kernel::NetnsScope::enter(ours_->name()).value();
        director_ = daemon::VrrpThread::start(io_, clock_).value();
    }

    static model::VrrpInstance instance() {
        auto instance = lab_instance();
        instance.version = 3;
        instance.advert_interval_cs = 10;
        instance.authentication = model::VrrpAuthentication::none;
        return instance;
    }

    std::optional<kit::TestNamespace> ours_;
    std::optional<kit::TestNamespace> theirs_;
    std::optional<Observer> observer_;
    boost::asio::io_context io_;
    provider::SteadyClock clock_;
    std::unique_ptr<daemon::VrrpThread> director_;
};

TEST_F(StarvedDirector, advertises_in_time) {
    if (!director_->real_time()) {
        GTEST_SKIP() << "this machine grants no real-time priority";
    }
    ASSERT_TRUE(director_->apply({instance()}));
    ASSERT_TRUE(kit::run_until(io_, [&] { return director_->view().front().state == "MASTER"; }));
    const auto begin = Observer::now();
    {
        const Hogs hogs;
        std::this_thread::sleep_for(kStarved);  // The control plane hangs.
    }
    std::vector<std::chrono::nanoseconds> times;
    for (const SeenFrame& frame : observer_->frames()) {
        if (frame.advert() && frame.time >= begin && frame.time < begin + kStarved) {
            times.push_back(frame.time);
        }
    }
    ASSERT_GE(times.size(), 2u);
    std::chrono::nanoseconds longest{};
    for (std::size_t i = 1; i < times.size(); ++i) {
        longest = std::max(longest, times[i] - times[i - 1]);
    }
    std::printf("%zu adverts, the longest pause %.1f ms\n",
                times.size(),
                std::chrono::duration<double, std::milli>(longest).count());
    EXPECT_LT(longest, 3 * kInterval) << "a backup would have taken over";
    EXPECT_GE(times.size() + 2, static_cast<std::size_t>(kStarved / kInterval));
}

TEST_F(StarvedDirector, reports_states_on_the_control_planes_thread_and_resigns_at_its_end) {
    std::vector<State> states;
    int reports = 0;
    director_->on_state([&](const auto&, State) { ++reports; });
    const auto here = std::this_thread::get_id();
    director_->on_state([&](const auto&, State state) {
        EXPECT_EQ(std::this_thread::get_id(), here);
        states.push_back(state);
    });
    ASSERT_TRUE(director_->apply({instance()}));
    ASSERT_TRUE(kit::run_until(io_, [&] { return states.size() == 2; }));
    EXPECT_THAT(states, ::testing::ElementsAre(State::backup, State::master));
    EXPECT_EQ(reports, 2) << "each of several handlers hears of it";
    director_.reset();
    EXPECT_EQ(observer_->last_advert(kLvs01)->advert()->advert.priority, kPriorityResign);
}

}  // namespace
}  // namespace fpvs::vrrp
