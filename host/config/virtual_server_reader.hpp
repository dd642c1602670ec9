// SPDX-License-Identifier: Apache-2.0
// The `virtual_server ADDRESS PORT { ... }` block with its real servers and their checks.
#pragma once

#include <optional>

#include "host/config/diagnostics.hpp"
#include "host/config/statement.hpp"
#include "host/model/virtual_service.hpp"

namespace fpvs::config {

// Nothing if the block has an error, or no real server: keepalived passes over those.
[[nodiscard]] std::optional<model::VirtualServiceConfig> read_virtual_server(
    const Statement& block, Diagnostics& diagnostics);

}  // namespace fpvs::config
