// SPDX-License-Identifier: Apache-2.0
// The sentence about a card that was built for another contract than this program.
#pragma once

#include <cstdint>

#include "host/util/result.hpp"
#include "hw/abi/abi_hash.hpp"

namespace fpvs::xrt_card {

[[nodiscard]] inline Status check_abi_hash(std::uint64_t card) {
    if (card != abi::kAbiHash) {
        return fail(Code::mismatch,
                    "the card's abi hash is {:#018x}, this program's is {:#018x}: bitstream and "
                    "program are of different versions",
                    card,
                    abi::kAbiHash);
    }
    return {};
}

}  // namespace fpvs::xrt_card
