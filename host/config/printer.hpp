// SPDX-License-Identifier: Apache-2.0
// A configuration in keepalived's own syntax, every default spelled out.  What parse() accepted
// comes back equal: parse(print(config)) == config.
#pragma once

#include <string>

#include "host/model/config.hpp"

namespace fpvs::config {

[[nodiscard]] std::string print(const model::Config& config);

}  // namespace fpvs::config
