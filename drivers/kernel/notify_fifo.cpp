// SPDX-License-Identifier: Apache-2.0
#include "drivers/kernel/notify_fifo.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace fpvs::kernel {

NotifyFifo::~NotifyFifo() {
    close();
}

void NotifyFifo::close() {
    fd_ = UniqueFd();
    if (std::exchange(made_, false)) {
        ::unlink(path_.c_str());
    }
    path_.clear();
}

Status NotifyFifo::use(const std::string& path) {
    if (path == path_) {
        return {};
    }
    close();
    if (path.empty()) {
        return {};
    }
    const bool made = ::mkfifo(path.c_str(), S_IRUSR | S_IWUSR) == 0;
    if (!made && errno != EEXIST) {
        return fail(Code::unavailable, "{}: {}", path, std::strerror(errno));
    }
    // Opened for reading as well, so that it needs no reader to be open.
    UniqueFd fd(::open(path.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC));
    struct stat status{};
    if (!fd.valid() || ::fstat(fd.get(), &status) != 0) {
        return fail(Code::unavailable, "{}: {}", path, std::strerror(errno));
    }
    if (!S_ISFIFO(status.st_mode)) {
        return fail(Code::invalid_argument, "{} is no named pipe", path);
    }
    path_ = path;
    made_ = made;
    fd_ = std::move(fd);
    return {};
}

void NotifyFifo::write(std::string_view line) {
    // A line is far shorter than PIPE_BUF: it is written whole or not at all.
    if (fd_.valid() && ::write(fd_.get(), line.data(), line.size()) < 0) {
        ++lines_lost_;
    }
}

}  // namespace fpvs::kernel
