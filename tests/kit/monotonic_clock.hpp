// SPDX-License-Identifier: Apache-2.0
// Real time, for tests that talk to a real kernel.
#pragma once

#include <chrono>

#include "host/provider/clock.hpp"

namespace fpvs::kit {

class MonotonicClock final : public provider::Clock {
  public:
    [[nodiscard]] provider::Nanoseconds now() const override {
        return std::chrono::steady_clock::now().time_since_epoch();
    }
};

}  // namespace fpvs::kit
