// SPDX-License-Identifier: Apache-2.0
#include "hw/hlsc/base/subprocess.hpp"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

namespace fpvs::hlsc {

namespace {

void redirect(const std::string& path, std::initializer_list<int> descriptors) {
    const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (file < 0) {
        ::_exit(126);
    }
    for (const int descriptor : descriptors) {
        ::dup2(file, descriptor);
    }
}

}  // namespace

int run_program(const std::vector<std::string>& command,
                const std::string& output_file,
                const std::string& log_file) {
    std::vector<char*> arguments;
    arguments.reserve(command.size() + 1);
    for (const std::string& argument : command) {
        arguments.push_back(const_cast<char*>(argument.c_str()));
    }
    arguments.push_back(nullptr);
    const pid_t child = ::fork();
    if (child == 0) {
        if (!log_file.empty()) {
            redirect(log_file, {STDOUT_FILENO, STDERR_FILENO});
        }
        if (!output_file.empty()) {
            redirect(output_file, {STDOUT_FILENO});
        }
        ::execvp(arguments[0], arguments.data());
        ::_exit(127);
    }
    int status = 0;
    if (child < 0 || ::waitpid(child, &status, 0) != child) {
        return 127;
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

std::string program_folder() {
    std::error_code error;
    return std::filesystem::read_symlink("/proc/self/exe", error).parent_path().string();
}

std::string make_temporary_folder() {
    std::string path = (std::filesystem::temp_directory_path() / "hlsc-XXXXXX").string();
    return ::mkdtemp(path.data()) == nullptr ? "" : path;
}

}  // namespace fpvs::hlsc
