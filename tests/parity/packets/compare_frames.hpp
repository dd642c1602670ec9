// SPDX-License-Identifier: Apache-2.0
// Frames that a director sent against those that it should have.
//
// Not compared: the identification of IPv4 headers and the flow label of IPv6 headers that the
// director makes, GUE's source port, padding, and how a packet is cut into fragments, as long as
// none is too long for its way.
#pragma once

#include <string>
#include <vector>

#include "sim/reference/director.hpp"

namespace fpvs::parity {

// Empty if they are equal; `who` sent ours.
[[nodiscard]] std::string compare_sent(const std::vector<reference::Frame>& theirs,
                                       const std::vector<reference::Frame>& ours,
                                       const char* who = "slow path");

// A line a frame.
[[nodiscard]] std::string list(const char* who, const std::vector<reference::Frame>& frames);

// Whether the host took that very frame, with or without what lies behind its IP packet.
[[nodiscard]] bool is_that(const reference::Bytes& taken, const reference::Bytes& frame);

}  // namespace fpvs::parity
