// SPDX-License-Identifier: Apache-2.0
#include "host/util/kept_file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

namespace fpvs {
namespace {

constexpr std::uint64_t kMagic = 0x5450454b53565046;  // "FPVSKEPT" in memory.
constexpr const char* kUnfinishedSuffix = ".new";

struct Header {
    std::uint64_t magic = kMagic;
    std::uint64_t layout = 0;
    std::uint64_t size_bytes = 0;
    std::array<char, 36> boot{};  // A uuid as text.
};
static_assert(sizeof(Header) <= KeptFile::kPageBytes);

tl::unexpected<Error> refuse(Code code, const std::string& path, std::string sentence) {
    return fail(Error{code, std::move(sentence), path});
}

tl::unexpected<Error> failed(const char* what, const std::string& path) {
    return refuse(
        Code::unavailable, path, fmt::format("cannot {}: {}", what, std::strerror(errno)));
}

// All zero where the kernel does not tell.
std::array<char, 36> this_boot() {
    std::array<char, 36> boot{};
    const int fd = ::open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    if (fd >= 0) {
        if (::read(fd, boot.data(), boot.size()) != static_cast<ssize_t>(boot.size())) {
            boot = {};
        }
        ::close(fd);
    }
    return boot;
}

// The lock ends with the process, however that ends.
Status lock(int fd, const std::string& path) {
    if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
        return refuse(Code::failed_precondition, path, "another process keeps its memory here");
    }
    return {};
}

Status check_room(int fd, const std::string& path, std::size_t size_bytes) {
    struct statvfs room{};
    if (::fstatvfs(fd, &room) != 0) {
        return failed("ask for the room that is left", path);
    }
    const std::uint64_t free_bytes = std::uint64_t{room.f_bavail} * room.f_frsize;
    // Without a limit of its own a file system of memory says 0 blocks.
    if (room.f_blocks != 0 && free_bytes < size_bytes) {
        return refuse(Code::exhausted,
                      path,
                      fmt::format("the file system has {} MiB left of the {} that may be needed",
                                  free_bytes >> 20,
                                  size_bytes >> 20));
    }
    return {};
}

Status check(const Header& header, std::uint64_t layout, std::size_t size_bytes) {
    if (header.magic != kMagic) {
        return fail(Code::mismatch, "this is no file of kept memory");
    }
    if (header.layout != layout) {
        return fail(Code::mismatch,
                    "another build of the program has left it, in a form of its own");
    }
    if (header.boot != this_boot()) {
        return fail(Code::mismatch, "it is of an earlier boot of the machine");
    }
    if (header.size_bytes != size_bytes) {
        return fail(
            Code::mismatch, "it has {} bytes where {} were written", size_bytes, header.size_bytes);
    }
    return {};
}

}  // namespace

Result<std::unique_ptr<KeptFile>> KeptFile::create(const std::string& path,
                                                   std::uint64_t layout,
                                                   std::size_t size_bytes) {
    const std::string unfinished = path + kUnfinishedSuffix;
    for (const std::string& taken : {path, unfinished}) {
        if (const int fd = ::open(taken.c_str(), O_RDWR | O_CLOEXEC); fd >= 0) {
            const Status free = lock(fd, path);
            ::close(fd);
            FPVS_TRY_STATUS(free);
        }
    }
    ::unlink(unfinished.c_str());
    const int fd = ::open(unfinished.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) {
        return failed("make it", unfinished);
    }
    std::unique_ptr<KeptFile> file(new KeptFile(path, fd));
    file->unfinished_ = true;
    const std::size_t all_bytes = size_bytes + kPageBytes;
    FPVS_TRY_STATUS(lock(fd, unfinished));
    FPVS_TRY_STATUS(check_room(fd, unfinished, all_bytes));
    if (::ftruncate(fd, static_cast<off_t>(all_bytes)) != 0) {
        return failed("make it large enough", unfinished);
    }
    FPVS_TRY_STATUS(file->map(all_bytes, true));
    const Header header{.layout = layout, .size_bytes = all_bytes, .boot = this_boot()};
    std::memcpy(file->bytes_.data(), &header, sizeof header);
    return file;
}

Result<std::unique_ptr<KeptFile>> KeptFile::open(const std::string& path, std::uint64_t layout) {
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return errno == ENOENT ? refuse(Code::not_found, path, "there is none")
                               : failed("open it", path);
    }
    std::unique_ptr<KeptFile> file(new KeptFile(path, fd));
    FPVS_TRY_STATUS(lock(fd, path));
    ::flock(fd, LOCK_UN);  // The copy needs none.
    struct stat status{};
    if (::fstat(fd, &status) != 0) {
        return failed("look at it", path);
    }
    const auto size_bytes = static_cast<std::size_t>(status.st_size);
    if (size_bytes < kPageBytes) {
        return refuse(Code::mismatch, path, "it has not even a first page");
    }
    FPVS_TRY_STATUS(file->map(size_bytes, false));
    Header header;
    std::memcpy(&header, file->bytes_.data(), sizeof header);
    if (const Status checked = check(header, layout, size_bytes); !checked) {
        return refuse(checked.error().code, path, checked.error().message);
    }
    return file;
}

KeptFile::~KeptFile() {
    if (bytes_.data() != nullptr) {
        ::munmap(bytes_.data(), bytes_.size());
    }
    if (unfinished_) {
        ::unlink((path_ + kUnfinishedSuffix).c_str());
    }
    ::close(fd_);
}

Status KeptFile::map(std::size_t size_bytes, bool shared) {
    void* memory = ::mmap(nullptr,
                          size_bytes,
                          PROT_READ | PROT_WRITE,
                          (shared ? MAP_SHARED : MAP_PRIVATE) | MAP_NORESERVE,
                          fd_,
                          0);
    if (memory == MAP_FAILED) {
        return failed("map it", path_);
    }
    // A wish, which file systems of memory may grant; it changes nothing but speed.
    (void)::madvise(memory, size_bytes, MADV_HUGEPAGE);
    bytes_ = {static_cast<std::byte*>(memory), size_bytes};
    return {};
}

Status KeptFile::commit() {
    if (::rename((path_ + kUnfinishedSuffix).c_str(), path_.c_str()) != 0) {
        return failed("put it in its place", path_);
    }
    unfinished_ = false;
    return {};
}

}  // namespace fpvs
