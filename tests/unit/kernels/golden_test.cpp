// SPDX-License-Identifier: Apache-2.0
// Packets that a real IPVS forwarded by direct routing leave the native pipeline byte for byte as
// they left the real one.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "tests/kit/frame_diff.hpp"
#include "tests/kit/native_dataplane.hpp"
#include "tests/kit/pcap_reader.hpp"

namespace fpvs {
namespace {

constexpr std::uint64_t kClientSide = 0x0200000000d0;
constexpr std::uint64_t kServerSide = 0x0200000000d1;
constexpr std::uint64_t kServer = 0x020000000105;
constexpr std::uint16_t kService = 1;
constexpr std::uint8_t kTcp = 6;

// The captures have no VLAN tags; the transport header follows the IPv4 header's own length.
std::size_t transport_offset(const kit::FrameBytes& frame) {
    return kit::kEthernetBytes + 4 * (frame.at(kit::kEthernetBytes) & 0xf);
}

std::uint16_t client_port(const kit::FrameBytes& frame) {
    const std::size_t offset = transport_offset(frame);
    return static_cast<std::uint16_t>(frame.at(offset) << 8 | frame.at(offset + 1));
}

bool is_syn(const kit::FrameBytes& frame) {
    return frame.at(kit::kEthernetBytes + 9) == kTcp &&
           (frame.at(transport_offset(frame) + 13) & kit::tcp::kSyn) != 0;
}

std::uint8_t ttl(const kit::FrameBytes& frame) {
    return frame.at(kit::kEthernetBytes + 8);
}

kit::Setup director(const std::vector<kit::Frame>& frames, std::uint8_t protocol) {
    kit::Setup setup;
    setup.ports[0] = {kClientSide, true};
    setup.services = {{0x0a000064, 80, protocol, kService}};
    kit::NextHopSetup hop;
    hop.destination_mac = kServer;
    hop.source_mac = kServerSide;
    hop.port = 1;
    setup.next_hops = {hop};
    std::set<std::uint16_t> client_ports;
    for (const kit::Frame& frame : frames) {
        client_ports.insert(client_port(frame));
    }
    for (const std::uint16_t port : client_ports) {
        setup.flows.push_back({0x0a000002, port, kService, 0, 0});
    }
    return setup;
}

void expect_as_ipvs(const std::string& name, std::uint8_t protocol) {
    kit::CardDataplane& dataplane = kit::native_dataplane();
    const auto in = kit::read_pcap("tests/data/pkt/" + name + ".client-side.pcap");
    auto expected = kit::read_pcap("tests/data/pkt/" + name + ".server-side.pcap");
    // A SYN is the host's business, whatever is known of its flow.
    std::erase_if(expected, is_syn);
    dataplane.configure(director(in, protocol));

    std::size_t forwarded = 0;
    for (const kit::Frame& frame : in) {
        const kit::Observed observed = dataplane.run({{0, frame}});
        if (is_syn(frame) || ttl(frame) <= 1) {
            ASSERT_EQ(observed.punted.size(), 1u) << kit::scapy_line(frame);
            EXPECT_EQ(kit::frame_diff(frame, observed.punted[0].frame), "");
            continue;
        }
        ASSERT_EQ(observed.sent.size(), 1u) << kit::scapy_line(frame);
        ASSERT_LT(forwarded, expected.size());
        EXPECT_EQ(kit::frame_diff(expected[forwarded], observed.sent[0].frame), "");
        ++forwarded;
    }
    EXPECT_EQ(forwarded, expected.size());
    EXPECT_GT(forwarded, 10u);
}

TEST(Golden, direct_routing_of_tcp_is_what_ipvs_sends) {
    expect_as_ipvs("xform-dr-tcp", kTcp);
}

TEST(Golden, direct_routing_of_udp_is_what_ipvs_sends) {
    expect_as_ipvs("xform-dr-udp", 17);
}

}  // namespace
}  // namespace fpvs
