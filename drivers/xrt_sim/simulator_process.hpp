// SPDX-License-Identifier: Apache-2.0
// A simulator as a child process, started from its executable's bytes.
//
// The child has the host's environment (FPVS_SIMCARD_PORTS and its kin), its standard output and
// error, the link as descriptor kLinkFd, and nothing else; it is in a process group of its own, so
// that a Ctrl-C at the terminal ends the host first.  A keeper thread starts it and waits for it by
// its pid alone, so that no other child of the host is reaped.  Unless it is to be kept, it never
// outlives the host: it asks the kernel to kill it when the keeper ends (PR_SET_PDEATHSIG goes by
// thread, not by process).
#pragma once

#include <sys/types.h>

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <utility>

#include "drivers/kernel/unique_fd.hpp"
#include "host/util/result.hpp"

namespace fpvs::xrt_sim {

class SimulatorProcess {
  public:
    static constexpr int kLinkFd = 3;

    // Where it waits for another host if this one vanishes, and what it says that it is.
    struct Keep {
        std::string path;
        std::string identity;
    };

    // Returns once the executable runs.
    [[nodiscard]] static Result<std::unique_ptr<SimulatorProcess>> start(
        std::span<const char> executable, std::optional<Keep> keep = std::nullopt);

    SimulatorProcess(const SimulatorProcess&) = delete;
    SimulatorProcess& operator=(const SimulatorProcess&) = delete;
    ~SimulatorProcess() { end(); }

    // The link must be closed before: the child then has kGrace to leave by itself, is killed
    // otherwise, and has gone when this returns.
    void end();

    // The host's end of the link; once.
    [[nodiscard]] kernel::UniqueFd take_link() { return std::move(link_); }
    [[nodiscard]] pid_t pid();
    // How it ended, in words that follow "the simulator process"; nothing while it runs.
    [[nodiscard]] std::optional<std::string> wait_ended(std::chrono::milliseconds timeout);

  private:
    static constexpr std::chrono::milliseconds kGrace{500};

    SimulatorProcess() = default;
    void watch(kernel::UniqueFd executable,
               const std::optional<Keep>& keep,
               kernel::UniqueFd child_link,
               kernel::UniqueFd report);

    kernel::UniqueFd link_;
    pid_t pid_ = -1;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::optional<std::string> ended_;
    std::thread keeper_;  // Last: uses all of the above.
};

}  // namespace fpvs::xrt_sim
