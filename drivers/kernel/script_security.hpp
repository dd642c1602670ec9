// SPDX-License-Identifier: Apache-2.0
// Which file a script's name means, and whether others than root could have changed it.
#pragma once

#include <string>
#include <string_view>

#include "host/util/result.hpp"

namespace fpvs::kernel {

// A name without a slash is looked for in these folders.
constexpr std::string_view kScriptFolders =
    "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:"
    "/sbin:/bin";

// The path of an executable file.
[[nodiscard]] Result<std::string> find_program(const std::string& name);

// Fails if a user other than root can write the file or a folder on the way to it, links followed.
[[nodiscard]] Status check_only_root_can_change(const std::string& path);

}  // namespace fpvs::kernel
