// SPDX-License-Identifier: Apache-2.0
#include "tests/cosim/pipeline/measure.hpp"

namespace fpvs::cosim_test {
namespace {

constexpr std::size_t kHeaderBytes = 54;

std::uint64_t give(PipelineCosim& streams, const kit::FrameBytes& frame) {
    const auto beats = kit::beats_of(frame);
    for (const kit::StreamBeat& beat : beats) {
        streams.give(kit::FrameInput::rx_0, beat);
    }
    return beats.size();
}

}  // namespace

kit::Setup one_flow() {
    kit::Setup setup;
    setup.ports[0] = {0x0200000000d0, true};
    setup.services = {{0x0a000064, 80, 6, 1}};
    kit::NextHopSetup hop;
    hop.destination_mac = 0x020000000105;
    hop.source_mac = 0x0200000000d1;
    hop.port = 1;
    hop.mtu = 9582;
    setup.next_hops = {hop};
    setup.servers = {{5, 0}};
    setup.flows = {{0x0a000002, 30000, 1, 5}};
    return setup;
}

kit::FrameBytes frame_of(std::size_t bytes) {
    kit::FrameSpec spec;
    spec.payload_bytes = bytes - kHeaderBytes;
    return kit::build_frame(spec);
}

Rate measure_rate(PipelineCosim& streams, std::size_t frame_bytes, int frames) {
    const kit::FrameBytes frame = frame_of(frame_bytes);
    std::uint64_t beats = 0;
    for (int i = 0; i < frames; ++i) {
        beats += give(streams, frame);
    }
    streams.cycle();
    const std::uint64_t first = streams.last_offer(kit::FrameInput::rx_0);
    streams.settle();
    const std::uint64_t last = streams.last_offer(kit::FrameInput::rx_0);
    Rate rate;
    rate.frames_out = kit::frames_of(streams.take(kit::FrameOutput::tx_1)).size();
    rate.cycles_per_beat = static_cast<double>(last - first) / static_cast<double>(beats - 1);
    return rate;
}

std::uint64_t measure_latency(PipelineCosim& streams, std::size_t frame_bytes) {
    give(streams, frame_of(frame_bytes));
    streams.cycle();
    const std::uint64_t first = streams.last_offer(kit::FrameInput::rx_0);
    streams.settle();
    const std::uint64_t last = streams.last_take(kit::FrameOutput::tx_1);
    streams.take(kit::FrameOutput::tx_1);
    return last - first;
}

}  // namespace fpvs::cosim_test
