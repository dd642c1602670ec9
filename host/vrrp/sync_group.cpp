// SPDX-License-Identifier: Apache-2.0
#include "host/vrrp/sync_group.hpp"

#include <algorithm>

namespace fpvs::vrrp {

bool SyncGroup::note_able(std::size_t member, bool able) {
    able_[member] = able;
    return std::find(able_.begin(), able_.end(), false) == able_.end();
}

SyncGroup::Steps SyncGroup::set_able(Nanoseconds now, std::size_t member, bool able) {
    const bool all = note_able(member, able);
    Steps steps;
    // The one that changed goes first, as in keepalived's log.
    for (std::size_t i = 0; i < members_.size(); ++i) {
        const std::size_t next = (member + i) % members_.size();
        if (Actions actions = members_[next]->set_able(now, all); !actions.empty()) {
            steps.push_back({.member = next, .actions = std::move(actions)});
        }
    }
    return steps;
}

SyncGroup::Steps SyncGroup::settle(Nanoseconds now) {
    const auto is_master = [](const Election* one) { return one->state() == State::master; };
    const auto may_be = [&](const Election* one) { return is_master(one) || one->ready(); };
    const bool take_over = std::all_of(members_.begin(), members_.end(), may_be);
    Steps steps;
    for (std::size_t i = 0; i < members_.size(); ++i) {
        Election& member = *members_[i];
        Actions actions;
        if (take_over && !is_master(&member)) {
            actions = member.take_over(now);
        } else if (!take_over && is_master(&member)) {
            actions = member.stand_down(now);
        }
        if (!actions.empty()) {
            steps.push_back({.member = i, .actions = std::move(actions)});
        }
    }
    return steps;
}

State SyncGroup::state() const {
    // As the states are ordered, the least of them.
    State least = State::master;
    for (const Election* const member : members_) {
        least = std::min(least, member->state());
    }
    return least;
}

}  // namespace fpvs::vrrp
