// SPDX-License-Identifier: Apache-2.0
// A case as a file (tests/cases/README.md): a director, frames in, and for each what must come of
// it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/reference/director.hpp"
#include "tests/parity/packets/traffic.hpp"
#include "tests/parity/packets/world.hpp"

namespace fpvs::parity {

// What the counters of a server grow by.
struct CountedFor {
    std::size_t server = 0;  // Its place in the world.
    reference::Counters counters;
};

struct CaseStep {
    FrameOperation operation;
    std::string verdict;                // forward, host, drop, refuse or wait.
    std::vector<reference::Frame> out;  // Also what tells a sender.
    std::string card;                   // The card's reason; empty if any will do.
    std::optional<CountedFor> counted;
};

struct CaseFile {
    std::string about;
    World world;
    std::vector<CaseStep> steps;
};

// Throws with a sentence that names the file and what is wrong in it.
[[nodiscard]] CaseFile read_case(const std::string& path);
void write_case(const std::string& path, const CaseFile& file);

// All *.json of a folder, sorted; throws if there is none.
[[nodiscard]] std::vector<std::string> case_files(const std::string& folder);

// A verdict's word.
[[nodiscard]] std::string verdict_of(const reference::Outcome& outcome);

}  // namespace fpvs::parity
