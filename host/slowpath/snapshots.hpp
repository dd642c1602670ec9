// SPDX-License-Identifier: Apache-2.0
// Configuration that is made elsewhere, at leisure, and read by every worker from its next burst
// on: whole snapshots, replaced by one pointer.
#pragma once

#include <atomic>
#include <memory>

#include "host/slowpath/mark_rules.hpp"
#include "host/slowpath/route_table.hpp"

namespace fpvs::slowpath {

template <class T>
class Published {
  public:
    explicit Published(std::unique_ptr<const T> first) : current_(first.release()) {}
    ~Published() { delete current_.load(); }
    Published(const Published&) = delete;
    Published& operator=(const Published&) = delete;

    // Good until the reader's next quiescent state.
    [[nodiscard]] const T& get() const { return *current_.load(std::memory_order_acquire); }
    // What comes back may still be read: keep it until Readers::wait() has returned.
    [[nodiscard]] std::unique_ptr<const T> replace(std::unique_ptr<const T> next) {
        return std::unique_ptr<const T>(
            current_.exchange(next.release(), std::memory_order_acq_rel));
    }

  private:
    std::atomic<const T*> current_;
};

struct Snapshots {
    Published<RouteTable> routes{std::make_unique<const RouteTable>()};
    Published<MarkRules> marks{std::make_unique<const MarkRules>()};
};

}  // namespace fpvs::slowpath
