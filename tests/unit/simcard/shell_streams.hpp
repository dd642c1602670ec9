// SPDX-License-Identifier: Apache-2.0
// The pipeline's streams as the whole card has them: frames through its MACs, the rest through its
// rings.
#pragma once

#include <deque>

#include "sim/card/verilated_card.hpp"
#include "tests/kit/card_streams.hpp"
#include "tests/unit/simcard/ring_host.hpp"
#include "tests/unit/simcard/verilated_bus.hpp"

namespace fpvs::sim::card {

class ShellStreams final : public kit::CardStreams {
  public:
    explicit ShellStreams(VerilatedCard& card);

    void give(kit::FrameInput port, const kit::StreamBeat& beat) override;
    void give_command(const kit::RecordBeat& command) override;
    void settle() override;
    std::deque<kit::StreamBeat> take(kit::FrameOutput port) override;
    std::deque<kit::RecordBeat> take_events() override;

  private:
    void collect();
    void collect_punted(abi::Ring ring, std::deque<kit::StreamBeat>& beats);

    VerilatedCard& card_;
    VerilatedBus bus_;
    RingHost host_;
    std::size_t commands_waiting_ = 0;
    Frame rx_frames_[kPorts];
    Frame inject_frame_;
    std::deque<kit::StreamBeat> tx_beats_[kPorts];
    std::deque<kit::StreamBeat> punt_beats_;
    std::deque<kit::StreamBeat> control_beats_;
    std::deque<kit::RecordBeat> events_;
};

}  // namespace fpvs::sim::card
