// SPDX-License-Identifier: Apache-2.0
// What a virtual router's priority, or its fitness to be master at all, may hang on.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "host/model/script.hpp"
#include "host/model/track_file.hpp"

namespace fpvs::model {

enum class TrackKind : std::uint8_t { interface, script, file, process };

// A line of track_interface, track_script, track_file or track_process.  A factor of 0: while what
// is tracked fails, the instance is in fault (with reverse: while it does not fail).
struct VrrpTrack {
    TrackKind kind = TrackKind::interface;
    std::string name;
    TrackWeight weight = {};

    friend bool operator==(const VrrpTrack&, const VrrpTrack&) = default;
};

// `vrrp_script NAME { ... }`.
struct VrrpScript {
    std::string name;
    Script script = {};
    std::uint32_t interval_ms = 1000;
    std::uint32_t timeout_ms = 0;  // 0: the interval.
    std::uint32_t rise = 1;        // Successes in a row that make it succeed,
    std::uint32_t fall = 1;        // and failures that make it fail.
    TrackWeight weight = {.factor = 0};
    bool fails_at_first = false;  // init_fail: until it has run.

    friend bool operator==(const VrrpScript&, const VrrpScript&) = default;
};

enum class ParameterMatch : std::uint8_t { whole, initial, partial };

// `vrrp_track_process NAME { ... }`: enough processes of that name run, and not too many.
struct VrrpProcess {
    static constexpr std::uint32_t kNoQuorumMax = std::numeric_limits<std::uint32_t>::max();

    std::string name;
    std::vector<std::string> command;  // The process's name, then its parameters.
    // Only a process with these parameters counts; with none of them, and this unset, any does.
    bool match_parameters = false;
    ParameterMatch match = ParameterMatch::whole;
    bool full_command = false;  // The name is compared with the command line's first word.
    std::uint32_t quorum = 1;
    std::uint32_t quorum_max = kNoQuorumMax;
    std::uint32_t fork_delay_ms = 0;       // The quorum must last so long before it counts,
    std::uint32_t terminate_delay_ms = 0;  // and its lack so long.
    TrackWeight weight = {};

    friend bool operator==(const VrrpProcess&, const VrrpProcess&) = default;
};

}  // namespace fpvs::model
