// SPDX-License-Identifier: Apache-2.0
// Texts that scripts compare and people know: they are ipvsadm 1.31's, so that either is found.
#pragma once

#include <string_view>

namespace fpvs::cli {

// `-v`, with the line's end.
[[nodiscard]] std::string_view version_text();
// `-h`, without the version line that comes first.
[[nodiscard]] std::string_view usage_text();
// `fpvsadm help`: what fpvsadm knows beyond ipvsadm.
[[nodiscard]] std::string_view verbs_text();

}  // namespace fpvs::cli
