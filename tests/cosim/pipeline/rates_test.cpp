// SPDX-License-Identifier: Apache-2.0
// How fast the pipeline's RTL is, in cycles: exact, whatever the machine.  Packets a second are
// those cycles at the clock that is meant, 300 MHz, which no place and route has confirmed.
#include <fmt/core.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "tests/cosim/pipeline/cosim_card.hpp"
#include "tests/cosim/pipeline/measure.hpp"

namespace fpvs::cosim_test {
namespace {

using kit::FrameInput;
using kit::FrameOutput;

constexpr double kClockMhz = 300;
// 100 Gbit/s with frames of 60 and 65 bytes before their FCS: 84 and 89 bytes on the wire.
constexpr double kLineMpps60 = 148.81;
constexpr double kLineMpps65 = 140.45;
constexpr std::uint64_t kLatencyCyclesMax = 90;

// The side with more beats sets the pace.  Where that is the output, the wire is ahead of it by
// what the FIFOs hold, so the output is measured, without the time that a lone frame takes.
struct Pacing {
    bool by_output = false;
    double cycles_per_beat = 0;
    double mpps = 0;
};

Pacing pacing_of(const Path& path, std::size_t bytes, const Rate& rate, int frames) {
    Pacing pacing;
    pacing.by_output = path.kind != Path::Kind::miss && rate.beats_out > rate.beats_in;
    std::uint64_t cycles = rate.cycles;
    std::uint64_t beats = rate.beats_in - 1;
    if (pacing.by_output) {
        cycles = rate.cycles_out - measure_latency(card().streams, path, bytes);
        beats = rate.beats_out - rate.beats_out / static_cast<std::uint64_t>(frames);
    }
    pacing.cycles_per_beat = static_cast<double>(cycles) / static_cast<double>(beats);
    pacing.mpps = kClockMhz * (frames - 1) / static_cast<double>(cycles);
    return pacing;
}

TEST_F(Cosim, a_beat_is_taken_or_leaves_every_cycle_on_every_path) {
    constexpr int kFrames = 1500;
    card().dataplane.configure(director_of_all_paths());
    fmt::print("{:14} {:>6} {:>12} {:>12}\n", "path", "bytes", "cycles/beat", "Mpps");
    for (const Path& path : all_paths()) {
        for (const std::size_t bytes : {60, 65, 129, 590, 1514, 9000}) {
            const int frames = std::max<int>(kFrames * 64 / static_cast<int>(bytes + 64), 40);
            const Rate rate = measure_rate(card().streams, path, bytes, frames);
            const Pacing pacing = pacing_of(path, bytes, rate, frames);
            fmt::print("{:14} {:6} {:12.3f} {:12.2f} {}\n",
                       path.name,
                       bytes,
                       pacing.cycles_per_beat,
                       pacing.mpps,
                       pacing.by_output ? "limited by the longer packets that leave" : "");
            EXPECT_LE(pacing.cycles_per_beat, 1.0005) << path.name << " " << bytes;
            if (path.kind != Path::Kind::miss) {
                EXPECT_EQ(rate.frames_out, static_cast<std::uint64_t>(frames)) << path.name;
            }
            if (!pacing.by_output && bytes <= 65) {
                EXPECT_GE(pacing.mpps, bytes == 60 ? kLineMpps60 : kLineMpps65) << path.name;
            }
        }
    }
}

TEST_F(Cosim, latency_of_the_shortest_frame_is_bounded) {
    card().dataplane.configure(director_of_all_paths());
    for (const Path& path : all_paths()) {
        const std::uint64_t cycles = measure_latency(card().streams, path, 60);
        const std::uint64_t long_cycles = measure_latency(card().streams, path, 1514);
        fmt::print("{:14} 60 bytes: {} cycles ({:.0f} ns), 1514 bytes: {}\n",
                   path.name,
                   cycles,
                   static_cast<double>(cycles) * 1000 / kClockMhz,
                   long_cycles);
        EXPECT_LE(cycles, kLatencyCyclesMax) << path.name;
    }
}

// Frames at 150 Mpps, a little more than the wire has, and beside them what a busy host asks: a
// million flows inserted and a million deleted a second, counters read, and new connections.
TEST_F(Cosim, a_million_flows_a_second_come_and_go_at_line_rate) {
    constexpr int kFrames = 6000;
    constexpr int kCyclesPerCommand = 150;  // At 300 MHz two a microsecond.
    card().dataplane.configure(director_of_all_paths());
    PipelineCosim& streams = card().streams;
    const Path& direct = path_named("direct");
    const Path& fresh = path_named("new, by mh");
    streams.set_paces(Pace::every_other_cycle, Pace::always);
    for (int i = 0; i < kFrames; ++i) {
        const Path& path = i % 8 == 0 ? fresh : direct;
        const auto frame = frame_of(path, 60, 0x40000u + static_cast<std::uint32_t>(i));
        streams.give(FrameInput::rx_0, kit::beats_of(frame)[0]);
    }
    int writes = 0;
    const std::uint64_t begin = streams.progress().cycles;
    while (streams.waiting() > 0) {
        if ((streams.progress().cycles - begin) % kCyclesPerCommand == 0) {
            kit::FlowSetup flow;
            flow.client = 0x0b000000u + static_cast<std::uint32_t>(writes / 2);
            flow.client_port = 7;
            flow.service = direct.service;
            flow.server = direct.service;
            if (writes++ % 2 == 0) {
                card().dataplane.add_flow(flow);
            } else {
                card().dataplane.remove_flow(flow);
            }
            streams.give_command(kit::at(abi::Opcode::read_counter, 30, writes % 4).words);
        }
        streams.cycle();
    }
    const std::uint64_t cycles = streams.progress().cycles - begin;
    streams.settle();
    const auto sent = kit::frames_of(streams.take(FrameOutput::tx_1)).size();
    discard_outputs();
    fmt::print("{} frames in {} cycles: {:.2f} Mpps beside {:.2f} million flow writes a second\n",
               kFrames,
               cycles,
               kClockMhz * kFrames / static_cast<double>(cycles),
               kClockMhz * writes / static_cast<double>(cycles));
    EXPECT_LE(cycles, 2u * kFrames + 16u) << "the wire had to wait";
    EXPECT_EQ(sent, static_cast<std::size_t>(kFrames));
    EXPECT_GE(kClockMhz * writes / static_cast<double>(cycles), 2.0);
}

// What the host cannot take is lost newest first; the wire never waits, and control traffic passes.
TEST_F(Cosim, a_flood_of_misses_stops_neither_known_flows_nor_control_traffic) {
    constexpr int kRounds = 1500;
    card().dataplane.configure(director_of_all_paths());
    const auto before = card().dataplane.counts();
    PipelineCosim& streams = card().streams;
    streams.hold(FrameOutput::punt, true);
    const auto miss = kit::beats_of(frame_of(path_named("miss"), 60))[0];
    const auto known = kit::beats_of(frame_of(path_named("direct"), 60))[0];
    kit::FrameSpec arp_spec;
    arp_spec.ether_type = 0x0806;
    const auto arp = kit::beats_of(kit::build_frame(arp_spec))[0];
    for (int i = 0; i < kRounds; ++i) {
        for (int k = 0; k < 8; ++k) {
            streams.give(FrameInput::rx_0, miss);
        }
        streams.give(FrameInput::rx_0, known);
        if (i % 16 == 0) {
            streams.give(FrameInput::rx_0, arp);
        }
    }
    const std::uint64_t begin = streams.progress().cycles;
    while (streams.waiting() > 0) {
        streams.cycle();
    }
    const std::uint64_t cycles = streams.progress().cycles - begin;
    for (int i = 0; i < 1000; ++i) {
        streams.cycle();
    }
    EXPECT_LE(cycles, 9u * kRounds + kRounds / 16 + 32u) << "the wire had to wait";
    EXPECT_EQ(kit::frames_of(streams.take(FrameOutput::tx_1)).size(), std::size_t{kRounds});
    const auto control = kit::punted_of(streams.take(FrameOutput::control), true);
    EXPECT_EQ(control.size(), static_cast<std::size_t>((kRounds + 15) / 16));
    streams.hold(FrameOutput::punt, false);
    streams.settle();
    const auto punted = kit::punted_of(streams.take(FrameOutput::punt), false);
    streams.take_events();
    const auto after = card().dataplane.counts();
    const auto grown = [&](abi::Reason reason) {
        const auto old = before.reasons.find(reason);
        const auto now = after.reasons.find(reason);
        return (now == after.reasons.end() ? 0 : now->second.packets) -
               (old == before.reasons.end() ? 0 : old->second.packets);
    };
    fmt::print("{} misses: {} for the host, {} lost and counted\n",
               8 * kRounds,
               punted.size(),
               grown(abi::Reason::punt_full));
    EXPECT_GT(punted.size(), 100u);
    EXPECT_EQ(punted.size() + grown(abi::Reason::punt_full), std::size_t{8} * kRounds);
    EXPECT_EQ(grown(abi::Reason::flow_miss), std::uint64_t{8} * kRounds);
}

TEST_F(Cosim, stalled_punt_streams_stop_no_injected_frame) {
    constexpr int kFrames = 2000;
    constexpr int kInjected = 100;
    card().dataplane.configure(director_of_all_paths());
    PipelineCosim& streams = card().streams;
    streams.hold(FrameOutput::punt, true);
    streams.hold(FrameOutput::control, true);
    kit::FrameSpec arp_spec;
    arp_spec.ether_type = 0x0806;
    for (int i = 0; i < kFrames; ++i) {
        streams.give(FrameInput::rx_0, kit::beats_of(frame_of(path_named("miss"), 60))[0]);
        streams.give(FrameInput::rx_0, kit::beats_of(kit::build_frame(arp_spec))[0]);
    }
    const kit::FrameBytes frame = frame_of(path_named("direct"), 1514);
    for (int i = 0; i < kInjected; ++i) {
        streams.give(FrameInput::inject, kit::inject_header(i % 2, frame.size()));
        for (const kit::StreamBeat& beat : kit::beats_of(frame)) {
            streams.give(FrameInput::inject, beat);
        }
    }
    streams.settle();
    EXPECT_EQ(kit::frames_of(streams.take(FrameOutput::tx_0)).size(), kInjected / 2u);
    EXPECT_EQ(kit::frames_of(streams.take(FrameOutput::tx_1)).size(), kInjected / 2u);
    streams.hold(FrameOutput::punt, false);
    streams.hold(FrameOutput::control, false);
    streams.settle();
    EXPECT_GT(kit::punted_of(streams.take(FrameOutput::punt), false).size(), 100u);
    EXPECT_GT(kit::punted_of(streams.take(FrameOutput::control), true).size(), 100u);
    streams.take_events();
}

}  // namespace
}  // namespace fpvs::cosim_test
