// SPDX-License-Identifier: Apache-2.0
#include "host/vrrp/election.hpp"

#include <algorithm>
#include <chrono>

#include "host/vrrp/packet.hpp"

namespace fpvs::vrrp {
namespace {

using namespace std::chrono_literals;

constexpr Nanoseconds kCentisecond = 10ms;
constexpr int kAdvertsMissed = 3;
// A false master is answered at once, but no more often than this part of an interval: answers
// must not let anyone make us flood the network.
constexpr int kAnswersPerInterval = 10;

}  // namespace

std::string_view name(State state) {
    switch (state) {
        case State::initialize:
            return "INIT";
        case State::fault:
            return "FAULT";
        case State::backup:
            return "BACKUP";
        case State::master:
            return "MASTER";
    }
    return "";
}

Election::Election(const model::VrrpInstance& instance, Membership membership)
    : version_(instance.version),
      membership_(membership),
      priority_(instance.priority),
      preempt_(instance.preempt),
      preempt_delay_(std::chrono::milliseconds(instance.preempt_delay_ms)),
      announcements_(instance.announcements),
      interval_(instance.advert_interval_cs * kCentisecond),
      master_interval_(interval_) {}

std::optional<Nanoseconds> Election::deadline() const {
    if (state_ == State::backup) {
        return ready_ ? std::nullopt : std::optional(master_down_at_);
    }
    if (state_ != State::master) {
        return std::nullopt;
    }
    return std::min(
        {advert_at_, announce_at_.value_or(advert_at_), refresh_at_.value_or(advert_at_)});
}

// Addresses that an earlier run left behind must go first: the peer may own them.
Actions Election::start(Nanoseconds now, bool able) {
    if (!able) {
        state_ = State::fault;
        return {Action::remove_addresses};
    }
    Actions actions = become_backup(now);
    if (priority_ == kPriorityOwner) {
        const Actions more = on_silence(now);
        actions.insert(actions.end(), more.begin(), more.end());
    }
    return actions;
}

Actions Election::stop() {
    const bool was_master = state_ == State::master;
    state_ = State::initialize;
    if (was_master) {
        return {Action::send_resignation, Action::remove_addresses};
    }
    return {};
}

// A master that can no longer be one says so if it still can.
Actions Election::set_able(Nanoseconds now, bool able) {
    if (state_ == State::initialize || able == (state_ != State::fault)) {
        return {};
    }
    if (able) {
        return start(now, true);
    }
    const bool was_master = state_ == State::master;
    state_ = State::fault;
    if (was_master) {
        return {Action::send_resignation, Action::remove_addresses};
    }
    return {Action::remove_addresses};
}

Actions Election::take_over(Nanoseconds now) {
    return state_ == State::backup ? become_master(now) : Actions{};
}

Actions Election::stand_down(Nanoseconds now) {
    if (state_ != State::master) {
        return {};
    }
    Actions actions = {Action::send_resignation};
    const Actions more = become_backup(now);
    actions.insert(actions.end(), more.begin(), more.end());
    return actions;
}

// A backup's wait began when it last heard the master; only the skew in it changes.
void Election::set_priority(std::uint8_t priority) {
    const Nanoseconds before = skew();
    priority_ = priority;
    master_down_at_ += skew() - before;
}

Actions Election::on_claim(Nanoseconds now, const Claim& claim) {
    if (state_ != State::backup && state_ != State::master) {
        return {};
    }
    last_claim_ = claim;
    return state_ == State::backup ? claim_as_backup(now, claim) : claim_as_master(now, claim);
}

Actions Election::on_time(Nanoseconds now) {
    if (const auto due = deadline(); !due || now < *due) {
        return {};
    }
    if (state_ == State::backup) {
        return on_silence(now);
    }
    Actions actions;
    if (announce_at_ && now >= *announce_at_) {
        announce_at_.reset();
        actions.push_back(announce_again_);
    }
    if (refresh_at_ && now >= *refresh_at_) {
        refresh_at_ = now + std::chrono::seconds(announcements_.refresh_s);
        actions.push_back(Action::refresh_addresses);
    }
    if (now >= advert_at_) {
        // From now on, not from the deadline: a late process must not send a burst.
        advert_at_ = now + interval_;
        last_advert_ = now;
        actions.push_back(Action::send_advert);
    }
    return actions;
}

// Nobody is heard who should be master rather than we.
Actions Election::on_silence(Nanoseconds now) {
    if (membership_ == Membership::alone) {
        return become_master(now);
    }
    ready_ = true;
    return {};
}

Actions Election::become_master(Nanoseconds now) {
    state_ = State::master;
    ++master_transitions_;
    master_interval_ = interval_;
    refresh_at_.reset();
    if (announcements_.refresh_s != 0) {
        refresh_at_ = now + std::chrono::seconds(announcements_.refresh_s);
    }
    return assert_mastership(now, Action::announce_addresses);
}

// Caches that missed the first burst get another one.
Actions Election::assert_mastership(Nanoseconds now, Action burst) {
    const std::uint32_t delay_s = burst == Action::answer_lower
                                      ? announcements_.lower_priority_delay_s
                                      : announcements_.delay_s;
    advert_at_ = now + interval_;
    announce_at_.reset();
    if (delay_s != 0) {
        announce_at_ = now + std::chrono::seconds(delay_s);
        announce_again_ = burst;
    }
    last_advert_ = now;
    return {Action::send_advert, Action::add_addresses, burst};
}

Actions Election::become_backup(Nanoseconds now) {
    state_ = State::backup;
    preempt_at_.reset();
    expect_master(now);
    return {Action::remove_addresses};
}

Actions Election::claim_as_backup(Nanoseconds now, const Claim& claim) {
    if (claim.priority == kPriorityResign) {
        master_down_at_ = now + skew();
        return {};
    }
    // A master that we should take over from is let starve: its adverts do not restart the timer.
    if (!may_preempt(now, claim)) {
        if (version_ == 3) {
            master_interval_ = claim.interval_cs * kCentisecond;
        }
        expect_master(now);
    }
    return {};
}

Actions Election::claim_as_master(Nanoseconds now, const Claim& claim) {
    if (claim.priority != kPriorityResign && outranks_us(claim)) {
        if (version_ == 3) {
            master_interval_ = claim.interval_cs * kCentisecond;
        }
        return become_backup(now);
    }
    if (now - last_advert_ < interval_ / kAnswersPerInterval) {
        return {};
    }
    if (claim.priority == kPriorityResign) {
        // Somebody gave up a mastership that nobody should have had; the others shall not wait.
        advert_at_ = now + interval_;
        last_advert_ = now;
        return {Action::send_advert};
    }
    // Two masters: the lower one must hear of us, and the caches it misled must be mended.
    return assert_mastership(now, Action::answer_lower);
}

// The delay begins with the first advert of a lower master (keepalived's preempt_delay).
bool Election::may_preempt(Nanoseconds now, const Claim& claim) {
    if (!preempt_ || claim.priority >= priority_) {
        preempt_at_.reset();
        return false;
    }
    if (!preempt_at_) {
        preempt_at_ = now + preempt_delay_;
    }
    return now >= *preempt_at_;
}

void Election::expect_master(Nanoseconds now) {
    ready_ = false;
    master_down_at_ = now + kAdvertsMissed * master_interval_ + skew();
}

// The higher the priority, the sooner: RFC 3768 6.1 in seconds, RFC 9568 6.1 in master intervals.
Nanoseconds Election::skew() const {
    const Nanoseconds unit = version_ == 2 ? Nanoseconds(1s) : master_interval_;
    return unit * (256 - priority_) / 256;
}

bool Election::outranks_us(const Claim& claim) const {
    return claim.priority != priority_ ? claim.priority > priority_ : claim.source > own_address_;
}

}  // namespace fpvs::vrrp
