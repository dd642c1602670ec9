// SPDX-License-Identifier: Apache-2.0
// The kernels as a program: one pipeline a process, so one object a test program.
#pragma once

#include <hls_stream.h>

#include "hw/kernels/pipeline/pipeline.hpp"
#include "tests/kit/card_streams.hpp"

namespace fpvs::kit {

class NativeStreams final : public CardStreams {
  public:
    void give(FrameInput port, const StreamBeat& beat) override;
    void give_command(const RecordBeat& command) override;
    void settle() override;
    std::deque<StreamBeat> take(FrameOutput port) override;
    std::deque<RecordBeat> take_events() override;

    // Lets every stage do one step.
    void step();

  private:
    using AxisStream = hls::stream<lib::AxisBeat>;
    AxisStream rx_0_;
    AxisStream rx_1_;
    AxisStream inject_;
    AxisStream tx_0_;
    AxisStream tx_1_;
    AxisStream punt_;
    AxisStream control_;
    hls::stream<ap_uint<512>> command_;
    hls::stream<ap_uint<512>> event_;
};

}  // namespace fpvs::kit
