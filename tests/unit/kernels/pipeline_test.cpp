// SPDX-License-Identifier: Apache-2.0
// What the native pipeline does beyond single packets: commands, counters, injected frames, load.
#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "tests/kit/frame_diff.hpp"
#include "tests/kit/native_dataplane.hpp"
#include "tests/kit/traffic.hpp"

namespace fpvs {
namespace {

using abi::Reason;
using kit::CommandRecord;
using kit::native_dataplane;

const kit::FlowSetup kFlow{0x0a000002, 30000, 1, 5};

kit::Setup one_flow() {
    kit::Setup setup;
    setup.ports[0] = {0x0200000000d0, true};
    setup.services = {{0x0a000064, 80, 6, 1}};
    kit::NextHopSetup hop;
    hop.destination_mac = 0x020000000105;
    hop.source_mac = 0x0200000000d1;
    hop.port = 1;
    setup.next_hops = {hop};
    setup.servers = {{5, 0}};
    setup.flows = {kFlow};
    return setup;
}

CommandRecord tagged(abi::Opcode opcode, std::uint64_t tag) {
    return kit::command_of(opcode).set<abi::Command::tag>(tag);
}

std::uint64_t frames_counted(const kit::Counts& counts) {
    std::uint64_t sum = 0;
    for (const auto& [reason, count] : counts.reasons) {
        sum += count.packets;
    }
    return sum;
}

TEST(Pipeline, answers_come_in_the_order_of_their_commands_with_their_tags) {
    native_dataplane().configure(one_flow());
    std::vector<CommandRecord> commands;
    for (std::uint64_t tag = 0; tag < 60; tag += 3) {
        commands.push_back(tagged(abi::Opcode::echo, tag));
        commands.push_back(tagged(abi::Opcode::read_activity, tag + 1));
        commands.push_back(tagged(abi::Opcode::nop, 0));
        commands.push_back(tagged(abi::Opcode::read_counter, tag + 2));
    }
    const auto answers = native_dataplane().command(commands);
    ASSERT_EQ(answers.size(), 60u);
    const abi::EventKind kinds[] = {
        abi::EventKind::echo, abi::EventKind::activity, abi::EventKind::counter};
    for (std::uint64_t i = 0; i < answers.size(); ++i) {
        EXPECT_EQ(answers[i].get<abi::Event::kind>(), static_cast<std::uint64_t>(kinds[i % 3]));
        EXPECT_EQ(answers[i].get<abi::Event::tag>(), i);
    }
}

TEST(Pipeline, a_command_for_what_does_not_exist_is_ignored) {
    native_dataplane().configure(one_flow());
    std::vector<CommandRecord> commands;
    const auto bad = [&](abi::Opcode opcode, std::uint32_t index, int way, int table) {
        commands.push_back(kit::command_of(opcode)
                               .set<abi::Command::index>(index)
                               .set<abi::Command::way>(static_cast<std::uint64_t>(way))
                               .set<abi::Command::table>(static_cast<std::uint64_t>(table)));
    };
    // Each would clear or read something that exists if its index wrapped around.
    for (std::uint32_t bucket = 0; bucket < abi::kFlowBuckets; ++bucket) {
        bad(abi::Opcode::write_flow, bucket + abi::kFlowBuckets, 0, 0);
    }
    for (std::uint32_t bucket = 0; bucket < abi::kServiceBuckets; ++bucket) {
        for (const int bank : {0, 1}) {
            bad(abi::Opcode::write_service, bucket, 4, bank);
            bad(abi::Opcode::write_service, bucket + abi::kServiceBuckets, 0, bank);
        }
        bad(abi::Opcode::write_service, bucket, 0, 2 + native_dataplane().version());
    }
    bad(abi::Opcode::write_server, abi::kServersMax + 5, 0, 0);
    bad(abi::Opcode::set_version, 2, 0, 0);
    bad(abi::Opcode::set_cursor, abi::kCursorsMax, 0, 0);
    bad(abi::Opcode::write_steer, abi::kSteerWords, 0, 0);
    bad(abi::Opcode::clear_young, abi::kYoungMax, 0, 0);
    bad(abi::Opcode::write_next_hop, abi::kNextHopsMax, 0, 0);
    bad(abi::Opcode::write_port, 2, 0, 0);
    bad(abi::Opcode::write_port, 0x10000, 0, 0);
    bad(abi::Opcode::read_counter, 0, 4, 0);
    bad(abi::Opcode::read_counter, 0, 0, 4);
    bad(abi::Opcode::read_counter, abi::kReasonsMax, 0, 0);
    bad(abi::Opcode::read_counter, abi::kServersMax, 0, 1);
    bad(abi::Opcode::read_activity, abi::kFlowBuckets, 0, 0);
    for (int opcode = 18; opcode < 256; ++opcode) {
        bad(static_cast<abi::Opcode>(opcode), 0, 0, 0);
    }
    EXPECT_TRUE(native_dataplane().command(commands).empty());
    const auto observed = native_dataplane().run({{0, kit::build_frame({})}});
    EXPECT_EQ(observed.sent.size(), 1u);
}

TEST(Pipeline, a_forwarded_packet_stamps_its_flow_with_the_epoch_and_a_punted_one_does_not) {
    native_dataplane().configure(one_flow());
    native_dataplane().set_epoch(7);
    native_dataplane().run({{0, kit::build_frame({})}});
    EXPECT_EQ(native_dataplane().activity(kFlow), 7u);
    native_dataplane().set_epoch(0x1ff);
    EXPECT_EQ(native_dataplane().activity(kFlow), 7u);
    kit::FrameSpec spent;
    spent.ttl = 1;
    native_dataplane().run({{0, kit::build_frame(spent)}});
    EXPECT_EQ(native_dataplane().activity(kFlow), 7u);
    native_dataplane().run({{0, kit::build_frame({})}});
    EXPECT_EQ(native_dataplane().activity(kFlow), 0x1ffu);
}

TEST(Pipeline, another_hash_key_moves_the_flows) {
    native_dataplane().configure(one_flow());
    native_dataplane().command({kit::set_hash_key({1, 2})});
    const auto observed = native_dataplane().run({{0, kit::build_frame({})}});
    ASSERT_EQ(observed.punted.size(), 1u);
    EXPECT_EQ(observed.punted[0].reason, Reason::flow_miss);
}

TEST(Pipeline, an_injected_frame_leaves_by_its_port_as_it_is_and_is_counted) {
    native_dataplane().configure(one_flow());
    for (const std::size_t payload : {0, 6, 10, 11, 74, 1460, 8946}) {
        kit::FrameSpec spec;
        spec.payload_bytes = payload;
        const kit::FrameBytes frame = kit::build_frame(spec);
        for (const int port : {0, 1}) {
            const kit::Counts before = native_dataplane().counts();
            const auto observed = native_dataplane().inject(port, frame);
            ASSERT_EQ(observed.sent.size(), 1u);
            EXPECT_EQ(observed.sent[0].port, port);
            EXPECT_EQ(kit::frame_diff(frame, observed.sent[0].frame), "");
            kit::Count expected = before.reasons.contains(Reason::injected)
                                      ? before.reasons.at(Reason::injected)
                                      : kit::Count{};
            expected.packets += 1;
            expected.bytes += frame.size();
            EXPECT_EQ(native_dataplane().counts().reasons.at(Reason::injected), expected);
        }
    }
}

TEST(Pipeline, an_injected_frame_for_no_port_is_dropped_and_the_next_one_is_not) {
    native_dataplane().configure(one_flow());
    const kit::FrameBytes frame = kit::build_frame({});
    for (const int port : {2, 255}) {
        EXPECT_TRUE(native_dataplane().inject(port, frame).sent.empty());
        EXPECT_EQ(native_dataplane().inject(1, frame).sent.size(), 1u);
    }
    EXPECT_GE(native_dataplane().counts().reasons.at(Reason::inject_port).packets, 2u);
}

TEST(Pipeline, an_inject_header_without_a_frame_is_ignored) {
    native_dataplane().configure(one_flow());
    kit::StreamBeat header = kit::inject_header(0, 0);
    header.last = true;
    kit::native_streams().give(kit::FrameInput::inject, header);
    const auto observed = native_dataplane().inject(1, kit::build_frame({}));
    ASSERT_EQ(observed.sent.size(), 1u);
    EXPECT_EQ(observed.sent[0].port, 1);
}

TEST(Pipeline, forwarded_and_injected_frames_share_a_port_turn_about) {
    native_dataplane().configure(one_flow());
    kit::FrameSpec spec;
    spec.payload_bytes = 200;
    const kit::FrameBytes frame = kit::build_frame(spec);
    std::vector<kit::Received> frames(40, kit::Received{0, frame});
    for (int i = 0; i < 40; ++i) {
        kit::native_streams().give(kit::FrameInput::inject, kit::inject_header(1, frame.size()));
        for (const kit::StreamBeat& beat : kit::beats_of(frame)) {
            kit::native_streams().give(kit::FrameInput::inject, beat);
        }
    }
    const auto observed = native_dataplane().run(frames);
    ASSERT_EQ(observed.sent.size(), 80u);
    int longest_run = 0;
    int run = 0;
    // Once both wait, neither sends two in a row; the pipeline's own latency comes before that.
    for (std::size_t i = 20; i < 60; ++i) {
        const bool same = observed.sent[i].frame == observed.sent[i - 1].frame;
        run = same ? run + 1 : 1;
        longest_run = std::max(longest_run, run);
    }
    EXPECT_LE(longest_run, 2);
}

TEST(Pipeline, a_hundred_thousand_random_frames_are_each_settled_once) {
    constexpr int kFrames = 100000;
    constexpr int kBurst = 500;
    const std::uint64_t seed = kit::seed_from_environment(1);
    kit::TrafficMix mix;
    mix.known_percent = 40;
    kit::Traffic traffic(seed, mix);
    native_dataplane().configure(traffic.setup());
    const kit::Counts before = native_dataplane().counts();
    std::size_t sent = 0;
    std::size_t punted = 0;
    std::uint64_t frame_bytes = 0;
    for (int frame = 0; frame < kFrames; frame += kBurst) {
        std::vector<kit::Received> burst;
        for (int i = 0; i < kBurst; ++i) {
            burst.push_back(traffic.next());
            frame_bytes += burst.back().frame.size();
        }
        const auto observed = native_dataplane().run(burst);
        sent += observed.sent.size();
        punted += observed.punted.size();
    }
    const kit::Counts after = native_dataplane().counts();
    EXPECT_EQ(frames_counted(after) - frames_counted(before), std::uint64_t{kFrames});
    std::map<abi::Verdict, std::uint64_t> verdicts;
    std::uint64_t counted_bytes = 0;
    for (const auto& [reason, count] : after.reasons) {
        const auto old = before.reasons.find(reason);
        const kit::Count base = old == before.reasons.end() ? kit::Count{} : old->second;
        verdicts[abi::verdict_of(reason)] += count.packets - base.packets;
        counted_bytes += count.bytes - base.bytes;
    }
    EXPECT_EQ(verdicts[abi::Verdict::forward], sent);
    EXPECT_EQ(verdicts[abi::Verdict::punt], punted);
    EXPECT_EQ(counted_bytes, frame_bytes);
    EXPECT_GT(sent, 20000u);
    EXPECT_GT(punted, 20000u);
}

}  // namespace
}  // namespace fpvs
