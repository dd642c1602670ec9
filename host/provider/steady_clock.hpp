// SPDX-License-Identifier: Apache-2.0
// The machine's monotonic clock.
#pragma once

#include "host/provider/clock.hpp"

namespace fpvs::provider {

class SteadyClock final : public Clock {
  public:
    [[nodiscard]] Nanoseconds now() const override {
        return std::chrono::steady_clock::now().time_since_epoch();
    }
};

}  // namespace fpvs::provider
