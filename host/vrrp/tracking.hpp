// SPDX-License-Identifier: Apache-2.0
// What an instance's tracked interfaces, scripts, files and processes make of its priority.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>

#include "host/model/vrrp_tracking.hpp"

namespace fpvs::vrrp {

struct TrackKey {
    model::TrackKind kind = model::TrackKind::interface;
    std::string name;

    friend auto operator<=>(const TrackKey&, const TrackKey&) = default;
};

// What was last heard of a tracked thing: of a file its number, of all others 1 while it is well
// and 0 while not.  None: nothing yet.
using Reading = std::optional<std::int64_t>;
using ReadingOf = std::function<Reading(const TrackKey& key)>;

struct Tracking {
    std::uint8_t priority = 0;  // Effective, 1 to 254; an owner's is 255 whatever happens.
    bool fault = false;
    bool pending = false;  // A script that decides between fault and not has not run yet.

    friend bool operator==(const Tracking&, const Tracking&) = default;
};

[[nodiscard]] Tracking track(std::uint8_t base_priority,
                             std::span<const model::VrrpTrack> tracks,
                             const ReadingOf& reading_of);

}  // namespace fpvs::vrrp
