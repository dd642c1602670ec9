// SPDX-License-Identifier: Apache-2.0
// SipHash-c-d of any message (Aumasson and Bernstein 2012), written for reading.
#pragma once

#include <cstdint>
#include <span>

namespace fpvs::reference {

struct SipKey {
    std::uint64_t first = 0;
    std::uint64_t second = 0;
};

[[nodiscard]] std::uint64_t siphash(int rounds_per_block,
                                    int final_rounds,
                                    SipKey key,
                                    std::span<const std::uint8_t> message);

}  // namespace fpvs::reference
