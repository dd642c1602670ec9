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
// Caches that missed the first burst get another one (keepalived's garp_master_delay).
constexpr Nanoseconds kAnnounceAgainAfter = 5s;
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

Election::Election(const model::VrrpInstance& instance)
    : version_(instance.version),
      priority_(instance.priority),
      preempt_(instance.preempt),
      interval_(instance.advert_interval_cs * kCentisecond),
      master_interval_(interval_) {}

std::optional<Nanoseconds> Election::deadline() const {
    if (state_ == State::backup) {
        return master_down_at_;
    }
    if (state_ != State::master) {
        return std::nullopt;
    }
    return announce_at_ ? std::min(advert_at_, *announce_at_) : advert_at_;
}

// Addresses that an earlier run left behind must go first: the peer may own them.
Actions Election::start(Nanoseconds now, bool link_up) {
    if (!link_up) {
        state_ = State::fault;
        return {Action::remove_addresses};
    }
    Actions actions = become_backup(now);
    if (priority_ == kPriorityOwner) {
        const Actions more = become_master(now);
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

Actions Election::on_link(Nanoseconds now, bool up) {
    if (state_ == State::initialize || up == (state_ != State::fault)) {
        return {};
    }
    if (up) {
        return start(now, true);
    }
    state_ = State::fault;
    return {Action::remove_addresses};
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
        return become_master(now);
    }
    Actions actions;
    if (announce_at_ && now >= *announce_at_) {
        announce_at_.reset();
        actions.push_back(Action::announce_addresses);
    }
    if (now >= advert_at_) {
        // From now on, not from the deadline: a late process must not send a burst.
        advert_at_ = now + interval_;
        last_advert_ = now;
        actions.push_back(Action::send_advert);
    }
    return actions;
}

Actions Election::become_master(Nanoseconds now) {
    state_ = State::master;
    ++master_transitions_;
    master_interval_ = interval_;
    return assert_mastership(now);
}

Actions Election::assert_mastership(Nanoseconds now) {
    advert_at_ = now + interval_;
    announce_at_ = now + kAnnounceAgainAfter;
    last_advert_ = now;
    return {Action::send_advert, Action::add_addresses, Action::announce_addresses};
}

Actions Election::become_backup(Nanoseconds now) {
    state_ = State::backup;
    expect_master(now);
    return {Action::remove_addresses};
}

Actions Election::claim_as_backup(Nanoseconds now, const Claim& claim) {
    if (claim.priority == kPriorityResign) {
        master_down_at_ = now + skew();
        return {};
    }
    // A master that we should take over from is let starve: its adverts do not restart the timer.
    if (!preempt_ || claim.priority >= priority_) {
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
    return assert_mastership(now);
}

void Election::expect_master(Nanoseconds now) {
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
