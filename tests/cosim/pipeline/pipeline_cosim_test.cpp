// SPDX-License-Identifier: Apache-2.0
// The pipeline's RTL against its native run: every word equal, no frame lost.
//
// FPVS_COSIM_PACKETS says how many packets the matrix has (12,000), FPVS_SEED replays a run.
#include "tests/cosim/pipeline/pipeline_cosim.hpp"

#include <fmt/core.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "tests/cases/case.hpp"
#include "tests/cosim/pipeline/cosim_card.hpp"
#include "tests/kit/card_dataplane.hpp"
#include "tests/kit/traffic.hpp"

namespace fpvs::cosim_test {
namespace {

using kit::CommandRecord;
using kit::FrameInput;
using kit::FrameOutput;

constexpr Pace kPaces[] = {Pace::always, Pace::every_other_cycle, Pace::at_random};
constexpr const char* kPaceNames[] = {"none", "cycle", "random"};

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
            .set<abi::Command::table>(dice >> 42 & 3)
            .set<abi::Command::tag>(dice >> 1);  // Below the tags of the harness's own echoes.
    };
    // Writes have no payload, so they clear an entry.
    switch (dice % 16) {
        case 0:
            return command(abi::Opcode::echo, 1);
        case 1:
            return command(abi::Opcode::set_epoch, 1 << abi::kEpochBits);
        case 2:
            return command(abi::Opcode::read_activity, abi::kFlowBuckets);
        case 3:
        case 4:
            return command(abi::Opcode::read_counter, abi::kServersMax);
        case 5:
            return command(abi::Opcode::write_flow, abi::kFlowBuckets);
        case 6:
            return command(abi::Opcode::write_flow6, abi::kFlow6Buckets);
        case 7:
            return command(abi::Opcode::write_next_hop, abi::kNextHopsMax);
        case 8:
            return command(abi::Opcode::write_server, abi::kServersMax);
        case 9:
            return command(abi::Opcode::write_steer, abi::kSteerWords);
        case 10:
            return command(abi::Opcode::write_reply, abi::kReplyBuckets);
        case 11:
            return command(abi::Opcode::set_cursor, abi::kCursorsMax);
        case 12:
            return command(abi::Opcode::clear_young, abi::kYoungMax);
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
        discard_outputs();
    }
    streams.settle();
    discard_outputs();
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

}  // namespace
}  // namespace fpvs::cosim_test
