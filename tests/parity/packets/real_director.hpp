// SPDX-License-Identifier: Apache-2.0
// A world's director, twice: the slow path with engine and ports in memory, and the reference.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "sim/reference/director.hpp"
#include "tests/parity/packets/world.hpp"

namespace fpvs::parity {

// What the slow path did with a frame.
struct Passed {
    std::vector<reference::Frame> sent;
    std::vector<reference::Bytes> to_host;
    std::uint64_t held_back = 0;  // ICMP errors not sent, to bound their rate.
};

class RealDirector {
  public:
    explicit RealDirector(const World& world);
    RealDirector(const RealDirector&) = delete;
    RealDirector& operator=(const RealDirector&) = delete;
    ~RealDirector();

    Passed receive(int port, const reference::Bytes& frame, std::uint64_t now_ms);

  private:
    class Parts;
    std::unique_ptr<Parts> parts_;
};

[[nodiscard]] reference::Director make_reference(const World& world);

}  // namespace fpvs::parity
