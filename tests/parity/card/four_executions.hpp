// SPDX-License-Identifier: Apache-2.0
// One sequence of frames through the reference, the slow path and a card: what the card forwards
// must be what the others send, and what it hands over unchanged gets the slow path's answer.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>

#include "hw/abi/reasons.hpp"
#include "tests/kit/card_dataplane.hpp"
#include "tests/parity/packets/packets_pair.hpp"

namespace fpvs::parity {

struct CardTally {
    std::uint64_t forwarded = 0;          // By the card, of
    std::uint64_t forwarded_by_both = 0;  // those that the reference forwards.
    std::map<abi::Reason, std::uint64_t> punted;
};

// Plays until something differs.
[[nodiscard]] std::optional<PacketFailure> play_with_card(
    const World& world,
    std::span<const FrameOperation> operations,
    kit::CardDataplane& dataplane,
    CardTally& tally);

}  // namespace fpvs::parity
