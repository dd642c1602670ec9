// SPDX-License-Identifier: Apache-2.0
// The pipeline's RTL in cycles, and how fast it is simulated beside its native run.
#include <fmt/core.h>

#include <chrono>
#include <cstdio>
#include <string_view>

#include "tests/cosim/pipeline/measure.hpp"

namespace {

using fpvs::cosim_test::PipelineCosim;

void print_rates(PipelineCosim& streams, int beats) {
    for (const std::size_t bytes : {60, 65, 1514, 9000}) {
        const int frames =
            static_cast<int>(static_cast<std::size_t>(beats) * 64 / (bytes + 64)) + 2;
        const auto rate = fpvs::cosim_test::measure_rate(streams, bytes, frames);
        fmt::print(
            "{{\"name\": \"pipeline, frames of {} bytes\", \"value\": {:.4f}, \"unit\": "
            "\"cycles/beat\", \"better\": \"lower\", \"must\": 1.0}}\n",
            bytes,
            rate.cycles_per_beat);
    }
}

void print_latency(PipelineCosim& streams) {
    fmt::print(
        "{{\"name\": \"pipeline, latency of a frame of 60 bytes\", \"value\": {}, \"unit\": "
        "\"cycles\", \"better\": \"lower\", \"must\": 90, \"aim\": 60}}\n",
        fpvs::cosim_test::measure_latency(streams, 60));
}

void print_speed(PipelineCosim& streams, int beats) {
    const auto begin = std::chrono::steady_clock::now();
    const auto first = streams.progress().cycles;
    fpvs::cosim_test::measure_rate(streams, 60, beats);
    const double seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    fmt::print(
        "{{\"name\": \"pipeline, RTL and native run in lock-step\", \"value\": {:.0f}, \"unit\": "
        "\"cycles/s\", \"better\": \"higher\"}}\n",
        static_cast<double>(streams.progress().cycles - first) / seconds);
}

}  // namespace

int main(int argc, char** argv) {
    const bool tiny = argc == 2 && std::string_view(argv[1]) == "--tiny";
    const int beats = tiny ? 1000 : 100000;
    PipelineCosim streams(1);
    fpvs::kit::CardDataplane dataplane("RTL", streams);
    dataplane.configure(fpvs::cosim_test::one_flow());
    print_rates(streams, beats);
    print_latency(streams);
    print_speed(streams, beats);
    const auto differences = streams.progress().mismatches;
    fmt::print("{} differences between RTL and native run\n", differences);
    return differences == 0 ? 0 : 1;
}
