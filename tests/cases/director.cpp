// SPDX-License-Identifier: Apache-2.0
#include "tests/cases/director.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace fpvs::cases {
namespace {

constexpr std::size_t kWireBytesMin = 60;

kit::NextHopSetup hop(std::uint16_t number, std::uint8_t port, std::uint16_t mtu) {
    kit::NextHopSetup setup;
    setup.next_hop = number;
    setup.destination_mac = 0x020000000100u + number % 256;
    setup.source_mac = kPortMac[port];
    setup.port = port;
    setup.mtu = mtu;
    return setup;
}

}  // namespace

kit::Setup director() {
    kit::Setup setup;
    setup.ports[0] = {kPortMac[0], true};
    setup.ports[1] = {kPortMac[1], true};
    setup.services = {{kVip, 80, kTcp, kWeb}, {kVip, 53, kUdp, kDns}, {kVip, 3306, kTcp, kMysql}};
    setup.next_hops = {hop(kTwoArmed, 1, 1500), hop(kOneArmed, 0, 1500), hop(kTagged, 1, 1500)};
    setup.next_hops.push_back(hop(kJumbo, 1, 9582));
    setup.next_hops.push_back(hop(kToClient, 0, 1500));
    setup.next_hops[2].vlan = 100;
    setup.servers = {{0, kTwoArmed},
                     {5, kTwoArmed},
                     {6, kOneArmed},
                     {7, kTagged},
                     {8, kJumbo},
                     {10, kAbsent},
                     {kServerMax, kTwoArmed}};
    setup.flows = {
        {kClient, kFlowWeb, kWeb, 5},
        {kClient, kFlowOneArmed, kWeb, 6},
        {kClient, kFlowTagged, kWeb, 7},
        {kClient, kFlowJumbo, kWeb, 8},
        {kClient, kFlowHost, kWeb, 5, abi::Method::host},
        {kClient, kFlowAbsent, kWeb, 10},
        {kClient, kFlowDns, kDns, 0},
        {kClient, kFlowLocal, kWeb, 5, abi::Method::local},
        {kClient, kFlowNoServer, kWeb, 11},
        {kClient, kFlowMysql, kMysql, kServerMax},
    };
    return setup;
}

const kit::NextHopSetup& hop_of(const kit::Setup& setup, std::uint16_t number) {
    const auto found = std::find_if(setup.next_hops.begin(),
                                    setup.next_hops.end(),
                                    [&](const auto& one) { return one.next_hop == number; });
    if (found == setup.next_hops.end()) {
        throw std::runtime_error("the setup has no such next hop");
    }
    return *found;
}

kit::FrameSpec web(std::uint16_t client_port) {
    kit::FrameSpec spec;
    spec.source_port = client_port;
    return spec;
}

kit::FrameSpec dns() {
    kit::FrameSpec spec;
    spec.protocol = kUdp;
    spec.source_port = kFlowDns;
    spec.destination_port = 53;
    return spec;
}

kit::FrameSpec sent_by(const kit::FrameSpec& in, const kit::NextHopSetup& next) {
    kit::FrameSpec out = in;
    out.destination_mac = next.destination_mac;
    out.source_mac = next.source_mac;
    out.ttl = static_cast<std::uint8_t>(in.ttl - 1);
    out.vlan_tci = next.vlan;
    out.outer_vlan_tci.reset();
    return out;
}

kit::FrameBytes on_the_wire(const kit::FrameSpec& spec) {
    kit::FrameSpec bare = spec;
    bare.padding_bytes = 0;
    kit::FrameBytes frame = kit::build_frame(bare);
    frame.resize(std::max(frame.size(), kWireBytesMin));
    return frame;
}

Step forwarded_as(const std::string& what,
                  const kit::FrameSpec& in,
                  const kit::FrameSpec& out,
                  const kit::NextHopSetup& next,
                  Whose whose) {
    Step step;
    step.what = what;
    step.in = {0, kit::build_frame(in)};
    step.reason = abi::Reason::forwarded;
    step.out = kit::Sent{next.port, on_the_wire(out)};
    step.service = whose.service;
    step.server = whose.server;
    return step;
}

Step settled(const std::string& what,
             kit::FrameBytes frame,
             abi::Reason reason,
             std::optional<std::uint16_t> service,
             int port) {
    Step step;
    step.what = what;
    step.in = {port, std::move(frame)};
    step.reason = reason;
    step.service = service;
    return step;
}

Step settled(const std::string& what,
             const kit::FrameSpec& spec,
             abi::Reason reason,
             std::optional<std::uint16_t> service) {
    return settled(what, kit::build_frame(spec), reason, service);
}

}  // namespace fpvs::cases
