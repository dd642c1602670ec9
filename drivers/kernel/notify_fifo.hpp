// SPDX-License-Identifier: Apache-2.0
// A named pipe to which lines are written for whoever reads them.  Nobody reading, or reading too
// slowly, costs lines and never time.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "drivers/kernel/unique_fd.hpp"
#include "host/util/result.hpp"

namespace fpvs::kernel {

class NotifyFifo {
  public:
    NotifyFifo() = default;
    ~NotifyFifo();
    NotifyFifo(const NotifyFifo&) = delete;
    NotifyFifo& operator=(const NotifyFifo&) = delete;

    // Makes it if it is not there, and removes it at the end if so.  Empty: none.
    [[nodiscard]] Status use(const std::string& path);
    void write(std::string_view line);
    [[nodiscard]] std::uint64_t lines_lost() const { return lines_lost_; }

  private:
    void close();

    std::string path_;
    UniqueFd fd_;
    bool made_ = false;
    std::uint64_t lines_lost_ = 0;
};

}  // namespace fpvs::kernel
