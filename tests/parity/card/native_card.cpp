// SPDX-License-Identifier: Apache-2.0
#include "tests/kit/native_dataplane.hpp"
#include "tests/parity/card/card_under_test.hpp"

namespace fpvs::parity {

const std::uint64_t kCardFrames = 6000;

kit::CardDataplane& card_under_test() {
    return kit::native_dataplane();
}

std::uint64_t card_differences() {
    return 0;
}

}  // namespace fpvs::parity
