// SPDX-License-Identifier: Apache-2.0
// The bytes that leave the card against those that the slow path sends.
#include "hw/kernels/rewrite/rewrite.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <random>
#include <vector>

#include "tests/kit/frame_diff.hpp"
#include "tests/unit/kernels/rewrite_packets.hpp"
#include "tests/unit/kernels/rewrite_stages.hpp"

namespace fpvs::kernels {
namespace {

constexpr unsigned kSeed = 11;

// Frames and what is expected to leave by either port, in order.
struct Traffic {
    std::mt19937 random{kSeed};
    RewriteStages stages;
    std::array<std::vector<kit::FrameBytes>, 2> expected;
    std::array<std::vector<bool>, 2> right;  // Whose transport checksum was right.
    std::uint16_t identification = 0;

    void send(const PacketShape& shape, Way way) {
        const RandomPacket packet = make_packet(shape, random);
        const Decision decision = random_decision(packet, way, random);
        send(packet, decision, shape.right_checksum);
    }
    void send(const RandomPacket& packet, const Decision& decision, bool right_checksum) {
        const std::size_t port = decision.out_port.to_uint();
        expected[port].push_back(slowpath_frame(packet, decision, identification));
        right[port].push_back(right_checksum);
        stages.put(packet.frame, decision);
    }

    void check() {
        stages.run(random);
        for (const int port : {0, 1}) {
            const auto frames = stages.take_forwarded(port);
            const auto at = static_cast<std::size_t>(port);
            ASSERT_EQ(frames.size(), expected[at].size());
            for (std::size_t i = 0; i < frames.size(); ++i) {
                ASSERT_EQ(kit::frame_diff(expected[at][i], frames[i]), "")
                    << "frame " << i << " of port " << port << ", seed " << kSeed;
                ASSERT_TRUE(checksums_are_right(frames[i], right[at][i])) << i;
            }
            expected[at].clear();
            right[at].clear();
        }
        EXPECT_FALSE(stages.torn_beat());
        EXPECT_TRUE(stages.take_punted().empty());
    }
};

void send_at_random(Way way) {
    Traffic traffic;
    for (int round = 0; round < 60; ++round) {
        for (int frame = 0; frame < 50; ++frame) {
            PacketShape shape = random_shape(traffic.random);
            if (way == Way::translated && shape.protocol == 132) {
                shape.protocol = 17;
            }
            traffic.send(shape, way);
        }
        traffic.check();
        if (testing::Test::HasFatalFailure()) {
            return;
        }
    }
}

TEST(Rewrite, routes_directly_as_the_slow_path_does) {
    send_at_random(Way::direct);
}

TEST(Rewrite, translates_as_the_slow_path_does) {
    send_at_random(Way::translated);
}

TEST(Rewrite, puts_packets_into_tunnels_as_the_slow_path_does) {
    send_at_random(Way::tunnelled);
}

TEST(Rewrite, mixed_ways_do_not_disturb_each_other) {
    Traffic traffic;
    for (int frame = 0; frame < 4000; ++frame) {
        PacketShape shape = random_shape(traffic.random);
        shape.payload_bytes %= 150;
        shape.protocol = shape.protocol == 132 ? 6 : shape.protocol;
        traffic.send(shape, static_cast<Way>(traffic.random() % 3));
    }
    traffic.check();
}

// Every shift at every length around one, two and three beats.
TEST(Rewrite, every_prefix_fits_every_length) {
    Traffic traffic;
    for (unsigned tags = 0; tags <= 2; ++tags) {
        for (unsigned payload = 0; payload < 150; ++payload) {
            for (unsigned variant = 0; variant < 2 * 2 * 8; ++variant) {
                PacketShape shape;
                shape.ipv6 = (variant & 1) != 0;
                shape.tags = tags;
                shape.payload_bytes = payload;
                shape.padding_bytes = payload % 5;
                const RandomPacket packet = make_packet(shape, traffic.random);
                const unsigned tunnel = variant >> 2;
                Decision decision = random_decision(
                    packet, tunnel < 6 ? Way::tunnelled : Way::direct, traffic.random);
                decision.out_tagged = variant >> 1 & 1;
                if (tunnel < 6) {
                    decision.outer.tunnel = tunnel % 3;
                    decision.outer.ipv6 = tunnel / 3;
                }
                // The longest outer addresses are those of IPv6: they serve IPv4 as well.
                decision.outer.source = slice<31, 0>(decision.outer.source);
                decision.outer.destination = slice<31, 0>(decision.outer.destination);
                traffic.send(packet, decision, true);
            }
        }
        traffic.check();
        ASSERT_FALSE(testing::Test::HasFatalFailure());
    }
}

// What Linux's ip_decrease_ttl gives (6.1, include/net/ip.h), on octets as they lie in memory.
std::uint16_t as_linux(std::uint16_t checksum) {
    const auto swap = [](std::uint16_t x) { return static_cast<std::uint16_t>(x << 8 | x >> 8); };
    std::uint32_t check = swap(checksum);
    check += swap(0x0100);
    return swap(static_cast<std::uint16_t>(check + (check >= 0xffff)));
}

TEST(Rewrite, the_checksum_after_a_hop_is_linuxs_for_every_value) {
    Decision decision{};
    decision.packet.ttl = 64;
    for (std::uint32_t checksum = 0; checksum <= 0xffff; ++checksum) {
        decision.packet.ip_checksum = checksum;
        ASSERT_EQ(edits_of(decision).ip_checksum.to_uint(),
                  as_linux(static_cast<std::uint16_t>(checksum)))
            << checksum;
    }
}

// Both zeros, and the UDP checksum that says that there is none, come up among all values.
TEST(Rewrite, updated_and_tunnel_checksums_are_the_slow_paths_for_every_value) {
    for (const Way way : {Way::translated, Way::tunnelled}) {
        Traffic traffic;
        PacketShape shape;
        shape.protocol = 17;
        shape.payload_bytes = 2;
        RandomPacket packet = make_packet(shape, traffic.random);
        Decision decision = random_decision(packet, way, traffic.random);
        decision.outer.tunnel = static_cast<int>(abi::Tunnel::gue);
        decision.outer.checksum = 1;
        // UDP's checksum; 0 is not for the card to translate.
        std::uint8_t* checksum = &packet.frame[packet.layout.transport_offset + 6u];
        for (unsigned value = 1; value <= 0xffff; ++value) {
            checksum[0] = static_cast<std::uint8_t>(value >> 8);
            checksum[1] = static_cast<std::uint8_t>(value);
            decision.packet.l4_checksum = value;
            traffic.send(packet, decision, false);
        }
        traffic.check();
    }
}

TEST(Rewrite, a_punted_frame_leaves_as_it_came_and_a_dropped_one_not_at_all) {
    Traffic traffic;
    std::vector<kit::FrameBytes> punted;
    for (unsigned frame = 0; frame < 600; ++frame) {
        const PacketShape shape = random_shape(traffic.random);
        const RandomPacket packet = make_packet(shape, traffic.random);
        Decision decision = random_decision(packet, Way::direct, traffic.random);
        switch (frame % 3) {
            case 0:
                decision.verdict = static_cast<int>(abi::Verdict::punt);
                decision.reason = reason_bits(abi::Reason::flow_miss);
                decision.service = frame;
                decision.service_found = 1;
                decision.version = frame / 3 % 2;
                punted.push_back(packet.frame);
                traffic.stages.put(packet.frame, decision);
                break;
            case 1:
                decision.verdict = static_cast<int>(abi::Verdict::drop);
                traffic.stages.put(packet.frame, decision);
                break;
            default:
                traffic.send(packet, decision, shape.right_checksum);
                break;
        }
    }
    traffic.stages.run(traffic.random);
    EXPECT_EQ(traffic.stages.take_punted(), punted);
    const auto infos = traffic.stages.take_infos();
    ASSERT_EQ(infos.size(), punted.size());
    for (std::size_t i = 0; i < infos.size(); ++i) {
        EXPECT_EQ(infos[i].reason, reason_bits(abi::Reason::flow_miss));
        EXPECT_EQ(infos[i].length, punted[i].size());
        EXPECT_EQ(infos[i].service, 3 * i);
        EXPECT_EQ(infos[i].service_found, 1);
        EXPECT_EQ(infos[i].version, i % 2);
    }
    traffic.check();
}

// So many beats does a frame have.
std::size_t beats(const kit::FrameBytes& frame) {
    return (frame.size() + abi::kBeatBytes - 1) / abi::kBeatBytes;
}

// Frames in a row cost as many calls as the longer of what came and what leaves; the first of all
// costs one more.
TEST(Shift, a_longer_frame_costs_its_own_length_and_no_more) {
    for (const Way way : {Way::direct, Way::tunnelled}) {
        Traffic traffic;
        std::size_t calls = 1;
        for (int frame = 0; frame < 500; ++frame) {
            PacketShape shape = random_shape(traffic.random);
            shape.padding_bytes = 0;
            shape.payload_bytes %= 200;
            const RandomPacket packet = make_packet(shape, traffic.random);
            const Decision decision = random_decision(packet, way, traffic.random);
            std::uint16_t identification = 0;
            calls += std::max(beats(packet.frame),
                              beats(slowpath_frame(packet, decision, identification)));
            traffic.send(packet, decision, shape.right_checksum);
        }
        traffic.stages.run_before_shift();
        while (!traffic.stages.shift_is_idle()) {
            traffic.stages.step_shift();
        }
        EXPECT_EQ(traffic.stages.shift_calls(), calls);
        traffic.check();
    }
}

}  // namespace
}  // namespace fpvs::kernels
