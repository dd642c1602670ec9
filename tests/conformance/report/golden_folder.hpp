// SPDX-License-Identifier: Apache-2.0
// Where the recordings of real kernels are: tests/data, or the folder that $GOLDEN names, which has
// the same layout (sched/ pkt/ cli/ nl/ seed/).
#pragma once

#include <filesystem>
#include <optional>
#include <string_view>

#include <nlohmann/json.hpp>

namespace fpvs::test {

// Whether $GOLDEN names a folder: nothing is known about what it holds then.
[[nodiscard]] bool golden_is_foreign();
// The path of a file or folder among the recordings.
[[nodiscard]] std::filesystem::path golden_path(std::string_view relative);
// None if a foreign folder has no such file.  Aborts with a sentence if ours has not, or if the
// file is no JSON.
[[nodiscard]] std::optional<nlohmann::json> load_golden(std::string_view relative);

}  // namespace fpvs::test
