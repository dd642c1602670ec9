// SPDX-License-Identifier: Apache-2.0
// What a bitstream has room for and can do, as its registers tell.
#pragma once

#include <cstdint>

#include "host/offload/card_tables.hpp"
#include "host/provider/card.hpp"
#include "host/util/result.hpp"
#include "hw/abi/registers.hpp"

namespace fpvs::offload {

struct CardLimits {
    TableSizes sizes = {};
    std::uint32_t capabilities = abi::kCapabilities;

    [[nodiscard]] bool can(abi::Capability capability) const {
        return (capabilities & abi::capability_bit(capability)) != 0;
    }
};

// Refuses sizes that the contract does not allow.
[[nodiscard]] Result<CardLimits> read_limits(provider::Card& card);

}  // namespace fpvs::offload
