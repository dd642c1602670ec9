// SPDX-License-Identifier: Apache-2.0
// parse against the slow path's parser, with frames that somebody damaged: what the card takes, the
// slow path reads alike, and what it leaves for the host has a reason that says why.
#include <gtest/gtest.h>

#include <cstdint>
#include <random>

#include "host/slowpath/parse.hpp"
#include "hw/kernels/parse/parse.hpp"
#include "tests/unit/kernels/parse_frames.hpp"

namespace fpvs::kernels {
namespace {

using abi::Reason;
using Kind = slowpath::ParsedFrame::Kind;

constexpr std::uint64_t kMac = 0x0200000000d0;
constexpr int kRounds = 100000;

std::uint8_t octet(std::mt19937& random) {
    return static_cast<std::uint8_t>(random());
}

FrameBytes random_segment(std::mt19937& random, std::uint8_t& protocol) {
    switch (random() % 5) {
        case 0:
            protocol = lib::kProtocolUdp;
            return {octet(random), octet(random), 0, 53, 0, 12, 0xbe, 0xef, 1, 2, 3, 4};
        case 1:
            protocol = lib::kProtocolSctp;
            return sctp_segment(octet(random) % 16);
        default:
            protocol = lib::kProtocolTcp;
            return tcp_segment(octet(random), random() % 20);
    }
}

FrameBytes random_ipv4(std::mt19937& random) {
    kit::FrameSpec spec;
    std::uint8_t protocol = 0;
    const FrameBytes segment = random_segment(random, protocol);
    spec.protocol = protocol;
    spec.options.assign(4 * (random() % 3), 1);
    spec.fragment = random() % 4 == 0 ? 0 : 0x4000;
    spec.total_length = static_cast<std::uint16_t>(20 + spec.options.size() + segment.size());
    if (random() % 3 == 0) {
        spec.vlan_tci = 5;
    }
    FrameBytes frame = kit::build_frame(spec);
    frame.resize(14 + (spec.vlan_tci ? 4 : 0) + 20 + spec.options.size());
    frame.insert(frame.end(), segment.begin(), segment.end());
    frame.resize(frame.size() + random() % 6, 0);
    return frame;
}

FrameBytes random_ipv6(std::mt19937& random) {
    Ipv6Frame spec;
    if (random() % 3 == 0) {
        spec.tags.push_back(5);
    }
    for (unsigned headers = random() % 4; headers > 0; --headers) {
        constexpr std::uint8_t kTypes[] = {lib::kProtocolHopByHop,
                                           lib::kProtocolRouting,
                                           lib::kProtocolDestinationOptions,
                                           lib::kProtocolFragment,
                                           lib::kProtocolAuthentication};
        const std::uint8_t type = kTypes[random() % (random() % 4 == 0 ? 5 : 3)];
        const bool fixed = type == lib::kProtocolFragment;
        spec.chain.push_back({type, fixed ? 8 : 8 * (1 + random() % 3)});
    }
    spec.segment = random_segment(random, spec.protocol);
    spec.padding_bytes = random() % 6;
    return spec.build();
}

// One octet of the headers, now and then the end of the frame.
void damage(FrameBytes& frame, std::mt19937& random) {
    if (random() % 3 == 0) {
        return;
    }
    if (random() % 8 == 0) {
        frame.resize(1 + random() % frame.size());
        return;
    }
    frame[12 + random() % (std::min<std::size_t>(frame.size(), 110) - 12)] ^=
        static_cast<std::uint8_t>(random() % 2 == 0 ? 1u << random() % 8 : random());
}

// The checksum of IPv4 hides what is behind it: mended, the damage gets further.
void mend_checksum(FrameBytes& frame) {
    const std::size_t ip = frame.size() > 18 && frame[12] == 0x81 ? 18 : 14;
    if (frame.size() < ip + 20 || frame[ip] >> 4 != 4) {
        return;
    }
    const std::size_t header = 4u * (frame[ip] & 0xf);
    if (header < 20 || frame.size() < ip + header) {
        return;
    }
    frame[ip + 10] = frame[ip + 11] = 0;
    const auto checksum = static_cast<std::uint16_t>(~kit::internet_sum(frame.data() + ip, header));
    frame[ip + 10] = static_cast<std::uint8_t>(checksum >> 8);
    frame[ip + 11] = static_cast<std::uint8_t>(checksum);
}

AddressBits address_bits(const model::IpAddress& address) {
    if (address.family == model::Family::ipv4) {
        return address.words[0];
    }
    return cat(ap_uint<32>(address.words[0]),
               ap_uint<32>(address.words[1]),
               ap_uint<32>(address.words[2]),
               ap_uint<32>(address.words[3]));
}

void expect_same(const Packet& card, const slowpath::ParsedFrame& host, int round) {
    ASSERT_EQ(host.kind, Kind::transport) << round;
    EXPECT_EQ(card.ipv6, host.is_ipv4() ? 0 : 1) << round;
    EXPECT_EQ(card.ip_bytes, host.ip_length) << round;
    EXPECT_EQ(card.l4_offset, host.transport_offset) << round;
    EXPECT_EQ(14 + 4 * card.tags, host.ip_offset) << round;
    EXPECT_EQ(card.protocol, host.ip_protocol) << round;
    EXPECT_EQ(card.tcp_flags, host.packet.tcp_flags) << round;
    EXPECT_EQ(card.source, address_bits(host.packet.source_address)) << round;
    EXPECT_EQ(card.destination, address_bits(host.packet.destination_address)) << round;
    EXPECT_EQ(card.source_port, host.packet.source_port) << round;
    EXPECT_EQ(card.destination_port, host.packet.destination_port) << round;
}

// Where the card is more careful than the slow path, which then does what is to be done.
bool is_more_careful(Reason reason) {
    return reason == Reason::ip_options || reason == Reason::extension_headers ||
           reason == Reason::fragment ||          // A fragment header of a whole packet.
           reason == Reason::transport_header ||  // UDP's own length.
           reason == Reason::sctp_chunk || reason == Reason::not_ip;  // A service tag.
}

TEST(ParseReference, what_the_card_takes_the_slow_path_reads_alike) {
    std::mt19937 random(17);
    int taken = 0;
    int left = 0;
    for (int round = 0; round < kRounds; ++round) {
        FrameBytes frame = random() % 2 == 0 ? random_ipv4(random) : random_ipv6(random);
        damage(frame, random);
        if (random() % 2 == 0) {
            mend_checksum(frame);
        }
        const ParsedHeader card =
            parse_header(head_of(frame, octet(random)), cat(ap_uint<16>(1), ap_uint<48>(kMac)));
        if (card.packet.tags == 2 || (card.packet.tags == 1 && frame[12] == 0x88)) {
            continue;  // The slow path leaves these tags to the kernel.
        }
        slowpath::ParsedFrame host;
        slowpath::parse(frame, kMac, host);
        if (card.reason == kUndecided) {
            ++taken;
            expect_same(card.packet, host, round);
        } else if (host.kind == Kind::transport) {
            ++left;
            const auto reason = static_cast<Reason>(card.reason.to_uint());
            EXPECT_TRUE(is_more_careful(reason)) << round << ": " << static_cast<int>(reason);
        }
        if (HasFailure()) {
            return;
        }
    }
    EXPECT_GT(taken, kRounds / 4);
    EXPECT_GT(left, kRounds / 100);
}

}  // namespace
}  // namespace fpvs::kernels
