// SPDX-License-Identifier: Apache-2.0
// What a card's registers tell of the host that had it before: asked before its rings are set up
// anew, which wipes it out.
#pragma once

#include <cstdint>

#include "host/provider/card.hpp"
#include "host/util/result.hpp"

namespace fpvs::provider {

struct CardPast {
    bool used = false;     // Some host has set up rings since the card was loaded.
    bool running = false;  // And never stopped them.
    std::uint64_t cycles = 0;
    // The command ring: where it was, and what the card has taken of it, which is all that it was
    // told of.
    std::uint64_t command_base = 0;
    std::uint32_t commands_published = 0;
    std::uint32_t commands_taken = 0;
};

// Waits, for a short time, until a card that runs has taken the commands that it was told of.
[[nodiscard]] Result<CardPast> read_past(Card& card);

}  // namespace fpvs::provider
