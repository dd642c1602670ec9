// SPDX-License-Identifier: Apache-2.0
// What a test may leave behind: children and descriptors.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <fstream>
#include <set>

namespace fpvs::xrt_card {

// Children of this process, by the kernel's own list.
inline std::set<pid_t> children() {
    std::set<pid_t> pids;
    for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
        std::ifstream list(task.path() / "children");
        for (pid_t pid = 0; list >> pid;) {
            pids.insert(pid);
        }
    }
    return pids;
}

inline int open_descriptors() {
    int count = 0;
    for ([[maybe_unused]] const auto& fd : std::filesystem::directory_iterator("/proc/self/fd")) {
        ++count;
    }
    return count;
}

}  // namespace fpvs::xrt_card
