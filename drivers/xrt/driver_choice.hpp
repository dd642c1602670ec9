// SPDX-License-Identifier: Apache-2.0
// Which driver XRT uses in this process: that of real cards, or the shim of the simulated one.
// XRT takes the first and keeps it, so this is decided once for the whole process.
#pragma once

#include <string>

#include "host/util/result.hpp"

namespace fpvs::xrt_card {

// Before the first xrt::device of a simulated card: loads the shim, unless that has been done.
// `path` as in OpenOptions::shim.
[[nodiscard]] Status choose_simulated(const std::string& path);

// Before the first xrt::device of a real card.
[[nodiscard]] Status choose_real();

}  // namespace fpvs::xrt_card
