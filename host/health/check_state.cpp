// SPDX-License-Identifier: Apache-2.0
#include "host/health/check_state.hpp"

#include <algorithm>
#include <chrono>
#include <limits>

namespace fpvs::health {
namespace {

// A delay of 0 in a configuration must not make an endless loop of attempts.
constexpr Nanoseconds kDelayMin = std::chrono::milliseconds(1);

}  // namespace

CheckState::CheckState(const model::HealthCheck& check,
                       Nanoseconds delay_loop,
                       Nanoseconds now,
                       Nanoseconds first_delay,
                       bool up)
    : delay_loop_(std::max(delay_loop, kDelayMin)),
      delay_before_retry_(
          std::max<Nanoseconds>(std::chrono::milliseconds(check.delay_before_retry_ms), kDelayMin)),
      retries_(check.retries),
      up_(up),
      since_(now),
      next_at_(now + first_delay) {}

Change CheckState::on_result(Nanoseconds now, bool success) {
    ++checks_done_;
    if (success) {
        failures_ = 0;
        next_at_ = now + delay_loop_;
        return turn(now, true);
    }
    if (failures_ < std::numeric_limits<std::uint32_t>::max()) {
        ++failures_;
    }
    if (up_ && failures_ <= retries_) {
        next_at_ = now + delay_before_retry_;
        return Change::none;
    }
    next_at_ = now + delay_loop_;
    return turn(now, false);
}

Change CheckState::turn(Nanoseconds now, bool up) {
    if (up == up_) {
        return Change::none;
    }
    up_ = up;
    since_ = now;
    return up ? Change::came_up : Change::went_down;
}

}  // namespace fpvs::health
