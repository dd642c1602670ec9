// SPDX-License-Identifier: Apache-2.0
// Whom VRRP tells: the notify_* statements of `vrrp_instance` and `vrrp_sync_group`, and the pipes
// of `global_defs`.
#pragma once

#include <span>

#include "host/config/block.hpp"
#include "host/model/config.hpp"
#include "host/model/vrrp_group.hpp"

namespace fpvs::config {

[[nodiscard]] std::span<const Keyword<model::VrrpNotify>> vrrp_notify_keywords();
[[nodiscard]] std::span<const Keyword<model::Config>> vrrp_fifo_keywords();

}  // namespace fpvs::config
