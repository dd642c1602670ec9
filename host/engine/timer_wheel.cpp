// SPDX-License-Identifier: Apache-2.0
#include "host/engine/timer_wheel.hpp"

#include <algorithm>

namespace fpvs::engine {

TimerWheel::TimerWheel(ConnectionTable& connections)
    : connections_(connections), heads_(kSlots, kNoIndex) {}

void TimerWheel::arm(Connection& record) {
    // A list must not come up before the deadline, so the tick after it; and not in the list that
    // may be coming up right now.
    const std::uint64_t wanted = record.deadline_ms / kTickMs + 1;
    const std::uint64_t tick = std::clamp(wanted, tick_ + 2, tick_ + kSlots - 1);
    if (record.timer_armed) {
        const std::uint64_t turns_in = (record.timer_slot + kSlots - tick_ % kSlots) % kSlots;
        if (turns_in <= tick - tick_) {
            return;
        }
        disarm(record);
    }
    record.timer_slot = static_cast<std::uint16_t>(tick % kSlots);
    record.timer_previous = kNoIndex;
    record.timer_next = heads_[record.timer_slot];
    record.timer_armed = true;
    const std::uint32_t index = connections_.index_of(record);
    if (record.timer_next != kNoIndex) {
        connections_.at(record.timer_next).timer_previous = index;
    }
    heads_[record.timer_slot] = index;
}

void TimerWheel::disarm(Connection& record) {
    if (!record.timer_armed) {
        return;
    }
    if (record.timer_previous != kNoIndex) {
        connections_.at(record.timer_previous).timer_next = record.timer_next;
    } else {
        heads_[record.timer_slot] = record.timer_next;
    }
    if (record.timer_next != kNoIndex) {
        connections_.at(record.timer_next).timer_previous = record.timer_previous;
    }
    record.timer_armed = false;
}

}  // namespace fpvs::engine
