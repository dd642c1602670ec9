// SPDX-License-Identifier: Apache-2.0
// The nine streams of the pipeline (hw/kernels/pipeline), as plain words: the native kernels or
// their RTL behind them.
#pragma once

#include <array>
#include <cstdint>
#include <deque>

#include "hw/abi/limits.hpp"

namespace fpvs::kit {

struct StreamBeat {
    std::array<std::uint8_t, abi::kBeatBytes> data{};
    std::uint64_t keep = 0;
    bool last = false;
    bool operator==(const StreamBeat&) const = default;
};

using RecordBeat = std::array<std::uint64_t, abi::kBeatBits / 64>;

enum class FrameInput { rx_0, rx_1, inject };
enum class FrameOutput { tx_0, tx_1, punt, control };

class CardStreams {
  public:
    virtual ~CardStreams() = default;
    virtual void give(FrameInput port, const StreamBeat& beat) = 0;
    virtual void give_command(const RecordBeat& command) = 0;
    // Runs until nothing moves any more.
    virtual void settle() = 0;
    // Takes all that came out so far.
    virtual std::deque<StreamBeat> take(FrameOutput port) = 0;
    virtual std::deque<RecordBeat> take_events() = 0;
};

}  // namespace fpvs::kit
