// SPDX-License-Identifier: Apache-2.0
// The uuid of a simulated card's xclbin is the name-based (SHA-1) uuid of all its other bytes.
// Equal content gives an equal file, and a file that a disk or a download has damaged is known
// before anything in it is run.  It does not protect from malice: whoever may load a bitstream may
// run code.
#pragma once

#include <array>
#include <span>

namespace fpvs::xrt_card {

using Uuid = std::array<unsigned char, 16>;

// `image` holds at least the xclbin header; its uuid field counts as zero.
[[nodiscard]] Uuid content_uuid(std::span<const char> image);

// Writes the uuid into the header.
void seal(std::span<char> image);

}  // namespace fpvs::xrt_card
