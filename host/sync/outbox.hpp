// SPDX-License-Identifier: Apache-2.0
// What one thread has to tell other directors, on its way to the thread that sends it.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "host/engine/sync_sink.hpp"

namespace fpvs::sync {

constexpr std::size_t kOutboxConnections = 65536;  // A power of 2.

// One thread at a time says, one takes.  Neither ever waits: what finds no room is lost and
// counted, to be told again when its next turn comes.
class Outbox final : public engine::SyncSink {
  public:
    explicit Outbox(std::size_t connections = kOutboxConnections) : ring_(connections) {}

    void say(const engine::SyncedConnection& connection) override {
        const std::size_t tail = tail_.load(std::memory_order_relaxed);
        if (tail - head_.load(std::memory_order_acquire) == ring_.size()) {
            lost_.store(lost_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
            return;
        }
        ring_[tail % ring_.size()] = connection;
        tail_.store(tail + 1, std::memory_order_release);
    }

    // Calls take(connection) for at most `count_max` of what waits, as long as it returns true.
    template <class Take>
    std::size_t drain(std::size_t count_max, Take&& take) {
        std::size_t head = head_.load(std::memory_order_relaxed);
        const std::size_t tail = tail_.load(std::memory_order_acquire);
        std::size_t count = 0;
        while (head != tail && count < count_max && take(ring_[head % ring_.size()])) {
            ++head;
            ++count;
        }
        head_.store(head, std::memory_order_release);
        return count;
    }

    [[nodiscard]] std::uint64_t lost() const { return lost_.load(std::memory_order_relaxed); }

  private:
    std::vector<engine::SyncedConnection> ring_;
    alignas(64) std::atomic<std::size_t> head_ = 0;
    alignas(64) std::atomic<std::size_t> tail_ = 0;
    std::atomic<std::uint64_t> lost_ = 0;
};

}  // namespace fpvs::sync
