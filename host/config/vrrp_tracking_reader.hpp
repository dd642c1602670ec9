// SPDX-License-Identifier: Apache-2.0
// What VRRP tracks: the blocks `vrrp_script` and `vrrp_track_process`, and the lines of
// track_interface, track_script, track_file and track_process that name them.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "host/config/block.hpp"
#include "host/model/config.hpp"

namespace fpvs::config {

// A line as written: the weight may be that of the tracked thing, which may be defined later.
struct TrackDraft {
    model::TrackKind kind = model::TrackKind::interface;
    Word name;
    std::optional<model::TrackWeight> weight = {};
};
using TrackDrafts = std::vector<TrackDraft>;

[[nodiscard]] std::span<const Keyword<TrackDrafts>> vrrp_track_keywords();

void read_vrrp_script(const Statement& block, model::Config& config, Diagnostics& diagnostics);
void read_vrrp_process(const Statement& block, model::Config& config, Diagnostics& diagnostics);

// With the weights they have; reports names that nothing has.
[[nodiscard]] std::vector<model::VrrpTrack> finish(const TrackDrafts& drafts,
                                                   const model::Config& config,
                                                   Diagnostics& diagnostics);

}  // namespace fpvs::config
