// SPDX-License-Identifier: Apache-2.0
#include "host/slowpath/nat.hpp"

#include <gtest/gtest.h>

#include <random>

#include "tests/kit/ipv6_frames.hpp"
#include "tests/unit/slowpath/packets.hpp"

namespace fpvs::slowpath {
namespace {

using Kind = ParsedFrame::Kind;

engine::Translation to_server(const engine::Packet& packet,
                              const model::IpAddress& server,
                              std::uint16_t port) {
    return {.source_address = packet.source_address,
            .source_port = packet.source_port,
            .destination_address = server,
            .destination_port = port};
}

// What a client sent, one hop further, translated and in a new link header, against the recording.
void expect_as_recorded(const std::string& name, const char* server, std::uint16_t port) {
    std::vector<kit::Bytes> sent;
    for (const kit::Bytes& bytes : recorded(name + ".client-side", kClientMac)) {
        TestFrame test(bytes);
        ASSERT_EQ(test.parsed.kind, Kind::transport);
        if (hop_limit(test.mbuf(), test.parsed) == 1) {
            continue;
        }
        decrement_hop_limit(test.mbuf(), test.parsed);
        translate(test.mbuf(), test.parsed, to_server(test.parsed.packet, address(server), port));
        ASSERT_TRUE(replace_link_header(test.mbuf(), test.parsed, link_to_server()));
        sent.push_back(test.bytes());
    }
    expect_same_frames(sent, recorded(name + ".server-side", kDirectorServerMac));
}

TEST(nat, packets_to_the_server_are_what_ipvs_sends) {
    expect_as_recorded("xform-nat-tcp", "192.168.113.15", 8080);
    expect_as_recorded("xform-nat-udp", "192.168.113.15", 8080);
    expect_as_recorded("xform-nat-sameport-tcp", "192.168.113.15", 80);
    expect_as_recorded("xform-nat-sameport-udp", "192.168.113.15", 80);
}

TEST(nat, packets_of_ipv6_to_the_server_are_what_ipvs_sends) {
    expect_as_recorded("xform-nat6-tcp", "fd00:d::15", 8080);
    expect_as_recorded("xform-nat6-udp", "fd00:d::15", 8080);
}

TEST(nat, replies_to_the_client_are_what_ipvs_sends) {
    std::vector<kit::Bytes> sent;
    for (const kit::Bytes& bytes : recorded("nat-reply-tcp.server-side", kServerMac)) {
        TestFrame test(bytes);
        if (hop_limit(test.mbuf(), test.parsed) == 1) {
            continue;
        }
        decrement_hop_limit(test.mbuf(), test.parsed);
        translate(test.mbuf(),
                  test.parsed,
                  {.source_address = address("10.0.0.100"),
                   .source_port = 80,
                   .destination_address = test.parsed.packet.destination_address,
                   .destination_port = test.parsed.packet.destination_port});
        ASSERT_TRUE(replace_link_header(test.mbuf(), test.parsed, link_to_client()));
        sent.push_back(test.bytes());
    }
    expect_same_frames(sent, recorded("nat-reply-tcp.client-side", kDirectorClientMac));
}

class RandomPackets : public ::testing::Test {
  protected:
    static constexpr std::uint32_t kSeed = 20261122;

    std::uint32_t number(std::uint32_t below) { return random_() % below; }
    std::uint16_t port() { return static_cast<std::uint16_t>(random_()); }
    model::IpAddress any_address(model::Family family) {
        return family == model::Family::ipv4
                   ? model::IpAddress(model::Ipv4{0x0a000000 | number(1 << 24)})
                   : model::IpAddress(model::Ipv6{{0x20010db8, random_u32(), random_u32(), 1}});
    }
    std::uint32_t random_u32() { return static_cast<std::uint32_t>(random_()); }
    kit::Bytes packet(model::Family family, std::uint8_t protocol) {
        const std::size_t payload = number(200);
        if (family == model::Family::ipv6) {
            return with_transport_checksum(kit::ipv6_frame({.protocol = protocol,
                                                            .source_port = port(),
                                                            .payload_bytes = payload,
                                                            .options_bytes = number(3) * 8U}));
        }
        return with_transport_checksum(kit::make_frame({.protocol = protocol,
                                                        .source_port = port(),
                                                        .options_bytes = number(4) * 4U,
                                                        .payload_bytes = payload}));
    }
    engine::Translation translation(model::Family family) {
        return {.source_address = any_address(family),
                .source_port = port(),
                .destination_address = any_address(family),
                .destination_port = port()};
    }

    std::mt19937 random_{kSeed};
};

TEST_F(RandomPackets, have_the_new_ends_and_right_checksums) {
    for (int i = 0; i < 4000; ++i) {
        const auto family = number(2) == 0 ? model::Family::ipv4 : model::Family::ipv6;
        const auto protocol = number(2) == 0 ? ip_protocol::kTcp : ip_protocol::kUdp;
        TestFrame test(packet(family, protocol));
        ASSERT_EQ(test.parsed.kind, Kind::transport);
        ASSERT_EQ(transport_sum(test.bytes(), test.parsed), 0xffff);
        const engine::Translation to = translation(family);
        translate(test.mbuf(), test.parsed, to);
        test.look();
        ASSERT_EQ(test.parsed.kind, Kind::transport) << "seed " << kSeed << ", packet " << i;
        EXPECT_EQ(test.parsed.packet.source_address, to.source_address);
        EXPECT_EQ(test.parsed.packet.source_port, to.source_port);
        EXPECT_EQ(test.parsed.packet.destination_address, to.destination_address);
        EXPECT_EQ(test.parsed.packet.destination_port, to.destination_port);
        EXPECT_EQ(transport_sum(test.bytes(), test.parsed), 0xffff)
            << "seed " << kSeed << ", packet " << i;
    }
}

TEST_F(RandomPackets, come_back_as_they_were) {
    for (int i = 0; i < 4000; ++i) {
        const auto family = number(2) == 0 ? model::Family::ipv4 : model::Family::ipv6;
        constexpr std::array kProtocols = {
            ip_protocol::kTcp, ip_protocol::kUdp, ip_protocol::kSctp};
        kit::Bytes bytes = packet(family, kProtocols[number(3)]);
        bytes.back() ^= number(2);  // A damaged one, too.
        TestFrame test(bytes);
        if (test.parsed.kind != Kind::transport) {
            continue;  // An SCTP packet without a chunk.
        }
        const engine::Packet& was = test.parsed.packet;
        const engine::Translation back{.source_address = was.source_address,
                                       .source_port = was.source_port,
                                       .destination_address = was.destination_address,
                                       .destination_port = was.destination_port};
        translate(test.mbuf(), test.parsed, translation(family));
        ASSERT_NE(test.bytes(), bytes);
        translate(test.mbuf(), test.parsed, back);
        ASSERT_EQ(test.bytes(), bytes) << "seed " << kSeed << ", packet " << i << "\n"
                                       << kit::frame_diff(bytes, test.bytes());
    }
}

TEST(nat, a_damaged_packet_stays_visibly_damaged) {
    for (const std::uint8_t protocol : {ip_protocol::kTcp, ip_protocol::kUdp}) {
        kit::Bytes bytes =
            with_transport_checksum(kit::make_frame({.protocol = protocol, .payload_bytes = 9}));
        bytes.back() ^= 0x40;
        TestFrame test(bytes);
        ASSERT_NE(transport_sum(bytes, test.parsed), 0xffff);
        translate(test.mbuf(),
                  test.parsed,
                  to_server(test.parsed.packet, address("192.168.113.15"), 8080));
        EXPECT_NE(transport_sum(test.bytes(), test.parsed), 0xffff);
    }
}

TEST(nat, udp_without_a_checksum_gets_one) {
    for (std::size_t payload = 0; payload < 40; ++payload) {
        kit::Bytes bytes =
            kit::make_frame({.protocol = ip_protocol::kUdp, .payload_bytes = payload});
        kit::patch16(bytes, 40, 0);
        TestFrame test(bytes);
        translate(
            test.mbuf(), test.parsed, to_server(test.parsed.packet, address("192.168.113.15"), 1));
        EXPECT_NE(load_be16(&test.bytes()[40]), 0);
        EXPECT_EQ(transport_sum(test.bytes(), test.parsed), 0xffff);
    }
}

// A sum that would be stored as 0 means "none" there; it is stored as 0xffff (RFC 768).
TEST(nat, a_udp_checksum_never_becomes_none) {
    int seen = 0;
    for (std::uint32_t port = 0; port <= 0xffff; ++port) {
        TestFrame test(with_transport_checksum(kit::make_frame({.protocol = ip_protocol::kUdp})));
        translate(
            test.mbuf(),
            test.parsed,
            to_server(
                test.parsed.packet, address("192.168.113.15"), static_cast<std::uint16_t>(port)));
        const std::uint16_t stored = load_be16(&test.bytes()[40]);
        ASSERT_NE(stored, 0) << port;
        seen += stored == 0xffff ? 1 : 0;
    }
    EXPECT_EQ(seen, 1);
}

// A packet of RFC 9260's checksum: INIT from 30000 to 80, with the CRC32c of an independent
// computation (bit by bit, from the polynomial).
std::uint32_t crc32c_bit_by_bit(std::span<const std::uint8_t> bytes) {
    constexpr std::uint32_t kReversedPolynomial = 0x82f63b78;
    std::uint32_t crc = 0xffffffff;
    for (const std::uint8_t byte : bytes) {
        crc ^= byte;
        for (int bit = 0; bit < 8; ++bit) {
            crc = (crc >> 1) ^ ((crc & 1) != 0 ? kReversedPolynomial : 0);
        }
    }
    return ~crc;
}

void store_crc32c(kit::Bytes& bytes, const PacketLayout& layout) {
    const std::size_t at = layout.transport_offset + sctp::kChecksum;
    std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(at), 4, 0);
    const std::size_t length = layout.ip_length - layout.ip_header_bytes();
    const std::uint32_t crc = crc32c_bit_by_bit({&bytes[layout.transport_offset], length});
    for (std::size_t i = 0; i < 4; ++i) {
        bytes[at + i] = static_cast<std::uint8_t>(crc >> (8 * i));
    }
}

TEST(nat, sctp_has_the_crc_of_its_new_ports) {
    EXPECT_EQ(crc32c_bit_by_bit(kit::Bytes{'1', '2', '3', '4', '5', '6', '7', '8', '9'}),
              0xe3069283U);  // The check value of CRC-32C.
    for (std::size_t payload = 16; payload < 60; ++payload) {
        TestFrame first(
            kit::make_frame({.protocol = ip_protocol::kSctp, .payload_bytes = payload}));
        ASSERT_EQ(first.parsed.kind, Kind::transport);
        kit::Bytes bytes = first.bytes();
        store_crc32c(bytes, first.parsed);
        TestFrame test(bytes);
        translate(test.mbuf(),
                  test.parsed,
                  to_server(test.parsed.packet, address("192.168.113.15"), 8080));
        kit::Bytes expected = test.bytes();
        store_crc32c(expected, test.parsed);
        EXPECT_EQ(test.bytes(), expected) << payload;
    }
}

}  // namespace
}  // namespace fpvs::slowpath
