// SPDX-License-Identifier: Apache-2.0
// Random traffic for a director with services of every method, family and protocol, that knows some
// flows and schedules for others: every kind of frame a wire can bring, from a seed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "tests/kit/dataplane.hpp"

namespace fpvs::kit {

// The seed of FPVS_SEED, or `otherwise`; says on stdout how to replay.
std::uint64_t seed_from_environment(std::uint64_t otherwise);

struct TrafficMix {
    int known_percent = 50;  // Packets of known flows, in either direction.
    int young_percent = 10;  // First and second packets of connections that the card schedules.
    int odd_percent = 25;    // Packets with one thing changed: misses, fragments, bad fields.
    int cut_percent = 10;    // Cut short somewhere.
    std::size_t payload_bytes_max = 200;
    int jumbo_percent = 0;  // Of known ones: up to 9000 bytes.
    // The rest is noise: random bytes of random length.
};

class Traffic {
  public:
    Traffic(std::uint64_t seed, TrafficMix mix);

    // Services, servers, next hops and flows that the traffic knows.
    const Setup& setup() const { return setup_; }
    Received next();

  private:
    // The frames of a known flow as they come in, and the ports they come by.
    struct Known {
        FrameSpec forward;
        std::optional<FrameSpec> reply;
    };

    std::uint32_t random(std::uint32_t below);
    bool percent(int chance) { return static_cast<int>(random(100)) < chance; }
    std::uint16_t any_hop();
    void add_hops();
    void add_service(int number);
    void add_servers(const ServiceSetup& service, abi::Method method);
    void add_flow(const ServiceSetup& service, abi::Method method);
    SteerSetup steer_of(int number, const std::vector<std::uint16_t>& servers);
    FrameSpec of_service(const ServiceSetup& service);
    void vary(FrameSpec& spec);
    FrameSpec known();
    FrameSpec young();
    void make_odd(FrameSpec& spec);
    FrameBytes noise();

    std::mt19937_64 engine_;
    TrafficMix mix_;
    Setup setup_;
    std::vector<Known> known_;
    std::vector<FrameSpec> first_packets_;  // Of services that the card schedules for.
    std::vector<FrameSpec> young_;          // The last few of those that were sent.
};

}  // namespace fpvs::kit
