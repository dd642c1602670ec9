// SPDX-License-Identifier: Apache-2.0
#include "drivers/kernel/script_security.hpp"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <optional>

namespace fpvs::kernel {
namespace {

std::optional<std::string> executable_in(std::string_view folders, const std::string& name) {
    while (!folders.empty()) {
        const std::size_t end = std::min(folders.find(':'), folders.size());
        std::string path = std::string(folders.substr(0, end)) + "/" + name;
        if (::access(path.c_str(), X_OK) == 0) {
            return path;
        }
        folders.remove_prefix(std::min(end + 1, folders.size()));
    }
    return std::nullopt;
}

}  // namespace

Result<std::string> find_program(const std::string& name) {
    if (name.find('/') == std::string::npos) {
        if (auto path = executable_in(kScriptFolders, name)) {
            return *path;
        }
        return fail(Code::not_found, "no program '{}' in {}", name, kScriptFolders);
    }
    struct stat status{};
    if (::stat(name.c_str(), &status) != 0) {
        return fail(Code::not_found, "{}: {}", name, std::strerror(errno));
    }
    if (!S_ISREG(status.st_mode)) {
        return fail(Code::invalid_argument, "{} is no file", name);
    }
    if (::access(name.c_str(), X_OK) != 0) {
        return fail(Code::invalid_argument, "{} cannot be executed", name);
    }
    return name;
}

Status check_only_root_can_change(const std::string& path) {
    const std::unique_ptr<char, decltype(&::free)> real(::realpath(path.c_str(), nullptr), ::free);
    if (!real) {
        return fail(Code::not_found, "{}: {}", path, std::strerror(errno));
    }
    std::string part = real.get();
    while (true) {
        struct stat status{};
        if (::lstat(part.c_str(), &status) != 0) {
            return fail(Code::not_found, "{}: {}", part, std::strerror(errno));
        }
        const bool group_writes = (status.st_mode & S_IWGRP) != 0 && status.st_gid != 0;
        // In a folder with the sticky bit nobody can replace the files of another.
        const bool sticky = S_ISDIR(status.st_mode) && (status.st_mode & S_ISVTX) != 0;
        const bool others_write = (status.st_mode & S_IWOTH) != 0 && !sticky;
        if (status.st_uid != 0 || group_writes || others_write) {
            return fail(Code::failed_precondition,
                        "{} could have been changed by others than root: {} is theirs to write",
                        path,
                        part);
        }
        if (part == "/") {
            return {};
        }
        const std::size_t slash = part.rfind('/');
        part = slash == 0 ? "/" : part.substr(0, slash);
    }
}

}  // namespace fpvs::kernel
