// SPDX-License-Identifier: Apache-2.0
// `announce { ... }` of the fpvs block: the virtual addresses are made known to routers by FRR.
//
//     announce {
//         bgp 65001
//         always 192.0.2.9
//         never 192.0.2.10 2001:db8::10
//         linger 2
//     }
#pragma once

#include "host/config/diagnostics.hpp"
#include "host/config/statement.hpp"
#include "host/config/writer.hpp"
#include "host/model/config.hpp"

namespace fpvs::config {

void read_announce(const Statement& block, model::Config& config, Diagnostics& diagnostics);
void print_announce(Writer& out, const model::Announce& announce);

}  // namespace fpvs::config
