// SPDX-License-Identifier: Apache-2.0
// One health check's state: when to look again, and when a server counts as up or down.
//
//        success: again after delay_loop                    failure: again after delay_loop
//           +------+                                            +------+
//           |      v    failure, after `retries` more in a row  |      v
//           +----- up ----------------------------------------> down --+
//                  ^ |  (each retry after delay_before_retry)    |
//                  +-+-------------------------------------------+
//                         success, of every step
//
// A server begins up and serves before its first check, unless the check is of the alpha kind; a
// first check that fails takes it down at once.  All of this is keepalived's.
//
// A check with several steps (the URLs of HTTP_GET) takes one at a time.  While up, each is a check
// of its own, one a delay_loop.  While down, the one that failed must succeed and then all of them
// in their order.
#pragma once

#include <cstddef>
#include <cstdint>

#include "host/model/health_check.hpp"
#include "host/provider/clock.hpp"

namespace fpvs::health {

using provider::Nanoseconds;

enum class Change : std::uint8_t { none, came_up, went_down };

class CheckState {
  public:
    CheckState(const model::HealthCheck& check,
               Nanoseconds delay_loop,
               Nanoseconds now,
               Nanoseconds first_delay,
               bool up = true);

    // Delays count from the end of an attempt.
    [[nodiscard]] Change on_result(Nanoseconds now, bool success);
    // Not asked this time.
    void skip(Nanoseconds now) { next_at_ = now + delay_loop_; }

    [[nodiscard]] Nanoseconds next_at() const { return next_at_; }
    [[nodiscard]] std::size_t step() const { return step_; }  // Of the next attempt.
    [[nodiscard]] bool up() const { return up_; }
    [[nodiscard]] Nanoseconds since() const { return since_; }          // Of being up, or down.
    [[nodiscard]] std::uint32_t failures() const { return failures_; }  // In a row.
    [[nodiscard]] std::uint32_t retries() const { return retries_; }    // Allowed.
    [[nodiscard]] std::uint64_t checks_done() const { return checks_done_; }

  private:
    [[nodiscard]] Change succeed(Nanoseconds now);
    [[nodiscard]] Change fail(Nanoseconds now);
    [[nodiscard]] Change turn(Nanoseconds now, bool up);

    const Nanoseconds delay_loop_;
    const Nanoseconds delay_before_retry_;
    const Nanoseconds delay_between_steps_;  // While down.
    const std::uint32_t retries_;
    const std::size_t steps_;  // 0: the check has none.
    std::size_t step_ = 0;
    bool begins_anew_ = false;  // The next success is that of the step that failed.
    bool up_;
    Nanoseconds since_;
    Nanoseconds next_at_;
    std::uint32_t failures_ = 0;
    std::uint64_t checks_done_ = 0;
};

}  // namespace fpvs::health
