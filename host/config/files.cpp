// SPDX-License-Identifier: Apache-2.0
#include "host/config/files.hpp"

#include <fcntl.h>
#include <glob.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "host/model/limits.hpp"

namespace fpvs::config {
namespace {

Error unreadable(const std::string& path, int code) {
    return {.code = Code::unavailable,
            .message = fmt::format("cannot be read: {}", std::strerror(code)),
            .where = path};
}

Result<std::string> read_all(int descriptor, const std::string& path) {
    struct stat status{};
    if (::fstat(descriptor, &status) != 0) {
        return fail(unreadable(path, errno));
    }
    constexpr std::size_t kReadBytes = std::size_t{1} << 20;
    std::string text;
    // One more than there should be, so that the end is seen without another round.
    std::size_t wanted = S_ISREG(status.st_mode) ? static_cast<std::size_t>(status.st_size) + 1 : 0;
    // Up to a byte more than allowed, so that a longer file is noticed without reading all of it.
    while (text.size() <= model::kConfigFileBytesMax) {
        const std::size_t before = text.size();
        text.resize(std::min(std::max(wanted, before + kReadBytes),
                             model::kConfigFileBytesMax + 1 + kReadBytes));
        wanted = 0;
        const ssize_t got = ::read(descriptor, text.data() + before, text.size() - before);
        text.resize(before + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
        if (got < 0) {
            return fail(unreadable(path, errno));
        }
        if (got == 0) {
            return text;
        }
    }
    return fail({.code = Code::exhausted,
                 .message = fmt::format("the file is larger than {} MiB, the most that is read",
                                        model::kConfigFileBytesMax >> 20),
                 .where = path});
}

// keepalived passes over scripts that stand among its files.
bool may_be_configuration(const std::string& path) {
    struct stat status{};
    return ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) &&
           (status.st_mode & (S_IXUSR | S_IXGRP | S_IXOTH)) == 0;
}

class Disk final : public Files {
  public:
    Result<std::string> read(const std::string& path) const override {
        const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
        if (descriptor < 0) {
            return fail(unreadable(path, errno));
        }
        auto text = read_all(descriptor, path);
        ::close(descriptor);
        return text;
    }

    std::vector<std::string> match(const std::string& pattern) const override {
        glob_t found{};
        std::vector<std::string> paths;
        if (::glob(pattern.c_str(), 0, nullptr, &found) == 0) {
            for (std::size_t i = 0; i < found.gl_pathc; ++i) {
                std::string path = found.gl_pathv[i];
                if (may_be_configuration(path)) {
                    paths.push_back(std::move(path));
                }
            }
        }
        ::globfree(&found);
        return paths;
    }

    std::string folder(const std::string& path) const override {
        std::error_code error;
        return std::filesystem::absolute(path, error).parent_path().string();
    }
};

// The place of the brace that closes the one at `open`, and of the commas between; npos if none.
std::size_t find_close(std::string_view pattern,
                       std::size_t open,
                       std::vector<std::size_t>& commas) {
    std::size_t depth = 0;
    for (std::size_t at = open; at < pattern.size(); ++at) {
        if (pattern[at] == '{') {
            ++depth;
        } else if (pattern[at] == '}' && --depth == 0) {
            return at;
        } else if (pattern[at] == ',' && depth == 1) {
            commas.push_back(at);
        }
    }
    return std::string_view::npos;
}

}  // namespace

const Files& files_on_disk() {
    static const Disk disk;
    return disk;
}

std::vector<std::string> expand_braces(std::string_view pattern, std::size_t count_max) {
    std::vector<std::string> done;
    std::vector<std::string> open{std::string(pattern)};
    while (!open.empty() && done.size() + open.size() <= count_max) {
        const std::string next = std::move(open.back());
        open.pop_back();
        const std::size_t begin = next.find('{');
        std::vector<std::size_t> ends;
        const std::size_t close =
            begin == std::string::npos ? begin : find_close(next, begin, ends);
        if (close == std::string::npos) {
            done.push_back(next);
            continue;
        }
        // The last alternative first, because the next to be looked at is the last on the stack.
        ends.push_back(close);
        for (std::size_t i = ends.size(); i-- > 0;) {
            const std::size_t from = (i == 0 ? begin : ends[i - 1]) + 1;
            open.push_back(next.substr(0, begin) + next.substr(from, ends[i] - from) +
                           next.substr(close + 1));
        }
    }
    return done;
}

}  // namespace fpvs::config
