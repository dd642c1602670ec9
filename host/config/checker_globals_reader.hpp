// SPDX-License-Identifier: Apache-2.0
// What stands outside of virtual servers and is about their checks: statements of `global_defs`,
// and the blocks `track_file NAME { ... }` and `SSL { ... }`.
#pragma once

#include <span>

#include "host/config/block.hpp"
#include "host/config/diagnostics.hpp"
#include "host/config/statement.hpp"
#include "host/model/config.hpp"

namespace fpvs::config {

[[nodiscard]] std::span<const Keyword<model::Config>> checker_globals();

void read_track_file(const Statement& block, model::Config& config, Diagnostics& diagnostics);
void read_tls_client(const Statement& block, model::Config& config, Diagnostics& diagnostics);

// Each name stands where a check asks for it.
void require_track_files(std::span<const Word> names,
                         const model::Config& config,
                         Diagnostics& diagnostics);

}  // namespace fpvs::config
