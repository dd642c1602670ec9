// SPDX-License-Identifier: Apache-2.0
// The pipeline's RTL in cycles, and how fast it is simulated beside its native run.
#include <fmt/core.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string_view>

#include "tests/cosim/pipeline/measure.hpp"

namespace {

using fpvs::cosim_test::all_paths;
using fpvs::cosim_test::measure_latency;
using fpvs::cosim_test::measure_rate;
using fpvs::cosim_test::Path;
using fpvs::cosim_test::PipelineCosim;
using fpvs::cosim_test::Rate;

// Where packets leave longer, in cycles for each beat that leaves.
void print_rates(PipelineCosim& streams, int beats) {
    for (const Path& path : all_paths()) {
        for (const std::size_t bytes : {60, 65, 1514}) {
            const int frames =
                static_cast<int>(static_cast<std::size_t>(beats) * 64 / (bytes + 64)) + 2;
            const Rate rate = measure_rate(streams, path, bytes, frames);
            const bool by_output = path.kind != Path::Kind::miss && rate.beats_out > rate.beats_in;
            const std::uint64_t moved = by_output ? rate.beats_out : rate.beats_in;
            const std::uint64_t cycles =
                by_output ? rate.cycles_out - measure_latency(streams, path, bytes) : rate.cycles;
            const std::uint64_t first =
                by_output ? moved / static_cast<std::uint64_t>(frames) : std::uint64_t{1};
            fmt::print(
                "{{\"name\": \"pipeline, {}, frames of {} bytes\", \"value\": {:.4f}, \"unit\": "
                "\"cycles/beat\", \"better\": \"lower\", \"must\": 1.0}}\n",
                path.name,
                bytes,
                static_cast<double>(cycles) / static_cast<double>(moved - first));
        }
    }
}

void print_latency(PipelineCosim& streams) {
    for (const Path& path : all_paths()) {
        fmt::print(
            "{{\"name\": \"pipeline, latency, {}, 60 bytes\", \"value\": {}, \"unit\": "
            "\"cycles\", \"better\": \"lower\", \"must\": 90, \"aim\": 60}}\n",
            path.name,
            measure_latency(streams, path, 60));
    }
}

void print_speed(PipelineCosim& streams, int beats) {
    const auto begin = std::chrono::steady_clock::now();
    const auto first = streams.progress().cycles;
    measure_rate(streams, all_paths().front(), 60, beats);
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
    dataplane.configure(fpvs::cosim_test::director_of_all_paths());
    print_rates(streams, beats);
    print_latency(streams);
    print_speed(streams, beats);
    const auto differences = streams.progress().mismatches;
    fmt::print("{} differences between RTL and native run\n", differences);
    return differences == 0 ? 0 : 1;
}
