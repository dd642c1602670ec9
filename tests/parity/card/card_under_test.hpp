// SPDX-License-Identifier: Apache-2.0
// The card of a test program: native_card.cpp or rtl_card.cpp.
#pragma once

#include <cstdint>

#include "tests/kit/card_dataplane.hpp"

namespace fpvs::parity {

// Where nobody asks for more.
extern const std::uint64_t kCardFrames;

[[nodiscard]] kit::CardDataplane& card_under_test();
// Words in which the RTL differed from the native kernels so far.
[[nodiscard]] std::uint64_t card_differences();

}  // namespace fpvs::parity
