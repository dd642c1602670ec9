// SPDX-License-Identifier: Apache-2.0
// Starts a program by posix_spawn, so that this process, which may have gigabytes mapped and
// threads that forward packets, is never copied.
//
// The program gets a process group of its own, every signal as it is by default, /dev/null for
// input and nothing of ours but the environment's PATH.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "host/util/result.hpp"

namespace fpvs::kernel {

constexpr int kNoOutput = -1;

// The program's path is the first argument.  What it prints goes to `output`, a descriptor that
// stays ours, or nowhere.
[[nodiscard]] Result<pid_t> spawn(std::vector<std::string> arguments, int output = kNoOutput);

}  // namespace fpvs::kernel
