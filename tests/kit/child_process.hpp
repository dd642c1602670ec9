// SPDX-License-Identifier: Apache-2.0
// A program that a test runs beside itself; it never outlives the object.
#pragma once

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace fpvs::kit {

class ChildProcess {
  public:
    // Both outputs go to the file.
    ChildProcess(const std::vector<std::string>& arguments, const std::string& output_path) {
        std::vector<char*> raw;
        for (const std::string& argument : arguments) {
            raw.push_back(const_cast<char*>(argument.c_str()));
        }
        raw.push_back(nullptr);
        posix_spawn_file_actions_t files;
        posix_spawn_file_actions_init(&files);
        posix_spawn_file_actions_addopen(
            &files, STDOUT_FILENO, output_path.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
        posix_spawn_file_actions_adddup2(&files, STDOUT_FILENO, STDERR_FILENO);
        const int error = ::posix_spawnp(&pid_, raw[0], &files, nullptr, raw.data(), environ);
        posix_spawn_file_actions_destroy(&files);
        if (error != 0) {
            pid_ = -1;
            throw std::runtime_error("cannot run " + arguments[0]);
        }
    }
    ~ChildProcess() { end(SIGKILL); }
    ChildProcess(const ChildProcess&) = delete;
    ChildProcess& operator=(const ChildProcess&) = delete;

    void signal(int number) const { ::kill(pid_, number); }
    // Signals and waits for the end.
    void end(int number) {
        if (pid_ > 0) {
            signal(number);
            ::waitpid(std::exchange(pid_, -1), nullptr, 0);
        }
    }

  private:
    pid_t pid_ = -1;
};

}  // namespace fpvs::kit
