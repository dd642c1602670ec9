// SPDX-License-Identifier: Apache-2.0
// A world in which time passes only when it is told to: a clock and what is due on it.
//
// Deterministic: what is due at the same moment happens in the order it was asked for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <utility>

#include "host/provider/clock.hpp"

namespace fpvs::world {

using provider::Nanoseconds;

class World final : public provider::Clock {
  public:
    [[nodiscard]] Nanoseconds now() const override { return now_; }

    // A moment that has passed means now.
    void at(Nanoseconds when, std::function<void()> what) {
        due_.emplace(std::pair(when < now_ ? now_ : when, ++asked_), std::move(what));
    }

    // Does everything that is due until `end`, which then is the present.
    void run_until(Nanoseconds end) {
        while (!due_.empty() && due_.begin()->first.first <= end) {
            auto next = due_.extract(due_.begin());
            now_ = next.key().first;
            next.mapped()();
        }
        now_ = end;
    }

  private:
    Nanoseconds now_{};
    std::uint64_t asked_ = 0;
    std::map<std::pair<Nanoseconds, std::uint64_t>, std::function<void()>> due_;
};

}  // namespace fpvs::world
