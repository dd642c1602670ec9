// SPDX-License-Identifier: Apache-2.0
// The `vrrp_instance NAME { ... }` block.
#pragma once

#include "host/config/diagnostics.hpp"
#include "host/config/statement.hpp"
#include "host/config/vrrp_draft.hpp"

namespace fpvs::config {

[[nodiscard]] VrrpDraft read_vrrp_instance(const Statement& block, Diagnostics& diagnostics);

}  // namespace fpvs::config
