// SPDX-License-Identifier: Apache-2.0
// Two frames that should be equal, and how they are not.
#pragma once

#include <string>

#include "tests/kit/frame_builder.hpp"

namespace fpvs::kit {

// Empty if equal.  Else the header fields and byte ranges that differ, and a line that shows either
// frame in scapy.
std::string frame_diff(const FrameBytes& expected, const FrameBytes& actual);

// The same without the lines for scapy.
std::string field_diff(const FrameBytes& expected, const FrameBytes& actual);

// "Ether(bytes.fromhex('...')).show()".
std::string scapy_line(const FrameBytes& frame);

}  // namespace fpvs::kit
