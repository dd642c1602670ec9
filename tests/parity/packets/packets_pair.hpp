// SPDX-License-Identifier: Apache-2.0
// The slow path and the reference side by side: each frame goes into both, and the frames that come
// out must be equal.
//
// Not compared: the identification of IPv4 headers and the flow label of IPv6 headers that the
// director makes, GUE's source port, and how a packet is cut into fragments, as long as none is too
// long for its way.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "tests/parity/packets/real_director.hpp"
#include "tests/parity/packets/traffic.hpp"
#include "tests/parity/packets/world.hpp"

namespace fpvs::parity {

struct PacketFailure {
    std::size_t operation = 0;
    std::string difference;
};

// What became of the frames, so that a test can see that they are worth something.
struct PacketTally {
    std::uint64_t forwarded = 0;
    std::uint64_t tunnelled = 0;  // Of them.
    std::uint64_t in_pieces = 0;  // "
    std::uint64_t to_host = 0;
    std::uint64_t dropped = 0;
    std::uint64_t told = 0;     // Of them: with an ICMP error to the sender.
    std::uint64_t waiting = 0;  // Fragments.
};

class PacketPair {
  public:
    explicit PacketPair(const World& world);
    [[nodiscard]] reference::Director& model() { return model_; }
    // What is different, or nothing; `outcome` is the reference's.
    [[nodiscard]] std::string receive(const FrameOperation& operation,
                                      std::uint64_t now_ms,
                                      reference::Outcome& outcome);

  private:
    RealDirector real_;
    reference::Director model_;
};

// Plays until something differs.
[[nodiscard]] std::optional<PacketFailure> play(const World& world,
                                                std::span<const FrameOperation> operations,
                                                PacketTally& tally);

}  // namespace fpvs::parity
