// SPDX-License-Identifier: Apache-2.0
// Memory that outlives its process: a file, mapped whole.  What is written is in the file at once,
// whatever ends the process; only a new boot of the machine makes it worthless, and is noticed.
//
// A new file is made beside the old one and takes its place when the owner says that it is
// complete, so that there is a whole one at any time.  The owner has it locked: no two processes
// keep their memory in one file.  Put it where files are memory (/run, /dev/shm): on a disk every
// page that changes is written out again and again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include "host/util/result.hpp"

namespace fpvs {

class KeptFile {
  public:
    // Of everything that one asks for, a page is the least.
    static constexpr std::size_t kPageBytes = 4096;

    // All zero, mode 0600, and not what open() finds before commit().  `layout` names the meaning
    // of its bytes: a number for the owner's format and everything that goes into it.  Refused
    // while another process has `path`, and where its file system has no room for all of it.
    [[nodiscard]] static Result<std::unique_ptr<KeptFile>> create(const std::string& path,
                                                                  std::uint64_t layout,
                                                                  std::size_t size_bytes);
    // What a process that is gone has left: a copy, which changes nothing in the file.  Any other
    // layout, another boot or a damaged file is refused with the sentence that says so;
    // Code::not_found means that there is none.
    [[nodiscard]] static Result<std::unique_ptr<KeptFile>> open(const std::string& path,
                                                                std::uint64_t layout);
    KeptFile(const KeptFile&) = delete;
    KeptFile& operator=(const KeptFile&) = delete;
    ~KeptFile();

    // From now on it is what open() finds.
    [[nodiscard]] Status commit();

    [[nodiscard]] std::span<std::byte> bytes() const { return bytes_.subspan(kPageBytes); }

  private:
    KeptFile(std::string path, int fd) : path_(std::move(path)), fd_(fd) {}

    [[nodiscard]] Status map(std::size_t size_bytes, bool shared);

    std::string path_;
    int fd_;
    bool unfinished_ = false;  // Made, and not committed.
    std::span<std::byte> bytes_;
};

}  // namespace fpvs
