// SPDX-License-Identifier: Apache-2.0
#include "host/slowpath/tunnel.hpp"

#include <gtest/gtest.h>

#include <random>

#include "tests/kit/ipv6_frames.hpp"
#include "tests/unit/slowpath/packets.hpp"

namespace fpvs::slowpath {
namespace {

using Kind = ParsedFrame::Kind;
using model::TunnelChecksum;
using model::TunnelKind;

constexpr std::size_t kPathMtu = 1500;
constexpr std::size_t kOuter = ethernet::kHeaderBytes;

bool may_be_fragmented(const TestFrame& test) {
    const std::uint8_t* ip = bytes_at(test.mbuf(), test.parsed.ip_offset);
    return test.parsed.is_ipv4() && (load_be16(ip + ipv4::kFragment) & ipv4::kDontFragment) == 0;
}

// What may differ from the recording, made equal after a check of what it must be like.
struct Masks {
    bool source_port = false;  // GUE: a hash with the kernel's random key, and the sum over it.
};

// The sender's counter stands in each outer header that may be fragmented.
void mask_identification(kit::Bytes& frame) {
    ASSERT_EQ(ones_sum(std::span(frame).subspan(kOuter, 20)), 0xffff);
    if ((load_be16(&frame[kOuter + ipv4::kFragment]) & ipv4::kDontFragment) == 0) {
        kit::patch16(frame, kOuter + ipv4::kIdentification, 0);
        kit::patch16(frame, kOuter + ipv4::kChecksum, 0);
    }
}

void mask_source_port(kit::Bytes& frame) {
    const std::size_t udp = kOuter + 20;
    const std::uint16_t port = load_be16(&frame[udp]);
    ASSERT_GE(port, 32768);
    ASSERT_LE(port, 60999);
    if (load_be16(&frame[udp + udp::kChecksum]) != 0) {
        const std::uint64_t sum = std::uint64_t{ones_sum({&frame[kOuter + ipv4::kSource], 8})} +
                                  ip_protocol::kUdp + load_be16(&frame[udp + udp::kLength]) +
                                  ones_sum(std::span(frame).subspan(udp));
        ASSERT_EQ(fold(sum), 0xffff);
        kit::patch16(frame, udp + udp::kChecksum, 1);
    }
    kit::patch16(frame, udp, 0);
}

void mask(std::vector<kit::Bytes>& frames, const Masks& masks) {
    for (kit::Bytes& frame : frames) {
        if (load_be16(&frame[ethernet::kType]) == ethernet::kTypeIpv4) {
            mask_identification(frame);
        }
        if (masks.source_port) {
            mask_source_port(frame);
        }
    }
}

// Every recorded packet that fits the tunnel, encapsulated, against the recording without its
// fragments (host/slowpath/fragmenter.hpp makes those).
void expect_as_recorded(const std::string& name,
                        const TunnelHeader& header,
                        const Masks& masks = {},
                        bool path_mtu_discovery = true) {
    std::vector<kit::Bytes> sent;
    std::uint16_t identification = 1;
    for (const kit::Bytes& bytes : recorded(name + ".client-side", kClientMac)) {
        TestFrame test(bytes);
        if (hop_limit(test.mbuf(), test.parsed) == 1 ||
            test.parsed.ip_length > header.inner_mtu(kPathMtu)) {
            continue;
        }
        decrement_hop_limit(test.mbuf(), test.parsed);
        const bool counted = load_be16(&bytes[ethernet::kType]) == ethernet::kTypeIpv4 &&
                             (may_be_fragmented(test) || !path_mtu_discovery);
        const std::uint16_t before = identification;
        ASSERT_TRUE(
            encapsulate(test.mbuf(), test.parsed, header, path_mtu_discovery, identification));
        EXPECT_EQ(identification, before + (counted ? 1 : 0));
        ASSERT_TRUE(replace_link_header(test.mbuf(), test.parsed, link_to_server()));
        EXPECT_EQ(test.frame->data_len, test.parsed.ip_offset + test.parsed.ip_length);
        sent.push_back(test.bytes());
    }
    std::vector<kit::Bytes> expected = recorded(name + ".server-side", kDirectorServerMac);
    std::erase_if(expected, [](const kit::Bytes& frame) {
        return load_be16(&frame[ethernet::kType]) == ethernet::kTypeIpv4 &&
               (load_be16(&frame[kOuter + ipv4::kFragment]) & ipv4::kFragmentMask) != 0;
    });
    mask(sent, masks);
    mask(expected, masks);
    ASSERT_FALSE(sent.empty());
    expect_same_frames(sent, expected);
}

TunnelHeader ipv4_tunnel(const model::Tunnel& tunnel) {
    return {tunnel, address("192.168.113.149"), address("192.168.113.15")};
}

TunnelHeader ipv6_tunnel(const model::Tunnel& tunnel) {
    return {tunnel, address("fd00:d::149"), address("fd00:d::15")};
}

TEST(tunnel, ipip_is_what_ipvs_sends) {
    const TunnelHeader header = ipv4_tunnel({});
    EXPECT_EQ(header.inner_mtu(kPathMtu), 1480U);
    expect_as_recorded("xform-tun-tcp", header);
    expect_as_recorded("xform-tun-udp", header);
}

TEST(tunnel, ipip_without_path_mtu_discovery_is_what_ipvs_sends) {
    expect_as_recorded("xform-tun-pmtu_disc0-tcp", ipv4_tunnel({}), {}, false);
}

TEST(tunnel, ipv6_in_ipv6_and_ipv4_in_ipv6_are_what_ipvs_sends) {
    const TunnelHeader header = ipv6_tunnel({});
    EXPECT_EQ(header.inner_mtu(kPathMtu), 1460U);
    expect_as_recorded("xform-tun6-tcp", header);
    expect_as_recorded("xform-tun6-udp", header);
    expect_as_recorded("xform-tun-4in6-tcp", header);
}

TEST(tunnel, gue_is_what_ipvs_sends) {
    const TunnelHeader plain = ipv4_tunnel({.kind = TunnelKind::gue, .port = 6080});
    EXPECT_EQ(plain.inner_mtu(kPathMtu), 1468U);
    expect_as_recorded("xform-tun-gue-tcp", plain, {.source_port = true});
    expect_as_recorded("xform-tun-gue-udp", plain, {.source_port = true});
    const TunnelHeader summed =
        ipv4_tunnel({.kind = TunnelKind::gue, .checksum = TunnelChecksum::checksum, .port = 6080});
    EXPECT_EQ(summed.inner_mtu(kPathMtu), 1468U);
    expect_as_recorded("xform-tun-gue-csum-tcp", summed, {.source_port = true});
    expect_as_recorded("xform-tun-gue-csum-udp", summed, {.source_port = true});
}

TEST(tunnel, gre_is_what_ipvs_sends) {
    const TunnelHeader plain = ipv4_tunnel({.kind = TunnelKind::gre});
    EXPECT_EQ(plain.inner_mtu(kPathMtu), 1476U);
    expect_as_recorded("xform-tun-gre-tcp", plain);
    expect_as_recorded("xform-tun-gre-udp", plain);
    const TunnelHeader summed =
        ipv4_tunnel({.kind = TunnelKind::gre, .checksum = TunnelChecksum::checksum});
    EXPECT_EQ(summed.inner_mtu(kPathMtu), 1472U);
    expect_as_recorded("xform-tun-gre-csum-tcp", summed);
    expect_as_recorded("xform-tun-gre-csum-udp", summed);
}

// The kernel's key for its hash is random, but packets of a connection share a port everywhere.
TEST(tunnel, gue_keeps_a_connection_on_one_path_and_spreads_connections) {
    const TunnelHeader header = ipv4_tunnel({.kind = TunnelKind::gue, .port = 6080});
    std::uint16_t identification = 0;
    const auto port_of = [&](std::uint16_t client_port, std::size_t payload) {
        TestFrame test(kit::make_frame({.source_port = client_port, .payload_bytes = payload}));
        EXPECT_TRUE(encapsulate(test.mbuf(), test.parsed, header, true, identification));
        return load_be16(bytes_at(test.mbuf(), 20));
    };
    std::vector<std::uint16_t> ports;
    for (std::uint16_t port = 1; port <= 1000; ++port) {
        ports.push_back(port_of(port, 0));
        ASSERT_EQ(port_of(port, 700), ports.back());
    }
    std::sort(ports.begin(), ports.end());
    EXPECT_GT(std::unique(ports.begin(), ports.end()) - ports.begin(), 950);
}

TEST(tunnel, what_is_taken_off_is_what_was_put_in) {
    constexpr std::uint32_t kSeed = 7;
    std::mt19937 random(kSeed);
    std::uint16_t identification = 0xfffe;
    for (int i = 0; i < 3000; ++i) {
        const model::Tunnel tunnel{.kind = static_cast<TunnelKind>(random() % 3),
                                   .checksum = static_cast<TunnelChecksum>(random() % 3),
                                   .port = 6080};
        const TunnelHeader header = random() % 2 == 0 ? ipv4_tunnel(tunnel) : ipv6_tunnel(tunnel);
        const auto payload = static_cast<std::size_t>(random() % 1400);
        const auto tos = static_cast<std::uint8_t>(random());
        TestFrame test(random() % 2 == 0
                           ? kit::make_frame({.tos = tos, .payload_bytes = payload})
                           : kit::ipv6_frame({.traffic_class = tos, .payload_bytes = payload}));
        const kit::Bytes before = test.bytes();
        ASSERT_TRUE(
            encapsulate(test.mbuf(), test.parsed, header, random() % 2 == 0, identification));
        const kit::Bytes after = test.bytes();
        ASSERT_EQ(after.size(), test.parsed.ip_length);
        const kit::Bytes inner(after.begin() + static_cast<std::ptrdiff_t>(header.size_bytes()),
                               after.end());
        ASSERT_TRUE(std::equal(
            inner.begin(), inner.end(), before.begin() + ethernet::kHeaderBytes, before.end()))
            << "seed " << kSeed << ", packet " << i;
        ASSERT_TRUE(replace_link_header(test.mbuf(), test.parsed, link_to_server()));
        test.look();
        EXPECT_EQ(test.parsed.ip_length, after.size()) << "a header that parse() refuses";
    }
}

TEST(tunnel, padding_does_not_travel) {
    kit::Bytes bytes = kit::make_frame({.protocol = ip_protocol::kUdp});
    bytes.resize(60);
    TestFrame test(bytes);
    std::uint16_t identification = 0;
    ASSERT_TRUE(encapsulate(test.mbuf(), test.parsed, ipv4_tunnel({}), true, identification));
    EXPECT_EQ(test.frame->data_len, 20 + 28);
}

TEST(tunnel, a_packet_without_room_in_front_stays_as_it_is) {
    TestFrame test(kit::make_frame({}));
    const std::uint16_t room = rte_pktmbuf_headroom(test.frame.get());
    ASSERT_NE(rte_pktmbuf_prepend(test.frame.get(), room), nullptr);
    ASSERT_NE(rte_pktmbuf_adj(test.frame.get(), room), nullptr);
    test.frame->data_off = 0;
    test.look();
    const kit::Bytes before = test.bytes();
    std::uint16_t identification = 5;
    EXPECT_FALSE(encapsulate(test.mbuf(), test.parsed, ipv4_tunnel({}), true, identification));
    EXPECT_EQ(test.bytes(), before);
    EXPECT_EQ(identification, 5);
}

}  // namespace
}  // namespace fpvs::slowpath
