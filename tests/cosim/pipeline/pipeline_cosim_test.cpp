// SPDX-License-Identifier: Apache-2.0
// The pipeline's RTL against its native run: every word equal, no frame lost, one beat a cycle.
//
// FPVS_COSIM_PACKETS says how many packets the matrix has (20,000), FPVS_SEED replays a run.
#include "tests/cosim/pipeline/pipeline_cosim.hpp"

#include <fmt/core.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include "tests/cases/case.hpp"
#include "tests/cosim/pipeline/measure.hpp"
#include "tests/kit/card_dataplane.hpp"
#include "tests/kit/traffic.hpp"

namespace fpvs::cosim_test {
namespace {

using kit::CommandRecord;
using kit::FrameInput;
using kit::FrameOutput;

constexpr Pace kPaces[] = {Pace::always, Pace::every_other_cycle, Pace::at_random};
constexpr const char* kPaceNames[] = {"none", "cycle", "random"};

struct Card {
    std::uint64_t seed = kit::seed_from_environment(1);
    PipelineCosim streams{seed};
    kit::CardDataplane dataplane{"RTL", streams};
};

Card& card() {
    static Card one;
    return one;
}

// Each test leaves the card empty, without a difference so far.
class Cosim : public testing::Test {
  protected:
    void SetUp() override { card().streams.set_paces(Pace::always, Pace::always); }
    void TearDown() override {
        EXPECT_EQ(card().streams.progress().mismatches, 0u);
        EXPECT_EQ(card().streams.owed(), 0u);
        EXPECT_EQ(card().streams.waiting(), 0u);
    }
};

class CosimCases : public Cosim, public testing::WithParamInterface<cases::Case> {};

TEST_P(CosimCases, rtl_does_what_the_case_says) {
    const std::string wrong = cases::run_case(card().dataplane, GetParam());
    EXPECT_TRUE(wrong.empty()) << wrong;
}

INSTANTIATE_TEST_SUITE_P(Cases,
                         CosimCases,
                         testing::ValuesIn(cases::catalogue()),
                         [](const auto& instance) { return instance.param.name; });

INSTANTIATE_TEST_SUITE_P(Golden,
                         CosimCases,
                         testing::ValuesIn(cases::golden_cases()),
                         [](const auto& instance) { return instance.param.name; });

std::uint64_t packets_wanted() {
    const char* text = std::getenv("FPVS_COSIM_PACKETS");
    return text == nullptr ? 20000 : std::strtoull(text, nullptr, 10);
}

std::uint64_t frames_counted() {
    std::uint64_t sum = 0;
    for (const auto& [reason, count] : card().dataplane.counts().reasons) {
        sum += count.packets;
    }
    return sum;
}

// A command of any kind; none changes what packets may rely on for longer than the next one.
CommandRecord any_command(std::uint64_t dice) {
    const auto index = static_cast<std::uint32_t>(dice >> 8);
    const auto command = [&](abi::Opcode opcode, std::uint32_t bound) {
        return kit::command_of(opcode)
            .set<abi::Command::index>(index % bound)
            .set<abi::Command::way>(dice >> 40 & 3)
            .set<abi::Command::table>(dice >> 42 & 1)
            .set<abi::Command::tag>(dice >> 1);  // Below the tags of the harness's own echoes.
    };
    switch (dice % 8) {
        case 0:
            return command(abi::Opcode::echo, 1);
        case 1:
            return command(abi::Opcode::set_epoch, 0x10000);
        case 2:
        case 3:
            return command(abi::Opcode::read_activity, abi::kFlowBuckets);
        case 4:
            return command(abi::Opcode::read_counter, abi::kReasonsMax);
        case 5:
            return command(abi::Opcode::write_flow, abi::kFlowBuckets);  // Clears an entry.
        case 6:
            return command(abi::Opcode::write_next_hop, abi::kNextHopsMax);
        default:
            return command(static_cast<abi::Opcode>(dice >> 48 & 0xff), 0x20000);
    }
}

struct Offered {
    std::uint64_t packets = 0;
    std::uint64_t beats = 0;
    std::uint64_t injected = 0;
};

// Frames into both ports, some injected ones and commands of all kinds, until `packets` were given.
Offered run_traffic(kit::Traffic& traffic, std::uint64_t packets, std::uint64_t seed) {
    PipelineCosim& streams = card().streams;
    std::mt19937_64 random(seed);
    Offered offered;
    while (offered.packets < packets) {
        // A little ahead of the RTL, so that both ports always have something to offer.
        while (streams.waiting() < 64) {
            const kit::Received received = traffic.next();
            const FrameInput port = received.port == 0 ? FrameInput::rx_0 : FrameInput::rx_1;
            for (const kit::StreamBeat& beat : kit::beats_of(received.frame)) {
                streams.give(port, beat);
                ++offered.beats;
            }
            ++offered.packets;
            const std::uint64_t dice = random();
            if (dice % 16 == 0) {
                streams.give_command(any_command(random()).words);
            }
            if ((dice >> 32) % 32 == 0) {
                const int to = static_cast<int>(random() % 3);
                streams.give(FrameInput::inject, kit::inject_header(to, received.frame.size()));
                for (const kit::StreamBeat& beat : kit::beats_of(received.frame)) {
                    streams.give(FrameInput::inject, beat);
                }
                ++offered.injected;
            }
        }
        streams.cycle();
        // The catalogue looks at words; here the lock-step compare is the check.
        for (const FrameOutput port : {FrameOutput::tx_0, FrameOutput::tx_1, FrameOutput::punt}) {
            streams.take(port);
        }
    }
    streams.settle();
    for (const FrameOutput port : {FrameOutput::tx_0, FrameOutput::tx_1, FrameOutput::punt}) {
        streams.take(port);
    }
    streams.take_events();
    return offered;
}

TEST_F(Cosim, rtl_equals_the_native_run_in_every_pattern_of_idle_and_back_pressure) {
    const std::uint64_t packets = (packets_wanted() + 8) / 9;
    kit::TrafficMix mix;
    mix.jumbo_percent = 1;
    kit::Traffic traffic(card().seed, mix);
    Offered sum;
    const auto begin = std::chrono::steady_clock::now();
    const std::uint64_t first_cycle = card().streams.progress().cycles;
    for (int idle = 0; idle < 3; ++idle) {
        for (int pressure = 0; pressure < 3; ++pressure) {
            card().dataplane.configure(traffic.setup());
            card().streams.set_paces(kPaces[idle], kPaces[pressure]);
            const Offered offered = run_traffic(
                traffic, packets, card().seed + static_cast<std::uint64_t>(3 * idle + pressure));
            card().streams.set_paces(Pace::always, Pace::always);
            sum.packets += offered.packets;
            sum.beats += offered.beats;
            sum.injected += offered.injected;
            const Progress now = card().streams.progress();
            fmt::print("idle {:6} back-pressure {:6}: {:7} packets, {} differences\n",
                       kPaceNames[idle],
                       kPaceNames[pressure],
                       offered.packets,
                       now.mismatches);
            ASSERT_EQ(now.mismatches, 0u);
            ASSERT_EQ(card().streams.owed(), 0u);
        }
    }
    const double seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    const std::uint64_t cycles = card().streams.progress().cycles - first_cycle;
    fmt::print("{} packets, {} beats, {} injected, {} cycles, 0 differences, {:.0f} cycles/s\n",
               sum.packets,
               sum.beats,
               sum.injected,
               cycles,
               static_cast<double>(cycles) / seconds);
}

// Nothing but odd, cut and random frames: a tenth of the matrix's packets.
TEST_F(Cosim, hostile_frames_are_each_counted_once_and_hang_nothing) {
    kit::TrafficMix mix;
    mix.known_percent = 0;
    mix.odd_percent = 40;
    mix.cut_percent = 30;
    kit::Traffic traffic(card().seed + 100, mix);
    card().dataplane.configure(traffic.setup());
    const std::uint64_t before = frames_counted();
    card().streams.set_paces(Pace::at_random, Pace::at_random);
    const Offered offered = run_traffic(traffic, packets_wanted() / 10, card().seed + 101);
    card().streams.set_paces(Pace::always, Pace::always);
    EXPECT_EQ(frames_counted() - before, offered.packets + offered.injected);
    fmt::print("{} hostile packets, {} differences\n",
               offered.packets,
               card().streams.progress().mismatches);
}

TEST_F(Cosim, a_beat_leaves_every_cycle_whatever_the_length_of_frames) {
    card().dataplane.configure(one_flow());
    for (const std::size_t bytes : {60, 64, 65, 128, 129, 590, 1514, 9000}) {
        const int frames = static_cast<int>(20000 * 64 / (bytes + 64));
        const Rate rate = measure_rate(card().streams, bytes, frames);
        fmt::print("frames of {:4} bytes: {:.3f} cycles a beat\n", bytes, rate.cycles_per_beat);
        EXPECT_EQ(rate.cycles_per_beat, 1.0) << bytes;
        EXPECT_EQ(rate.frames_out, static_cast<std::uint64_t>(frames));
    }
}

TEST_F(Cosim, latency_of_a_lone_frame_is_bounded) {
    card().dataplane.configure(one_flow());
    for (const std::size_t bytes : {60, 1514}) {
        const std::uint64_t cycles = measure_latency(card().streams, bytes);
        fmt::print(
            "frame of {} bytes: last beat out {} cycles after the first one in\n", bytes, cycles);
        EXPECT_LE(cycles, 200u);
    }
}

// A packet that sees a flow's entry sees the next hop that was written before it.
TEST_F(Cosim, no_packet_sees_half_of_an_update) {
    kit::Setup setup = one_flow();
    setup.flows.clear();
    card().dataplane.configure(setup);
    const abi::HashKey key{0x0706050403020100u, 0x0f0e0d0c0b0a0908u};
    const kit::FlowSetup flow{0x0a000002, 30000, 1, 5, 9};
    const std::uint32_t bucket = abi::flow_bucket(key, abi::flow_key(0x0a000002, 30000, 1));
    kit::NextHopSetup hop = setup.next_hops[0];
    hop.next_hop = 9;
    const CommandRecord clear_flow =
        kit::command_of(abi::Opcode::write_flow).set<abi::Command::index>(bucket);
    const CommandRecord clear_hop =
        kit::command_of(abi::Opcode::write_next_hop).set<abi::Command::index>(9);
    const kit::FrameBytes frame = frame_of(60);
    for (int round = 0; round < 200; ++round) {
        card().streams.give_command(kit::write_next_hop(hop).words);
        card().streams.give_command(kit::write_flow(bucket, 0, flow).words);
        for (int i = 0; i < 60 + round % 7; ++i) {
            card().streams.give(FrameInput::rx_0, kit::beats_of(frame)[0]);
            card().streams.cycle();
        }
        card().streams.give_command(clear_flow.words);
        card().streams.settle();
        card().streams.give_command(clear_hop.words);
    }
    const kit::Observed observed = card().dataplane.run({});
    EXPECT_GT(observed.sent.size(), 1000u);
    EXPECT_GT(observed.punted.size(), 1000u);
    for (const kit::Punted& punted : observed.punted) {
        ASSERT_EQ(punted.reason, abi::Reason::flow_miss);
    }
}

TEST_F(Cosim, a_stalled_punt_stream_stops_neither_injected_frames_nor_itself_for_good) {
    card().dataplane.configure(one_flow());
    PipelineCosim& streams = card().streams;
    streams.hold(FrameOutput::punt, true);
    kit::FrameSpec unknown;
    unknown.source_port = 1;
    for (int i = 0; i < 2000; ++i) {
        streams.give(FrameInput::rx_0, kit::beats_of(kit::build_frame(unknown))[0]);
    }
    const kit::FrameBytes frame = frame_of(1514);
    for (int i = 0; i < 100; ++i) {
        streams.give(FrameInput::inject, kit::inject_header(i % 2, frame.size()));
        for (const kit::StreamBeat& beat : kit::beats_of(frame)) {
            streams.give(FrameInput::inject, beat);
        }
    }
    for (int i = 0; i < 5000; ++i) {
        streams.cycle();
    }
    EXPECT_EQ(kit::frames_of(streams.take(FrameOutput::tx_0)).size(), 50u);
    EXPECT_EQ(kit::frames_of(streams.take(FrameOutput::tx_1)).size(), 50u);
    streams.hold(FrameOutput::punt, false);
    EXPECT_EQ(card().dataplane.run({}).punted.size(), 2000u);
}

}  // namespace
}  // namespace fpvs::cosim_test
