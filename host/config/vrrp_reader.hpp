// SPDX-License-Identifier: Apache-2.0
// The `vrrp_instance NAME { ... }` block.
#pragma once

#include "host/config/diagnostics.hpp"
#include "host/config/statement.hpp"
#include "host/model/vrrp_instance.hpp"

namespace fpvs::config {

[[nodiscard]] model::VrrpInstance read_vrrp_instance(const Statement& block,
                                                     Diagnostics& diagnostics);

}  // namespace fpvs::config
