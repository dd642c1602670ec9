// SPDX-License-Identifier: Apache-2.0
// The `virtual_server ADDRESS PORT { ... }` block with its real servers and their checks.
#pragma once

#include <optional>
#include <vector>

#include "host/config/diagnostics.hpp"
#include "host/config/statement.hpp"
#include "host/model/virtual_service.hpp"

namespace fpvs::config {

// Nothing if the block has no real server: keepalived passes over those.  Adds the names of the
// track files that its checks need.
[[nodiscard]] std::optional<model::VirtualServiceConfig> read_virtual_server(
    const Statement& block, std::vector<Word>& track_files, Diagnostics& diagnostics);

}  // namespace fpvs::config
