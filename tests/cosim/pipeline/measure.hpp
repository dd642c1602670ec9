// SPDX-License-Identifier: Apache-2.0
// Figures of the pipeline's RTL, in cycles: exact, whatever the machine.
#pragma once

#include <cstddef>
#include <cstdint>

#include "tests/cosim/pipeline/pipeline_cosim.hpp"
#include "tests/kit/card_dataplane.hpp"

namespace fpvs::cosim_test {

// A director with one service and one flow, in by port 0, out by port 1.
kit::Setup one_flow();

// A packet of that flow, `bytes` long.
kit::FrameBytes frame_of(std::size_t bytes);

struct Rate {
    std::uint64_t frames_out = 0;
    double cycles_per_beat = 0;
};

// On port 0, which always offers, without commands.  The card is set up with one_flow().
Rate measure_rate(PipelineCosim& streams, std::size_t frame_bytes, int frames);

// From the first beat in to the last beat out of a frame that is alone.
std::uint64_t measure_latency(PipelineCosim& streams, std::size_t frame_bytes);

}  // namespace fpvs::cosim_test
