// SPDX-License-Identifier: Apache-2.0
// Writes the xclbin of a simulated card: one user-managed kernel, the host's memory, and the
// simulator's executable as the bitstream.  Equal input gives an equal file.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "host/util/result.hpp"

namespace fpvs::xrt_card {

struct PackInput {
    std::string platform = {};
    std::uint64_t abi_hash = 0;
    std::span<const char> bitstream = {};
    // The names of the kernel and its instance; other ones make files that open_card refuses.
    std::string kernel = "fpvs_card";
    std::string instance = "fpvs_card_1";
};

[[nodiscard]] Result<std::vector<char>> pack(const PackInput& input);

}  // namespace fpvs::xrt_card
