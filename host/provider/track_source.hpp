// SPDX-License-Identifier: Apache-2.0
// The seam of what VRRP tracks on the host itself: numbers in files, and running processes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace fpvs::provider {

struct Process {
    std::string name;                       // As the kernel has it: at most 15 octets.
    std::vector<std::string> command = {};  // Its command line, where it was asked for.
};

class TrackSource {
  public:
    virtual ~TrackSource() = default;
    // A file that is not there, or has no number, counts as 0.
    [[nodiscard]] virtual std::int64_t number_in(const std::string& path) = 0;
    // All that run now, zombies not; at most kProcessesMax.
    [[nodiscard]] virtual std::vector<Process> processes(bool with_commands) = 0;
};

}  // namespace fpvs::provider
