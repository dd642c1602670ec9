// SPDX-License-Identifier: Apache-2.0
// The `virtual_server ADDRESS PORT { ... }` block with its real servers and their checks.
#pragma once

#include <optional>
#include <vector>

#include "host/config/diagnostics.hpp"
#include "host/config/statement.hpp"
#include "host/config/virtual_server_draft.hpp"

namespace fpvs::config {

// What stands there; see finish() for what it means.
[[nodiscard]] ServiceDraft read_virtual_server(const Statement& block, Diagnostics& diagnostics);

}  // namespace fpvs::config
