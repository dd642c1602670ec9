// SPDX-License-Identifier: Apache-2.0
// fpvsadm's own verbs, beside ipvsadm's options: `fpvsadm card status` and the like.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "host/cli/session.hpp"

namespace fpvs::cli {

[[nodiscard]] bool is_verb(std::string_view word);
// Whether a line of `fpvsadm save` may begin with it.
[[nodiscard]] bool is_saved_verb(std::string_view word);
// Returns the exit code.  `words` begins with a verb.
[[nodiscard]] int run_verb(const std::vector<std::string>& words, Session& session);

}  // namespace fpvs::cli
