// SPDX-License-Identifier: Apache-2.0
// A machine's own clock: it began elsewhere than the world's, and goes faster or slower.
#pragma once

#include <cstdint>

#include "sim/world/world.hpp"

namespace fpvs::world {

class SkewedClock final : public provider::Clock {
  public:
    // A million parts of fast_ppm: twice as fast as the world's.
    SkewedClock(const World& world, Nanoseconds offset, std::int64_t fast_ppm)
        : world_(world), offset_(offset), fast_ppm_(fast_ppm) {}

    [[nodiscard]] Nanoseconds now() const override {
        return offset_ + world_.now() * (kMillion + fast_ppm_) / kMillion;
    }
    // When the world comes to what this clock calls `moment`; never early.
    [[nodiscard]] Nanoseconds in_world(Nanoseconds moment) const {
        return (moment - offset_) * kMillion / (kMillion + fast_ppm_) + Nanoseconds(1);
    }

  private:
    static constexpr std::int64_t kMillion = 1'000'000;

    const World& world_;
    const Nanoseconds offset_;
    const std::int64_t fast_ppm_;
};

}  // namespace fpvs::world
