// SPDX-License-Identifier: Apache-2.0
#include "host/slowpath/icmp.hpp"

#include <gtest/gtest.h>

#include "host/slowpath/tunnel.hpp"
#include "tests/kit/ipv6_frames.hpp"
#include "tests/unit/slowpath/packets.hpp"

namespace fpvs::slowpath {
namespace {

using Kind = ParsedFrame::Kind;

constexpr std::size_t kIp = ethernet::kHeaderBytes;

bool is_ipv4(const kit::Bytes& frame) {
    return load_be16(&frame[ethernet::kType]) == ethernet::kTypeIpv4;
}

// The director's own: ICMP errors, by their precedence, or of IPv6.
bool is_made_here(const kit::Bytes& frame) {
    return is_ipv4(frame) ? frame[kIp + ipv4::kTos] == 0xc0
                          : frame[kIp + ipv6::kNextHeader] == ip_protocol::kIcmpv6;
}

// IPv4's identification is a counter of the sender's, IPv6's flow label a hash with a key of its
// own.
void mask(kit::Bytes& frame) {
    if (is_ipv4(frame)) {
        ASSERT_EQ(ones_sum(std::span(frame).subspan(kIp, 20)), 0xffff);
        kit::patch16(frame, kIp + ipv4::kIdentification, 0);
        kit::patch16(frame, kIp + ipv4::kChecksum, 0);
    } else {
        store_be32(&frame[kIp], load_be32(&frame[kIp]) & 0xfff00000);
    }
}

void expect_same_answers(std::vector<kit::Bytes> actual, std::vector<kit::Bytes> expected) {
    ASSERT_FALSE(expected.empty());
    for (kit::Bytes& frame : actual) {
        mask(frame);
    }
    for (kit::Bytes& frame : expected) {
        mask(frame);
    }
    expect_same_frames(actual, expected);
}

std::vector<kit::Bytes> answers(const std::string& name) {
    std::vector<kit::Bytes> frames = recorded(name + ".client-side", kDirectorClientMac);
    std::erase_if(frames, [](const kit::Bytes& frame) { return !is_made_here(frame); });
    return frames;
}

model::IpAddress destination(const TestFrame& test) {
    return test.parsed.packet.destination_address;
}

void expect_time_exceeded_as_recorded(const std::string& name) {
    std::vector<kit::Bytes> sent;
    for (const kit::Bytes& bytes : recorded(name + ".client-side", kClientMac)) {
        TestFrame test(bytes);
        if (hop_limit(test.mbuf(), test.parsed) == 1) {
            const IcmpError error = time_exceeded(test.parsed.family);
            ASSERT_TRUE(
                turn_into_icmp_error(test.mbuf(), test.parsed, error, destination(test), 77));
            sent.push_back(test.bytes());
        }
    }
    expect_same_answers(sent, answers(name));
}

TEST(icmp, a_hop_limit_that_ends_here_is_answered_as_ipvs_does) {
    expect_time_exceeded_as_recorded("xform-nat-tcp");
    expect_time_exceeded_as_recorded("xform-nat6-tcp");
    expect_time_exceeded_as_recorded("xform-nat6-udp");
}

TEST(icmp, no_server_is_answered_as_ipvs_does) {
    std::vector<kit::Bytes> sent;
    const std::vector<kit::Bytes> received = recorded("no-dest.client-side", kClientMac);
    // Two to a service without servers; the kernel's own answer to the port of none is the same.
    for (const std::size_t i : {0, 1, 3}) {
        TestFrame test(received[i]);
        ASSERT_TRUE(turn_into_icmp_error(
            test.mbuf(), test.parsed, port_unreachable(test.parsed.family), destination(test), 77));
        sent.push_back(test.bytes());
    }
    expect_same_answers(sent, answers("no-dest"));
}

// As IPVS does it, the packet quoted has made its hop already.
void expect_too_big_as_recorded(const std::string& name, std::size_t mtu) {
    std::vector<kit::Bytes> sent;
    for (const kit::Bytes& bytes : recorded(name + ".client-side", kClientMac)) {
        TestFrame test(bytes);
        const std::uint8_t* ip = bytes_at(test.mbuf(), test.parsed.ip_offset);
        const bool may_fragment =
            test.parsed.is_ipv4() && (load_be16(ip + ipv4::kFragment) & ipv4::kDontFragment) == 0;
        if (test.parsed.ip_length <= mtu || may_fragment) {
            continue;
        }
        decrement_hop_limit(test.mbuf(), test.parsed);
        const IcmpError error = too_big(test.parsed.family, static_cast<std::uint32_t>(mtu));
        ASSERT_TRUE(turn_into_icmp_error(test.mbuf(), test.parsed, error, destination(test), 77));
        sent.push_back(test.bytes());
    }
    std::vector<kit::Bytes> expected = answers(name);
    std::erase_if(expected, [](const kit::Bytes& frame) {
        return is_ipv4(frame) ? frame[kIp + 20] == icmp::kTimeExceeded
                              : frame[kIp + 40] == icmpv6::kTimeExceeded;
    });
    expect_same_answers(sent, expected);
}

TEST(icmp, a_packet_too_long_for_its_tunnel_is_answered_as_ipvs_does) {
    expect_too_big_as_recorded("xform-tun-tcp", 1480);
    expect_too_big_as_recorded("xform-tun-gue-tcp", 1468);
    expect_too_big_as_recorded("xform-tun-gre-csum-udp", 1472);
    expect_too_big_as_recorded("xform-tun-4in6-tcp", 1460);
    expect_too_big_as_recorded("xform-tun6-tcp", 1460);
    expect_too_big_as_recorded("xform-tun6-udp", 1460);
}

// To the server's own address, for which IPVS does not speak: the director's stack does.
TEST(icmp, a_reply_whose_hop_limit_ends_here_is_answered_from_the_directors_address) {
    std::vector<kit::Bytes> sent;
    for (const kit::Bytes& bytes : recorded("nat-reply-tcp.server-side", kServerMac)) {
        TestFrame test(bytes);
        if (hop_limit(test.mbuf(), test.parsed) == 1) {
            ASSERT_TRUE(turn_into_icmp_error(test.mbuf(),
                                             test.parsed,
                                             time_exceeded(model::Family::ipv4),
                                             address("192.168.113.149"),
                                             77));
            sent.push_back(test.bytes());
        }
    }
    std::vector<kit::Bytes> expected = recorded("nat-reply-tcp.server-side", kDirectorServerMac);
    std::erase_if(expected, [](const kit::Bytes& frame) { return !is_made_here(frame); });
    expect_same_answers(sent, expected);
}

constexpr const char* kService = "10.0.0.100";
constexpr const char* kServer = "192.168.113.15";

// What goes to the server side of a NAT connection: errors go along.
TEST(icmp, errors_about_replies_reach_the_server_behind_nat_as_ipvs_sends_them) {
    std::vector<kit::Bytes> sent;
    for (const kit::Bytes& bytes : recorded("icmp-nat.client-side", "02:00:00:00:00:c0")) {
        TestFrame test(bytes);
        if (test.parsed.kind != Kind::icmp_error) {
            continue;  // Redirects and echo requests are the director's own.
        }
        EXPECT_EQ(test.parsed.packet.destination_address, address(kService));
        decrement_hop_limit(test.mbuf(), test.parsed);
        translate_icmp_error(test.mbuf(),
                             test.parsed,
                             {.source_address = test.parsed.packet.source_address,
                              .source_port = test.parsed.packet.source_port,
                              .destination_address = address(kServer),
                              .destination_port = 8080},
                             engine::Direction::to_server);
        ASSERT_TRUE(replace_link_header(test.mbuf(), test.parsed, link_to_server()));
        sent.push_back(test.bytes());
    }
    std::vector<kit::Bytes> expected = recorded("icmp-nat.server-side", kDirectorServerMac);
    std::erase_if(expected, [](const kit::Bytes& frame) {
        return frame[kIp + ipv4::kProtocol] != ip_protocol::kIcmp;
    });
    ASSERT_EQ(expected.size(), 3U);
    expect_same_frames(sent, expected);
}

TEST(icmp, errors_about_requests_reach_the_client_as_ipvs_sends_them) {
    std::vector<kit::Bytes> sent;
    for (const kit::Bytes& bytes : recorded("icmp-nat.server-side", kServerMac)) {
        TestFrame test(bytes);
        ASSERT_EQ(test.parsed.kind, Kind::icmp_error);
        EXPECT_EQ(test.parsed.packet.source_address, address(kServer));
        EXPECT_EQ(test.parsed.packet.source_port, 8080);
        decrement_hop_limit(test.mbuf(), test.parsed);
        translate_icmp_error(test.mbuf(),
                             test.parsed,
                             {.source_address = address(kService),
                              .source_port = 80,
                              .destination_address = test.parsed.packet.destination_address,
                              .destination_port = test.parsed.packet.destination_port},
                             engine::Direction::to_client);
        ASSERT_TRUE(replace_link_header(test.mbuf(), test.parsed, link_to_client()));
        sent.push_back(test.bytes());
    }
    std::vector<kit::Bytes> expected = recorded("icmp-nat.client-side", kDirectorClientMac);
    std::erase_if(expected, [](const kit::Bytes& frame) {
        return frame[kIp + 20] != icmp::kDestinationUnreachable &&
               frame[kIp + 20] != icmp::kTimeExceeded;
    });
    ASSERT_EQ(expected.size(), 3U);
    expect_same_frames(sent, expected);
}

TEST(icmp, errors_reach_a_server_in_a_tunnel_as_ipvs_sends_them) {
    const TunnelHeader header({}, address("192.168.113.149"), address(kServer));
    std::uint16_t identification = 0;
    std::vector<kit::Bytes> sent;
    for (const kit::Bytes& bytes : recorded("icmp-tun.client-side", kClientMac)) {
        TestFrame test(bytes);
        if (test.parsed.kind != Kind::icmp_error) {
            continue;
        }
        decrement_hop_limit(test.mbuf(), test.parsed);
        ASSERT_TRUE(encapsulate(test.mbuf(), test.parsed, header, true, identification));
        ASSERT_TRUE(replace_link_header(test.mbuf(), test.parsed, link_to_server()));
        sent.push_back(test.bytes());
    }
    std::vector<kit::Bytes> expected = recorded("icmp-tun.server-side", kDirectorServerMac);
    std::erase_if(expected, [](const kit::Bytes& frame) {
        return frame[kIp + 20 + ipv4::kProtocol] != ip_protocol::kIcmp;
    });
    ASSERT_EQ(expected.size(), 3U);
    expect_same_frames(sent, expected);
}

// A router on the way to the server complains about the tunnel: the client hears of its packet.
TEST(icmp, errors_about_a_tunnel_are_told_to_the_client_as_ipvs_does) {
    std::vector<kit::Bytes> sent;
    for (const kit::Bytes& bytes : recorded("icmp-tun.server-side", kServerMac)) {
        TestFrame test(bytes);
        if (test.parsed.kind != Kind::tunnel_error) {
            continue;
        }
        EXPECT_EQ(test.parsed.packet.source_address, address("10.0.0.2"));
        EXPECT_EQ(test.parsed.packet.source_port, 50060);
        EXPECT_EQ(test.parsed.packet.destination_address, address(kService));
        IcmpError error = read_icmp_error(test.mbuf(), test.parsed);
        if (error.mtu != 0) {
            EXPECT_EQ(error.mtu, 1400U);
            error.mtu = 1480;  // The kernel says what it believed before.
        }
        uncover_quote(test.mbuf(), test.parsed);
        ASSERT_TRUE(turn_into_icmp_error(
            test.mbuf(), test.parsed, error, test.parsed.packet.destination_address, 77));
        ASSERT_TRUE(replace_link_header(test.mbuf(), test.parsed, link_to_client()));
        sent.push_back(test.bytes());
    }
    std::vector<kit::Bytes> expected = answers("icmp-tun");
    ASSERT_EQ(expected.size(), 4U);
    expected.resize(2);  // The others are about later packets.
    expect_same_answers(sent, expected);
}

// FULLNAT: the server knows the client by a local address.
TEST(icmp, full_nat_changes_both_ends_of_the_quote) {
    kit::Bytes quoted = kit::make_frame({.source = kService,
                                         .destination = "10.0.0.2",
                                         .source_port = 80,
                                         .destination_port = 30000,
                                         .payload_bytes = 4});
    for (const char* sender : {"10.0.0.77", "10.0.0.2"}) {
        kit::Bytes bytes = kit::make_frame({.source = sender, .protocol = 1, .payload_bytes = 52});
        std::copy(quoted.begin() + 14, quoted.begin() + 14 + 44, bytes.begin() + 42);
        bytes[34] = icmp::kTimeExceeded;
        kit::patch16(bytes, 36, 0);
        kit::patch16(bytes, 36, kit::internet_checksum(std::span(bytes).subspan(34)));
        TestFrame test(bytes);
        ASSERT_EQ(test.parsed.kind, Kind::icmp_error);
        translate_icmp_error(test.mbuf(),
                             test.parsed,
                             {.source_address = address("192.168.113.200"),
                              .source_port = 5001,
                              .destination_address = address(kServer),
                              .destination_port = 8080},
                             engine::Direction::to_server);
        test.look();
        ASSERT_EQ(test.parsed.kind, Kind::icmp_error) << "a checksum that parse() refuses";
        EXPECT_EQ(test.parsed.packet.source_address, address("192.168.113.200"));
        EXPECT_EQ(test.parsed.packet.source_port, 5001);
        EXPECT_EQ(test.parsed.packet.destination_address, address(kServer));
        EXPECT_EQ(test.parsed.packet.destination_port, 8080);
        const std::uint8_t* ip = bytes_at(test.mbuf(), kIp);
        EXPECT_EQ(model::IpAddress(load_ipv4(ip + ipv4::kSource)),
                  address(std::string_view(sender) == "10.0.0.2" ? "192.168.113.200" : sender));
        EXPECT_EQ(model::IpAddress(load_ipv4(ip + ipv4::kDestination)), address(kServer));
        EXPECT_EQ(ones_sum({bytes_at(test.mbuf(), 42), 20}), 0xffff) << "of the quoted header";
    }
}

TEST(icmp, errors_of_ipv6_are_translated_with_their_pseudo_header) {
    // An error of the server's about what it received.
    TestFrame test(kit::ipv6_frame({.destination = "fd00:d::15", .destination_port = 8080}));
    ASSERT_TRUE(turn_into_icmp_error(
        test.mbuf(), test.parsed, port_unreachable(model::Family::ipv6), address("fd00:d::15"), 0));
    test.look();
    ASSERT_EQ(test.parsed.kind, Kind::icmp_error);
    translate_icmp_error(test.mbuf(),
                         test.parsed,
                         {.source_address = address("fd00:c::100"),
                          .source_port = 80,
                          .destination_address = address("fd00:c::2"),
                          .destination_port = 30000},
                         engine::Direction::to_client);
    test.look();
    ASSERT_EQ(test.parsed.kind, Kind::icmp_error) << "a checksum that parse() refuses";
    EXPECT_EQ(test.parsed.packet.source_address, address("fd00:c::100"));
    EXPECT_EQ(test.parsed.packet.source_port, 80);
    EXPECT_EQ(test.parsed.packet.destination_address, address("fd00:c::2"));
    EXPECT_EQ(model::IpAddress(load_ipv6(bytes_at(test.mbuf(), kIp + ipv6::kSource))),
              address("fd00:c::100"));
}

TEST(icmp, answers_keep_the_vlan_and_swap_the_stations) {
    TestFrame test(kit::make_frame({.vlan = 7, .protocol = 17, .tos = 0xb9}));
    ASSERT_TRUE(turn_into_icmp_error(
        test.mbuf(), test.parsed, port_unreachable(model::Family::ipv4), address(kService), 1));
    const kit::Bytes bytes = test.bytes();
    const TestFrame fresh(kit::make_frame({.vlan = 7}));
    const kit::Bytes other = fresh.bytes();
    EXPECT_TRUE(std::equal(bytes.begin(), bytes.begin() + 6, other.begin() + 6));
    EXPECT_TRUE(std::equal(bytes.begin() + 6, bytes.begin() + 12, other.begin()));
    EXPECT_TRUE(std::equal(bytes.begin() + 12, bytes.begin() + 18, other.begin() + 12));
    EXPECT_EQ(bytes[18 + ipv4::kTos], 0xd8);
}

}  // namespace
}  // namespace fpvs::slowpath
