// SPDX-License-Identifier: Apache-2.0
// The `fpvs { ... }` block: what FPVS has and keepalived has not.
//
//     fpvs {
//         workers 4
//         set expire_nodest_conn 1
//         firewall_mark 5 {
//             destination 10.0.0.0/8
//             protocol tcp
//             port 80-90
//         }
//         announce {
//             bgp 65001
//         }
//     }
//
// keepalived itself complains of each of its lines and goes on without them, so one file serves
// both.
#pragma once

#include "host/config/diagnostics.hpp"
#include "host/config/statement.hpp"
#include "host/model/config.hpp"

namespace fpvs::config {

void read_fpvs(const Statement& block, model::Config& config, Diagnostics& diagnostics);

}  // namespace fpvs::config
