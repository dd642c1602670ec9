// SPDX-License-Identifier: Apache-2.0
// The server with the least load for its weight, as wlc, sed and nq understand load.
#pragma once

#include <cstdint>

#include "host/schedule/scheduler.hpp"

namespace fpvs::schedule {

// An active connection counts as much as 256 inactive ones.
[[nodiscard]] inline std::uint64_t connection_load(const ServerState& server) {
    constexpr std::uint64_t kActiveShare = 256;
    return server.active * kActiveShare + server.inactive;
}

// A connection that would be served next to the active ones.
[[nodiscard]] inline std::uint64_t expected_delay(const ServerState& server) {
    return std::uint64_t{server.active} + 1;
}

// Of the usable servers the first whose load divided by weight is least.
template <class Load>
[[nodiscard]] std::optional<std::size_t> least_weighted(Servers servers, Load load) {
    std::optional<std::size_t> least;
    for (std::size_t i = 0; i < servers.size(); ++i) {
        if (!servers[i]->usable()) {
            continue;
        }
        // load(a) / weight(a) > load(b) / weight(b) without a division.
        if (!least || load(*servers[*least]) * static_cast<std::uint64_t>(servers[i]->weight) >
                          load(*servers[i]) * static_cast<std::uint64_t>(servers[*least]->weight)) {
            least = i;
        }
    }
    return least;
}

}  // namespace fpvs::schedule
