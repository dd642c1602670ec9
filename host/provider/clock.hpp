// SPDX-License-Identifier: Apache-2.0
// The only source of time.  Tests hand in a clock they move by hand.
#pragma once

#include <chrono>

namespace fpvs::provider {

using Nanoseconds = std::chrono::nanoseconds;

class Clock {
  public:
    virtual ~Clock() = default;
    // Monotonic time since an arbitrary start; never goes back.
    [[nodiscard]] virtual Nanoseconds now() const = 0;
};

}  // namespace fpvs::provider
