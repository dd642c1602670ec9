// SPDX-License-Identifier: Apache-2.0
#include "drivers/kernel/spawn.hpp"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <unistd.h>

#include <array>
#include <cstring>

#include "drivers/kernel/script_security.hpp"

namespace fpvs::kernel {
namespace {

// Everything that a new process must not inherit is set right here.
class SpawnSettings {
  public:
    explicit SpawnSettings(int output) {
        ::posix_spawnattr_init(&attributes_);
        ::posix_spawn_file_actions_init(&files_);
        sigset_t none{};
        sigset_t all{};
        ::sigemptyset(&none);
        ::sigfillset(&all);
        ::posix_spawnattr_setsigmask(&attributes_, &none);
        ::posix_spawnattr_setsigdefault(&attributes_, &all);
        ::posix_spawnattr_setpgroup(&attributes_, 0);
        ::posix_spawnattr_setflags(
            &attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
        ::posix_spawn_file_actions_addopen(&files_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
        for (const int fd : {STDOUT_FILENO, STDERR_FILENO}) {
            if (output == kNoOutput) {
                ::posix_spawn_file_actions_addopen(&files_, fd, "/dev/null", O_WRONLY, 0);
            } else {
                ::posix_spawn_file_actions_adddup2(&files_, output, fd);
            }
        }
        ::posix_spawn_file_actions_addclosefrom_np(&files_, STDERR_FILENO + 1);
    }
    ~SpawnSettings() {
        ::posix_spawn_file_actions_destroy(&files_);
        ::posix_spawnattr_destroy(&attributes_);
    }
    SpawnSettings(const SpawnSettings&) = delete;
    SpawnSettings& operator=(const SpawnSettings&) = delete;

    // An errno, or 0.
    [[nodiscard]] int spawn(std::vector<std::string> arguments, pid_t& pid) const {
        std::vector<char*> raw;
        raw.reserve(arguments.size() + 1);
        for (std::string& argument : arguments) {
            raw.push_back(argument.data());
        }
        raw.push_back(nullptr);
        std::string path = "PATH=" + std::string(kScriptFolders);
        std::array<char*, 2> environment{path.data(), nullptr};
        return ::posix_spawn(
            &pid, raw.front(), &files_, &attributes_, raw.data(), environment.data());
    }

  private:
    posix_spawnattr_t attributes_{};
    posix_spawn_file_actions_t files_{};
};

}  // namespace

Result<pid_t> spawn(std::vector<std::string> arguments, int output) {
    pid_t pid = 0;
    if (const int error = SpawnSettings(output).spawn(std::move(arguments), pid); error != 0) {
        return fail(Code::unavailable, "cannot be run: {}", std::strerror(error));
    }
    return pid;
}

}  // namespace fpvs::kernel
