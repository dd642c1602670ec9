// SPDX-License-Identifier: Apache-2.0
// Figures of the pipeline's RTL, in cycles: exact, whatever the machine.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "tests/cosim/pipeline/pipeline_cosim.hpp"
#include "tests/kit/card_dataplane.hpp"

namespace fpvs::cosim_test {

// What a packet meets on its way.
struct Path {
    enum class Kind { direct, nat, full_nat, tunnel, maglev, miss };
    std::string name;
    Kind kind = Kind::direct;
    bool ipv6 = false;
    abi::Tunnel tunnel = abi::Tunnel::ipip;
    bool reply = false;         // From the server.
    std::uint16_t service = 0;  // A number of its own.
};

const std::vector<Path>& all_paths();
const Path& path_named(const std::string& name);

// A director with a service, a server and a flow for each path; out by port 1, replies by port 0.
kit::Setup director_of_all_paths();

// A packet of the path, `bytes` long; of maglev the `number`th connection's first.
kit::FrameBytes frame_of(const Path& path, std::size_t bytes, std::uint32_t number = 0);
// What the path does with it leaves by this.
kit::FrameOutput output_of(const Path& path);

struct Rate {
    std::uint64_t frames_out = 0;
    std::uint64_t beats_in = 0;
    std::uint64_t beats_out = 0;
    std::uint64_t cycles = 0;      // From the first beat's offer to the last's.
    std::uint64_t cycles_out = 0;  // From the first beat's offer until the last one was taken.
};

// On one port, which offers by the pace that is set.
Rate measure_rate(PipelineCosim& streams, const Path& path, std::size_t frame_bytes, int frames);

// From the first beat in to the last beat out of a frame that is alone.
std::uint64_t measure_latency(PipelineCosim& streams, const Path& path, std::size_t frame_bytes);

}  // namespace fpvs::cosim_test
