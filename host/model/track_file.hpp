// SPDX-License-Identifier: Apache-2.0
// `track_file NAME { ... }`: a file whose number counts for a weight or a priority.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace fpvs::model {

// What a number is multiplied by before it is added to a weight or a priority.
struct TrackWeight {
    std::int32_t factor = 1;
    bool reverse = false;

    friend bool operator==(const TrackWeight&, const TrackWeight&) = default;
};

struct TrackFile {
    std::string name;
    std::string path;
    TrackWeight weight = {};
    std::optional<std::int32_t> initial = {};  // Written at the start if there is no such file.
    bool overwrite = false;                    // Written at the start in any case.

    friend bool operator==(const TrackFile&, const TrackFile&) = default;
};

}  // namespace fpvs::model
