// SPDX-License-Identifier: Apache-2.0
// One health check's state: when to look again, and when a server counts as up or down.
//
//        success: again after delay_loop                    failure: again after delay_loop
//           +------+                                            +------+
//           |      v    failure, after `retries` more in a row  |      v
//           +----- up ----------------------------------------> down --+
//                  ^ |  (each retry after delay_before_retry)    |
//                  +-+-------------------------------------------+
//                              success
//
// A server begins up: it serves before its first check, as with keepalived.
#pragma once

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

    [[nodiscard]] Nanoseconds next_at() const { return next_at_; }
    [[nodiscard]] bool up() const { return up_; }
    [[nodiscard]] Nanoseconds since() const { return since_; }          // Of being up, or down.
    [[nodiscard]] std::uint32_t failures() const { return failures_; }  // In a row.
    [[nodiscard]] std::uint64_t checks_done() const { return checks_done_; }

  private:
    [[nodiscard]] Change turn(Nanoseconds now, bool up);

    const Nanoseconds delay_loop_;
    const Nanoseconds delay_before_retry_;
    const std::uint32_t retries_;
    bool up_;
    Nanoseconds since_;
    Nanoseconds next_at_;
    std::uint32_t failures_ = 0;
    std::uint64_t checks_done_ = 0;
};

}  // namespace fpvs::health
