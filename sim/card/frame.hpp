// SPDX-License-Identifier: Apache-2.0
// Frames between the simulated MACs and what stands for the wire.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <utility>
#include <vector>

#include "hw/abi/limits.hpp"

namespace fpvs::sim::card {

// A whole Ethernet frame without FCS.
using Frame = std::vector<std::uint8_t>;

// What a MAC sends is padded to this, without FCS, and nothing shorter is on a wire.
constexpr std::size_t kWireBytesMin = 60;

// Frames that may wait on either side of a MAC.
constexpr std::size_t kPortQueueFramesMax = 256;

constexpr int kPorts = abi::kPortsMax;

// A queue that refuses when it is full.
class FrameQueue {
  public:
    [[nodiscard]] bool full() const { return frames_.size() >= kPortQueueFramesMax; }
    [[nodiscard]] bool empty() const { return frames_.empty(); }
    [[nodiscard]] const Frame& front() const { return frames_.front(); }
    // The oldest frame, if there is any.
    std::optional<Frame> pop_front() {
        if (frames_.empty()) {
            return std::nullopt;
        }
        Frame frame = std::move(frames_.front());
        frames_.pop_front();
        return frame;
    }
    bool push(Frame frame) {
        if (full()) {
            return false;
        }
        frames_.push_back(std::move(frame));
        return true;
    }

  private:
    std::deque<Frame> frames_;
};

}  // namespace fpvs::sim::card
