// SPDX-License-Identifier: Apache-2.0
// Times are those that stock keepalived shows: 3.61 s for priority 100, 0.61 s after a resignation.
#include "host/vrrp/election.hpp"

#include <gtest/gtest.h>

#include <chrono>

#include "tests/unit/vrrp/lab_instance.hpp"

namespace fpvs::vrrp {
namespace {

using namespace std::chrono_literals;

constexpr Nanoseconds kSecond = 1s;
constexpr Nanoseconds kSkew100 = kSecond * 156 / 256;
constexpr Nanoseconds kDown100 = 3 * kSecond + kSkew100;
const Actions kMasterActions = {
    Action::send_advert, Action::add_addresses, Action::announce_addresses};
const Actions kAnswerToLower = {Action::send_advert, Action::add_addresses, Action::answer_lower};

Claim claim(int priority, model::Ipv4 source = kLvs02) {
    return {.source = source, .priority = static_cast<std::uint8_t>(priority), .interval_cs = 100};
}

class ElectionTest : public ::testing::Test {
  protected:
    static Election make(const model::VrrpInstance& instance) {
        Election election(instance);
        election.set_own_address(kLvs01);
        return election;
    }
    Election started(const model::VrrpInstance& instance = lab_instance()) {
        Election election = make(instance);
        (void)election.start(now_, true);
        return election;
    }
    Election master(const model::VrrpInstance& instance = lab_instance()) {
        Election election = started(instance);
        now_ = *election.deadline();
        (void)election.on_time(now_);
        EXPECT_EQ(election.state(), State::master);
        return election;
    }

    Nanoseconds now_ = 1000s;
};

TEST_F(ElectionTest, begins_as_backup_and_clears_leftovers_even_with_state_master) {
    auto instance = lab_instance();
    instance.initial_master = true;
    Election election = make(instance);
    EXPECT_EQ(election.start(now_, true), Actions{Action::remove_addresses});
    EXPECT_EQ(election.state(), State::backup);
    EXPECT_EQ(election.deadline(), now_ + kDown100);
}

TEST_F(ElectionTest, owner_of_the_addresses_is_master_at_once) {
    auto instance = lab_instance();
    instance.priority = 255;
    EXPECT_EQ(started(instance).state(), State::master);
}

TEST_F(ElectionTest, silence_makes_a_master_at_the_deadline_and_not_before) {
    Election election = started();
    EXPECT_TRUE(election.on_time(now_ + kDown100 - 1ns).empty());
    EXPECT_EQ(election.state(), State::backup);
    EXPECT_EQ(election.on_time(now_ + kDown100), kMasterActions);
    EXPECT_EQ(election.state(), State::master);
    EXPECT_EQ(election.master_transitions(), 1u);
}

TEST_F(ElectionTest, master_advertises_every_interval_and_announces_again_after_five_seconds) {
    Election election = master();
    const Nanoseconds begin = now_;
    int adverts = 0;
    std::vector<Nanoseconds> announcements;
    while (now_ < begin + 12s) {
        now_ = *election.deadline();
        for (const Action action : election.on_time(now_)) {
            adverts += action == Action::send_advert;
            if (action == Action::announce_addresses) {
                announcements.push_back(now_ - begin);
            }
        }
    }
    EXPECT_EQ(adverts, 12);
    EXPECT_EQ(announcements, std::vector<Nanoseconds>{5s});
}

TEST_F(ElectionTest, late_master_sends_one_advert_not_the_missed_ones) {
    Election election = master();
    now_ += 60s;
    const auto actions = election.on_time(now_);
    EXPECT_EQ(std::count(actions.begin(), actions.end(), Action::send_advert), 1);
    EXPECT_EQ(election.deadline(), now_ + 1s);
}

TEST_F(ElectionTest, higher_or_equal_priority_restarts_the_wait) {
    for (const int priority : {100, 101, 255}) {
        Election election = started();
        now_ += 3s;
        EXPECT_TRUE(election.on_claim(now_, claim(priority)).empty());
        EXPECT_EQ(election.deadline(), now_ + kDown100);
    }
}

TEST_F(ElectionTest, lower_master_is_let_starve_when_preempting) {
    Election election = started();
    const auto before = election.deadline();
    (void)election.on_claim(now_ + 3s, claim(99));
    EXPECT_EQ(election.deadline(), before);
}

TEST_F(ElectionTest, lower_master_is_respected_for_the_preempt_delay) {
    auto instance = lab_instance();
    instance.preempt_delay_ms = 10'000;
    Election election = started(instance);
    const Nanoseconds begin = now_ + 1s;
    for (now_ = begin; now_ < begin + 10s; now_ += 1s) {
        EXPECT_TRUE(election.on_claim(now_, claim(99)).empty());
        EXPECT_EQ(election.deadline(), now_ + kDown100);
    }
    const auto last = election.deadline();
    (void)election.on_claim(now_, claim(99));
    EXPECT_EQ(election.deadline(), last) << "from now on it is let starve";
    // A better master in between: the delay begins anew.
    (void)election.on_claim(now_, claim(150));
    (void)election.on_claim(now_ + 1s, claim(99));
    EXPECT_EQ(election.deadline(), now_ + 1s + kDown100);
}

TEST_F(ElectionTest, announcements_keep_the_times_of_the_configuration) {
    auto instance = lab_instance();
    instance.announcements.delay_s = 0;
    instance.announcements.refresh_s = 3;
    Election election = master(instance);
    const Nanoseconds begin = now_;
    std::vector<Nanoseconds> refreshed;
    while (now_ < begin + 10s) {
        now_ = *election.deadline();
        for (const Action action : election.on_time(now_)) {
            EXPECT_NE(action, Action::announce_addresses);
            if (action == Action::refresh_addresses) {
                refreshed.push_back(now_ - begin);
            }
        }
    }
    EXPECT_EQ(refreshed, (std::vector<Nanoseconds>{3s, 6s, 9s}));
}

TEST_F(ElectionTest, lower_master_is_respected_with_nopreempt) {
    auto instance = lab_instance();
    instance.preempt = false;
    Election election = started(instance);
    now_ += 3s;
    (void)election.on_claim(now_, claim(99));
    EXPECT_EQ(election.deadline(), now_ + kDown100);
}

TEST_F(ElectionTest, resignation_leaves_only_the_skew_to_wait) {
    Election election = started();
    (void)election.on_claim(now_, claim(0));
    EXPECT_EQ(election.deadline(), now_ + kSkew100);
}

TEST_F(ElectionTest, master_yields_to_a_higher_priority) {
    Election election = master();
    EXPECT_EQ(election.on_claim(now_, claim(150)), Actions{Action::remove_addresses});
    EXPECT_EQ(election.state(), State::backup);
    EXPECT_EQ(election.deadline(), now_ + kDown100);
}

TEST_F(ElectionTest, higher_address_decides_between_equal_priorities) {
    Election election = master();
    (void)election.on_claim(now_ + 1s, claim(100, model::Ipv4{kLvs01.value - 1}));
    EXPECT_EQ(election.state(), State::master);
    (void)election.on_claim(now_ + 1s, claim(100, model::Ipv4{kLvs01.value + 1}));
    EXPECT_EQ(election.state(), State::backup);
}

TEST_F(ElectionTest, false_master_is_answered_at_once_but_not_without_bound) {
    Election election = master();
    now_ += 500ms;
    EXPECT_EQ(election.on_claim(now_, claim(50)), kAnswerToLower);
    EXPECT_TRUE(election.on_claim(now_ + 99ms, claim(50)).empty());
    EXPECT_EQ(election.on_claim(now_ + 100ms, claim(50)), kAnswerToLower);
    EXPECT_EQ(election.deadline(), now_ + 100ms + 1s);
}

TEST_F(ElectionTest, master_hearing_a_resignation_advertises_at_once) {
    Election election = master();
    EXPECT_EQ(election.on_claim(now_ + 500ms, claim(0)), Actions{Action::send_advert});
    EXPECT_EQ(election.state(), State::master);
}

TEST_F(ElectionTest, stopping_master_resigns_and_a_backup_is_silent) {
    Election leaving = master();
    EXPECT_EQ(leaving.stop(), (Actions{Action::send_resignation, Action::remove_addresses}));
    EXPECT_EQ(leaving.state(), State::initialize);
    EXPECT_EQ(leaving.deadline(), std::nullopt);
    EXPECT_TRUE(started().stop().empty());
}

TEST_F(ElectionTest, master_that_is_not_able_resigns_and_begins_again_when_it_is) {
    Election election = master();
    EXPECT_EQ(election.set_able(now_, false),
              (Actions{Action::send_resignation, Action::remove_addresses}));
    EXPECT_EQ(election.state(), State::fault);
    EXPECT_EQ(election.deadline(), std::nullopt);
    EXPECT_TRUE(election.on_claim(now_, claim(1)).empty());
    EXPECT_TRUE(election.set_able(now_, false).empty());
    (void)election.set_able(now_, true);
    EXPECT_EQ(election.state(), State::backup);
    EXPECT_EQ(election.deadline(), now_ + kDown100);
    EXPECT_EQ(election.set_able(now_, false), Actions{Action::remove_addresses});
}

TEST_F(ElectionTest, other_priority_moves_a_backups_wait_by_its_skew_only) {
    Election election = started();
    election.set_priority(156);
    EXPECT_EQ(election.deadline(), now_ + 3s + kSecond * 100 / 256);
    (void)election.on_claim(now_ + 1s, claim(120));
    EXPECT_EQ(election.deadline(), now_ + 3s + kSecond * 100 / 256) << "it preempts now";
    election.set_priority(100);
    EXPECT_EQ(election.deadline(), now_ + kDown100);
}

TEST_F(ElectionTest, member_of_a_group_is_ready_and_waits_to_be_told) {
    Election election(lab_instance(), Election::Membership::in_group);
    (void)election.start(now_, true);
    now_ = *election.deadline();
    EXPECT_TRUE(election.on_time(now_).empty());
    EXPECT_TRUE(election.ready());
    EXPECT_EQ(election.state(), State::backup);
    EXPECT_EQ(election.deadline(), std::nullopt);
    (void)election.on_claim(now_, claim(50));
    EXPECT_TRUE(election.ready()) << "a lower one is no reason to wait longer";
    (void)election.on_claim(now_, claim(150));
    EXPECT_FALSE(election.ready());
    now_ = *election.deadline();
    (void)election.on_time(now_);
    EXPECT_EQ(election.take_over(now_), kMasterActions);
    EXPECT_EQ(election.stand_down(now_),
              (Actions{Action::send_resignation, Action::remove_addresses}));
    EXPECT_FALSE(election.ready());
    EXPECT_TRUE(election.stand_down(now_).empty());
}

TEST_F(ElectionTest, starting_without_link_waits_for_it) {
    Election election = make(lab_instance());
    EXPECT_EQ(election.start(now_, false), Actions{Action::remove_addresses});
    EXPECT_EQ(election.state(), State::fault);
}

TEST_F(ElectionTest, version_3_waits_by_the_masters_interval) {
    auto instance = lab_instance();
    instance.version = 3;
    Election election = started(instance);
    (void)election.on_claim(now_, {.source = kLvs02, .priority = 150, .interval_cs = 10});
    EXPECT_EQ(election.deadline(), now_ + 300ms + Nanoseconds(100ms) * 156 / 256);
}

TEST_F(ElectionTest, input_before_the_start_or_after_the_stop_changes_nothing) {
    Election election = make(lab_instance());
    EXPECT_TRUE(election.on_claim(now_, claim(0)).empty());
    EXPECT_TRUE(election.set_able(now_, true).empty());
    EXPECT_TRUE(election.on_time(now_ + 100s).empty());
    EXPECT_EQ(election.state(), State::initialize);
}

}  // namespace
}  // namespace fpvs::vrrp
