// SPDX-License-Identifier: Apache-2.0
// The names of a scheduler's flags: three bits of IPVS, two of which sh and mh have words for.
#pragma once

#include <string>

#include "host/control/api.pb.h"

namespace fpvs::cli {

namespace api = control::api;

// "sh-fallback,sh-port".  flag-3 has no name with sh and mh, and ipvsadm then prints none.
[[nodiscard]] std::string scheduler_flags_text(const api::ServiceSettings& settings);

}  // namespace fpvs::cli
