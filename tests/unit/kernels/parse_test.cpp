// SPDX-License-Identifier: Apache-2.0
#include "hw/kernels/parse/parse.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <random>

#include "tests/kit/frame_builder.hpp"

namespace fpvs::kernels {
namespace {

constexpr std::uint64_t kMac = 0x0200000000d0;

ap_uint<64> open_port() {
    return cat(ap_uint<16>(1), ap_uint<48>(kMac));
}

// `garbage` fills what lies behind a frame in its last beat.
FrameHead head_of(const kit::FrameBytes& frame, std::uint8_t garbage = 0) {
    FrameHead head;
    head.head = 0;
    for (int i = 0; i < kHeadBytes; ++i) {
        const std::size_t at = static_cast<std::size_t>(i);
        head.head.range(8 * i + 7, 8 * i) = at < frame.size() ? frame[at] : garbage;
    }
    head.length = frame.size();
    head.oversize = 0;
    head.port = 0;
    return head;
}

TEST(Parse, finds_the_fields_of_every_shape_of_header) {
    std::mt19937 random(5);
    for (int round = 0; round < 5000; ++round) {
        kit::FrameSpec spec;
        spec.protocol = random() % 2 == 0 ? 6 : 17;
        spec.options.assign(4 * (random() % 11), 1);
        if (random() % 2 == 0) {
            spec.vlan_tci = static_cast<std::uint16_t>(random());
        }
        spec.source_address = random();
        spec.destination_address = random();
        spec.source_port = static_cast<std::uint16_t>(random());
        spec.destination_port = static_cast<std::uint16_t>(random());
        spec.tcp_flags = static_cast<std::uint8_t>(random());
        spec.ttl = static_cast<std::uint8_t>(random() % 4);
        spec.payload_bytes = random() % 100;
        spec.padding_bytes = random() % 8;
        const auto frame = kit::build_frame(spec);
        const ParsedHeader parsed = parse_header(head_of(frame), open_port());
        const bool tcp = spec.protocol == 6;
        ASSERT_EQ(parsed.reason, kUndecided) << round;
        EXPECT_EQ(parsed.length, frame.size());
        EXPECT_EQ(parsed.ip_bytes, 20 + spec.options.size() + (tcp ? 20 : 8) + spec.payload_bytes);
        EXPECT_EQ(parsed.tagged, spec.vlan_tci ? 1 : 0);
        EXPECT_EQ(parsed.ttl_spent, spec.ttl <= 1 ? 1 : 0);
        EXPECT_EQ(parsed.tcp, tcp ? 1 : 0);
        EXPECT_EQ(parsed.tcp_flags, tcp ? spec.tcp_flags : 0);
        EXPECT_EQ(parsed.client_address, spec.source_address);
        EXPECT_EQ(parsed.client_port, spec.source_port);
        EXPECT_EQ(parsed.service_address, spec.destination_address);
        EXPECT_EQ(parsed.service_port, spec.destination_port);
    }
}

TEST(Parse, does_not_look_behind_the_end_of_the_frame) {
    kit::FrameSpec spec;
    spec.options.assign(40, 1);
    const auto whole = kit::build_frame(spec);
    for (std::size_t length = 1; length <= whole.size(); ++length) {
        const kit::FrameBytes frame(whole.begin(), whole.begin() + static_cast<long>(length));
        const ReasonBits expected = parse_header(head_of(frame, 0), open_port()).reason;
        for (const std::uint8_t garbage : {0x01, 0x45, 0xff}) {
            EXPECT_EQ(parse_header(head_of(frame, garbage), open_port()).reason, expected)
                << length;
        }
    }
}

struct Parse {
    ParseState state{};
    hls::stream<Command> commands;
    hls::stream<FrameHead> heads;
    hls::stream<Command> commands_on;
    hls::stream<ParsedHeader> parsed;

    void step() { parse_step(state, commands, heads, commands_on, parsed); }
};

Command enable_port(unsigned port, std::uint64_t mac) {
    Command command{};
    command.opcode = static_cast<int>(abi::Opcode::write_port);
    command.index = port;
    command.payload = cat(ap_uint<16>(1), ap_uint<48>(mac));
    return command;
}

TEST(Parse, each_port_has_its_own_entry) {
    Parse stage;
    stage.commands.write(enable_port(1, kMac));
    stage.step();
    FrameHead head = head_of(kit::build_frame({}));
    stage.heads.write(head);
    head.port = 1;
    stage.heads.write(head);
    stage.step();
    stage.step();
    EXPECT_EQ(stage.parsed.read().reason, reason_bits(abi::Reason::port_disabled));
    EXPECT_EQ(stage.parsed.read().reason, kUndecided);
}

TEST(Parse, a_flood_of_commands_leaves_packets_seven_of_eight_steps) {
    Parse stage;
    for (int i = 0; i < 1000; ++i) {
        stage.commands.write(Command{});
        stage.heads.write(head_of(kit::build_frame({})));
    }
    for (int i = 0; i < 800; ++i) {
        stage.step();
    }
    EXPECT_EQ(stage.commands_on.size(), 100u);
    EXPECT_EQ(stage.parsed.size(), 700u);
}

TEST(Parse, a_command_goes_before_a_packet_that_waits) {
    Parse stage;
    stage.heads.write(head_of(kit::build_frame({})));
    stage.commands.write(enable_port(0, kMac));
    stage.step();
    stage.step();
    EXPECT_EQ(stage.parsed.read().reason, kUndecided);
}

}  // namespace
}  // namespace fpvs::kernels
