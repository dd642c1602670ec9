// SPDX-License-Identifier: Apache-2.0
// VRRP in keepalived's syntax.
#pragma once

#include "host/config/writer.hpp"
#include "host/model/config.hpp"

namespace fpvs::config {

// Within global_defs.
void print_vrrp_fifos(Writer& out, const model::VrrpFifos& fifos);
// Scripts, processes, groups and instances.
void print_vrrp(Writer& out, const model::Config& config);

}  // namespace fpvs::config
