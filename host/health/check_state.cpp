// SPDX-License-Identifier: Apache-2.0
#include "host/health/check_state.hpp"

#include <algorithm>
#include <chrono>
#include <limits>
#include <variant>

namespace fpvs::health {
namespace {

// A delay of 0 in a configuration must not make an endless loop of attempts.
constexpr Nanoseconds kDelayMin = std::chrono::milliseconds(1);

const model::HttpCheck* http_of(const model::HealthCheck& check) {
    return std::get_if<model::HttpCheck>(&check.detail);
}

std::size_t count_steps(const model::HealthCheck& check) {
    const auto* const http = http_of(check);
    return http != nullptr ? http->urls.size() : 0;
}

Nanoseconds delay_between_steps(const model::HealthCheck& check, Nanoseconds delay_loop) {
    const auto* const http = http_of(check);
    return http != nullptr && http->fast_recovery ? kDelayMin : std::max(delay_loop, kDelayMin);
}

}  // namespace

CheckState::CheckState(const model::HealthCheck& check,
                       Nanoseconds delay_loop,
                       Nanoseconds now,
                       Nanoseconds first_delay,
                       bool up)
    : delay_loop_(std::max(delay_loop, kDelayMin)),
      delay_before_retry_(
          std::max<Nanoseconds>(std::chrono::milliseconds(check.delay_before_retry_ms), kDelayMin)),
      delay_between_steps_(delay_between_steps(check, delay_loop)),
      retries_(check.retries),
      steps_(count_steps(check)),
      up_(up),
      since_(now),
      next_at_(now + first_delay) {}

Change CheckState::on_result(Nanoseconds now, bool success) {
    ++checks_done_;
    return success ? succeed(now) : fail(now);
}

Change CheckState::succeed(Nanoseconds now) {
    failures_ = 0;
    next_at_ = now + delay_loop_;
    if (begins_anew_) {
        begins_anew_ = false;
        step_ = 0;
        next_at_ = now + delay_between_steps_;
        return Change::none;
    }
    if (step_ + 1 < steps_) {
        ++step_;
        if (!up_) {
            next_at_ = now + delay_between_steps_;
        }
        return Change::none;
    }
    step_ = 0;
    return turn(now, true);
}

Change CheckState::fail(Nanoseconds now) {
    const bool first = checks_done_ == 1;
    if (failures_ < std::numeric_limits<std::uint32_t>::max()) {
        ++failures_;
    }
    if (up_ && !first && failures_ <= retries_) {
        next_at_ = now + delay_before_retry_;
        return Change::none;
    }
    begins_anew_ = steps_ > 0;
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
