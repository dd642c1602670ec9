// SPDX-License-Identifier: Apache-2.0
// The packets of a real IPVS, in and out, byte for byte (tests/data/pkt).
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/kit/pcap_reader.hpp"
#include "tests/unit/slowpath/director.hpp"

namespace fpvs::slowpath {
namespace {

constexpr std::size_t kIpOffset = 14;
constexpr std::size_t kTtlOffset = kIpOffset + 8;

std::vector<kit::Bytes> recording(const std::string& name) {
    return kit::read_pcap("tests/data/pkt/" + name + ".pcap");
}

bool from(const kit::Bytes& frame, std::string_view mac) {
    const auto octets = model::parse_mac(mac)->octets;
    return std::equal(octets.begin(), octets.end(), frame.begin() + 6);
}

std::vector<kit::Bytes> from(const std::vector<kit::Bytes>& frames, std::string_view mac) {
    std::vector<kit::Bytes> chosen;
    for (const kit::Bytes& frame : frames) {
        if (from(frame, mac)) {
            chosen.push_back(frame);
        }
    }
    return chosen;
}

std::vector<kit::Bytes> bytes_of(const std::vector<kit::FakePort::Frame>& frames) {
    std::vector<kit::Bytes> bytes;
    for (const auto& frame : frames) {
        bytes.push_back(frame.bytes);
    }
    return bytes;
}

// An ICMP error without its IP identification, which is a counter of the sender's, and the checksum
// over it.
kit::Bytes without_identification(kit::Bytes frame) {
    EXPECT_EQ(kit::internet_checksum(std::span(frame).subspan(kIpOffset, 20)), 0);
    std::fill_n(frame.begin() + kIpOffset + 4, 2, 0);
    std::fill_n(frame.begin() + kIpOffset + 10, 2, 0);
    return frame;
}

void expect_direct_routing_as_recorded(const std::string& name, model::Protocol protocol) {
    Director director;
    director.serve(protocol);
    for (const kit::Bytes& frame : from(recording(name + ".client-side"), kClientMac)) {
        director.receive(frame);
    }
    const auto expected = from(recording(name + ".server-side"), "02:00:00:00:00:d1");
    const auto sent = bytes_of(director.server_wire.take());
    ASSERT_EQ(sent.size(), expected.size());
    for (std::size_t i = 0; i < sent.size(); ++i) {
        EXPECT_EQ(sent[i], expected[i]) << "frame " << i;
    }
}

TEST(golden, direct_routing_of_tcp_is_what_ipvs_sends) {
    expect_direct_routing_as_recorded("xform-dr-tcp", model::Protocol::tcp);
}

TEST(golden, direct_routing_of_udp_is_what_ipvs_sends) {
    expect_direct_routing_as_recorded("xform-dr-udp", model::Protocol::udp);
}

TEST(golden, icmp_errors_about_a_connection_reach_its_server_unchanged) {
    expect_direct_routing_as_recorded("icmp-dr", model::Protocol::tcp);
}

TEST(golden, a_ttl_that_ends_here_is_answered_as_ipvs_does) {
    Director director;
    director.serve();
    const auto recorded = recording("xform-nat-tcp.client-side");
    for (const kit::Bytes& frame : from(recorded, kClientMac)) {
        if (frame[kTtlOffset] == 1) {
            director.receive(frame);
        }
    }
    const auto expected = from(recorded, "02:00:00:00:00:d0");
    const auto sent = bytes_of(director.client_wire.take());
    ASSERT_EQ(expected.size(), 3U);
    ASSERT_EQ(sent.size(), expected.size());
    for (std::size_t i = 0; i < sent.size(); ++i) {
        EXPECT_EQ(without_identification(sent[i]), without_identification(expected[i]));
    }
    EXPECT_EQ(director.count(Outcome::ttl), 3U);
}

TEST(golden, without_servers_clients_are_told_as_ipvs_does) {
    Director director;
    director.add_service(model::Protocol::tcp);
    director.add_service(model::Protocol::udp);
    const auto recorded = recording("no-dest.client-side");
    for (const kit::Bytes& frame : from(recorded, kClientMac)) {
        director.receive(frame);
    }
    // The first two answers are IPVS's, the others the kernel's own to what is none of a service.
    const auto expected = from(recorded, "02:00:00:00:00:d0");
    const auto sent = bytes_of(director.client_wire.take());
    ASSERT_EQ(sent.size(), 2U);
    EXPECT_EQ(without_identification(sent[0]), without_identification(expected[0]));
    EXPECT_EQ(without_identification(sent[1]), without_identification(expected[1]));
    EXPECT_EQ(director.client_host.take().size(), 4U);
    EXPECT_EQ(director.count(Outcome::no_server), 2U);
    EXPECT_TRUE(director.server_wire.take().empty());
}

}  // namespace
}  // namespace fpvs::slowpath
