// SPDX-License-Identifier: Apache-2.0
// First in, first out, with a limit; allocates once.
#pragma once

#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

namespace fpvs::offload {

template <class T>
class BoundedQueue {
  public:
    explicit BoundedQueue(std::size_t limit) : ring_(limit) {}

    // False: full.
    [[nodiscard]] bool push(T value) {
        if (count_ == ring_.size()) {
            return false;
        }
        ring_[(first_ + count_++) % ring_.size()] = std::move(value);
        return true;
    }
    [[nodiscard]] std::optional<T> pop() {
        if (count_ == 0) {
            return std::nullopt;
        }
        std::optional<T> value(std::move(ring_[first_]));
        first_ = (first_ + 1) % ring_.size();
        --count_;
        return value;
    }

  private:
    std::vector<T> ring_;
    std::size_t first_ = 0;
    std::size_t count_ = 0;
};

}  // namespace fpvs::offload
