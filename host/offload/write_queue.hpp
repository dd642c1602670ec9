// SPDX-License-Identifier: Apache-2.0
// Table positions whose entry on the card is out of date, in the order they became so.  A position
// is in the queue at most once, so it never overflows: what is written is always the newest.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace fpvs::offload {

class WriteQueue {
  public:
    explicit WriteQueue(std::size_t positions) : ring_(positions), waiting_(positions, false) {}

    void push(std::uint32_t position) {
        if (!waiting_[position]) {
            waiting_[position] = true;
            ring_[(first_ + count_++) % ring_.size()] = position;
        }
    }
    [[nodiscard]] std::optional<std::uint32_t> pop() {
        if (count_ == 0) {
            return std::nullopt;
        }
        const std::uint32_t position = ring_[first_];
        first_ = (first_ + 1) % ring_.size();
        --count_;
        waiting_[position] = false;
        return position;
    }
    [[nodiscard]] std::size_t size() const { return count_; }
    [[nodiscard]] bool is_waiting(std::uint32_t position) const { return waiting_[position]; }

  private:
    std::vector<std::uint32_t> ring_;
    std::vector<bool> waiting_;
    std::size_t first_ = 0;
    std::size_t count_ = 0;
};

}  // namespace fpvs::offload
