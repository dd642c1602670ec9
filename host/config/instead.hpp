// SPDX-License-Identifier: Apache-2.0
// What FPVS does instead of what a keyword of keepalived asks for that it passes over.
#pragma once

#include <string_view>

namespace fpvs::config {

// A clause for a warning: "fpvsd sends no mail; a notify script can".
[[nodiscard]] std::string_view what_instead(std::string_view keyword);

}  // namespace fpvs::config
