// SPDX-License-Identifier: Apache-2.0
// Frames through the reference, the slow path and a card, side by side: what the card forwards must
// be what the others send, and what it hands over unchanged gets the slow path's answer.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "hw/abi/reasons.hpp"
#include "tests/kit/card_dataplane.hpp"
#include "tests/parity/card/card_twin.hpp"
#include "tests/parity/packets/packets_pair.hpp"

namespace fpvs::parity {

class FourExecutions {
  public:
    // The dataplane outlives this, and so does the world.
    FourExecutions(const World& world, kit::CardDataplane& dataplane);

    struct Step {
        reference::Outcome outcome;
        CardTwin::Answer card;
        // Of the reference, before and after.
        std::vector<reference::ServiceView> before;
        std::vector<reference::ServiceView> after;
        std::string difference;  // Empty if all executions agree.
    };
    [[nodiscard]] Step receive(const FrameOperation& operation);
    // What the card's counters say in the end; empty if they are right.
    [[nodiscard]] std::string finish() { return card_.check_counters(); }

  private:
    PacketPair pair_;
    CardTwin card_;
    std::uint64_t now_ms_ = 1'000'000;
};

struct CardTally {
    std::uint64_t forwarded = 0;          // By the card, of
    std::uint64_t forwarded_by_both = 0;  // those that the reference forwards.
    std::map<abi::Reason, std::uint64_t> punted;

    void add(const FourExecutions::Step& step);
};

// Plays until something differs.
[[nodiscard]] std::optional<PacketFailure> play_with_card(
    const World& world,
    std::span<const FrameOperation> operations,
    kit::CardDataplane& dataplane,
    CardTally& tally);

}  // namespace fpvs::parity
