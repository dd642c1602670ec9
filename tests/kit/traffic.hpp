// SPDX-License-Identifier: Apache-2.0
// Random traffic for a director that knows some flows: every kind of frame a wire can bring, from a
// seed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>

#include "tests/kit/dataplane.hpp"

namespace fpvs::kit {

// The seed of FPVS_SEED, or `otherwise`; says on stdout how to replay.
std::uint64_t seed_from_environment(std::uint64_t otherwise);

struct TrafficMix {
    int known_percent = 60;  // Packets of known flows.
    int odd_percent = 25;    // Packets with one thing changed: misses, fragments, bad fields.
    int cut_percent = 10;    // Cut short somewhere.
    std::size_t payload_bytes_max = 200;
    int jumbo_percent = 0;  // Of known ones: up to 9000 bytes.
    // The rest is noise: random bytes of random length.
};

class Traffic {
  public:
    Traffic(std::uint64_t seed, TrafficMix mix);

    // Services, next hops and flows that the traffic knows.
    const Setup& setup() const { return setup_; }
    Received next();

  private:
    std::uint32_t random(std::uint32_t below);
    bool percent(int chance) { return static_cast<int>(random(100)) < chance; }
    FrameSpec known();
    void make_odd(FrameSpec& spec);
    FrameBytes noise();

    std::mt19937_64 engine_;
    TrafficMix mix_;
    Setup setup_;
};

}  // namespace fpvs::kit
