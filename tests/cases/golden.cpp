// SPDX-License-Identifier: Apache-2.0
// Packets that a real IPVS forwarded by direct routing, as cases: what went in and what came out of
// its two interfaces (tests/data/pkt).
#include <fmt/core.h>

#include <algorithm>
#include <cstdint>
#include <set>
#include <stdexcept>

#include "tests/cases/case.hpp"
#include "tests/kit/pcap_reader.hpp"

namespace fpvs::cases {
namespace {

constexpr std::uint64_t kClientSide = 0x0200000000d0;
constexpr std::uint64_t kServerSide = 0x0200000000d1;
constexpr std::uint64_t kServerMac = 0x020000000105;
constexpr std::uint32_t kClient = 0x0a000002;
constexpr std::uint32_t kVip = 0x0a000064;
constexpr std::uint16_t kPort = 80;
constexpr std::uint16_t kService = 1;
constexpr std::uint16_t kServer = 5;
constexpr std::size_t kWireBytesMin = 60;
constexpr std::uint8_t kTcp = 6;
constexpr std::uint8_t kUdp = 17;

std::uint16_t number_at(const kit::Frame& frame, std::size_t offset) {
    return static_cast<std::uint16_t>(frame.at(offset) << 8 | frame.at(offset + 1));
}

// The captures have no VLAN tags; options make the IPv4 header longer.
std::size_t transport_offset(const kit::Frame& frame) {
    return kit::kEthernetBytes + 4 * (frame.at(kit::kEthernetBytes) & 0xf);
}

bool is_syn(const kit::Frame& frame) {
    return frame.at(kit::kEthernetBytes + 9) == kTcp &&
           (frame.at(transport_offset(frame) + 13) & kit::tcp::kSyn) != 0;
}

kit::Setup director(const std::vector<kit::Frame>& frames, std::uint8_t protocol) {
    kit::Setup setup;
    setup.ports[0] = {kClientSide, true};
    setup.services = {{kVip, kPort, protocol, kService}};
    kit::NextHopSetup hop;
    hop.destination_mac = kServerMac;
    hop.source_mac = kServerSide;
    hop.port = 1;
    setup.next_hops = {hop};
    std::set<std::uint16_t> client_ports;
    for (const kit::Frame& frame : frames) {
        client_ports.insert(number_at(frame, transport_offset(frame)));
    }
    setup.servers = {{kServer, 0}};
    for (const std::uint16_t port : client_ports) {
        setup.flows.push_back({kClient, port, kService, kServer});
    }
    return setup;
}

// A SYN is the host's business whatever is known of its flow, and so is a TTL that runs out; what
// IPVS sent of all others is what must be sent.
Case golden_case(const std::string& name, std::uint8_t protocol) {
    const auto in = kit::read_pcap("tests/data/pkt/" + name + ".client-side.pcap");
    auto expected = kit::read_pcap("tests/data/pkt/" + name + ".server-side.pcap");
    std::erase_if(expected, is_syn);
    std::string case_name = name;
    for (char& c : case_name) {
        c = c == '-' ? '_' : c;
    }
    Case one{case_name, director(in, protocol), {}};
    std::size_t forwarded = 0;
    for (const kit::Frame& frame : in) {
        Step step;
        step.what = fmt::format("frame {}", one.steps.size() + 1);
        step.in = {0, frame};
        step.service = kService;
        if (is_syn(frame)) {
            step.reason = abi::Reason::tcp_syn;
        } else if (frame.at(kit::kEthernetBytes + 8) <= 1) {
            step.reason = abi::Reason::ttl;
        } else {
            step.reason = abi::Reason::forwarded;
            kit::Frame sent = expected.at(forwarded++);
            sent.resize(std::max(sent.size(), kWireBytesMin));  // The capture is from before that.
            step.out = kit::Sent{1, std::move(sent)};
            step.server = kServer;
        }
        one.steps.push_back(std::move(step));
    }
    if (forwarded != expected.size() || forwarded == 0) {
        throw std::runtime_error(name + ": the two captures do not fit each other");
    }
    return one;
}

}  // namespace

std::vector<Case> golden_cases() {
    return {golden_case("xform-dr-tcp", kTcp), golden_case("xform-dr-udp", kUdp)};
}

}  // namespace fpvs::cases
