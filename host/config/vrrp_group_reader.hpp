// SPDX-License-Identifier: Apache-2.0
// `vrrp_sync_group NAME { ... }`: instances that change state together.
#pragma once

#include <vector>

#include "host/config/diagnostics.hpp"
#include "host/config/statement.hpp"
#include "host/config/vrrp_tracking_reader.hpp"
#include "host/model/config.hpp"

namespace fpvs::config {

struct VrrpGroupDraft {
    model::VrrpGroup group;
    Position position;
    std::vector<Word> members;
    TrackDrafts tracks;
};

[[nodiscard]] VrrpGroupDraft read_vrrp_group(const Statement& block, Diagnostics& diagnostics);

// Adds the group to a configuration that has all instances, scripts, files and processes.  Weights
// that its members have of their own are dropped, as in keepalived: members must agree.
void add_vrrp_group(VrrpGroupDraft draft, model::Config& config, Diagnostics& diagnostics);

}  // namespace fpvs::config
