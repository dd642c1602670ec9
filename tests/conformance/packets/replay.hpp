// SPDX-License-Identifier: Apache-2.0
// Plays a recording to a director and compares what leaves it with what left the recorded one.
//
// Order.  A capture of one side is in order; the times of the two sides' frames are only those at
// which they were read.  So a frame enters when every frame before it on its side, also those that
// left, is there; between the sides the earlier one goes first.
//
// What is compared.  Each side's frames that left, byte for byte and in order, but for
//  - "masked": fields that no two kernels fill in alike (masks.hpp);
//  - "by the kernel": answers of the host's own stack to frames that the director handed to it
//    (host_stack.hpp).
#pragma once

#include <array>
#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "tests/conformance/packets/director.hpp"
#include "tests/conformance/packets/recording.hpp"
#include "tests/conformance/packets/scenarios.hpp"

namespace fpvs::test {

struct Comparison {
    std::size_t frames_equal = 0;
    std::size_t frames_different = 0;
    std::size_t frames_by_kernel = 0;
    std::map<std::string, std::size_t> masked;  // By the mask's name.
    std::string differences;                    // Field by field.
    // What should have left and what did, by side.
    std::array<std::vector<Frame>, 2> recorded;
    std::array<std::vector<Frame>, 2> ours;
};

// The scenario is set up already.
[[nodiscard]] Comparison replay(const Recording& recording,
                                const Scenario& scenario,
                                provider::Nanoseconds start,
                                Director& director);

}  // namespace fpvs::test
