// SPDX-License-Identifier: Apache-2.0
#include "drivers/probe/track_source.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <memory>
#include <optional>
#include <string_view>

#include "drivers/kernel/unique_fd.hpp"
#include "drivers/probe/file_probe.hpp"
#include "host/model/limits.hpp"

namespace fpvs::probe {
namespace {

constexpr std::size_t kTextBytes = 4096;  // As much of a command line as is compared.

std::string read_some(const std::string& path) {
    const kernel::UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    std::array<char, kTextBytes> text;
    const ssize_t size = file.valid() ? ::read(file.get(), text.data(), text.size()) : 0;
    return {text.data(), static_cast<std::size_t>(std::max<ssize_t>(size, 0))};
}

// Of "PID (NAME) STATE ...", where a name may hold anything; nothing for a zombie.
std::optional<std::string> name_in(std::string_view stat) {
    const std::size_t open = stat.find('(');
    const std::size_t close = stat.rfind(')');
    if (open == std::string_view::npos || close == std::string_view::npos || close < open ||
        close + 2 >= stat.size()) {
        return std::nullopt;
    }
    const char state = stat[close + 2];
    if (state == 'Z' || state == 'X') {
        return std::nullopt;
    }
    return std::string(stat.substr(open + 1, close - open - 1));
}

std::vector<std::string> words_of(std::string_view command_line) {
    std::vector<std::string> words;
    while (!command_line.empty()) {
        const std::size_t end = std::min(command_line.find('\0'), command_line.size());
        words.emplace_back(command_line.substr(0, end));
        command_line.remove_prefix(std::min(end + 1, command_line.size()));
    }
    return words;
}

}  // namespace

std::int64_t TrackSource::number_in(const std::string& path) {
    return read_file_number(path);
}

std::vector<provider::Process> TrackSource::processes(bool with_commands) {
    std::vector<provider::Process> found;
    const std::unique_ptr<DIR, decltype(&::closedir)> folder(::opendir("/proc"), ::closedir);
    while (folder && found.size() < model::kProcessesMax) {
        const dirent* const entry = ::readdir(folder.get());
        if (entry == nullptr) {
            break;
        }
        if (std::isdigit(static_cast<unsigned char>(entry->d_name[0])) == 0) {
            continue;
        }
        const std::string path = std::string("/proc/") + entry->d_name;
        if (auto name = name_in(read_some(path + "/stat"))) {
            found.push_back({.name = std::move(*name)});
            if (with_commands) {
                found.back().command = words_of(read_some(path + "/cmdline"));
            }
        }
    }
    return found;
}

}  // namespace fpvs::probe
