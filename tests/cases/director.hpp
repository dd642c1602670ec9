// SPDX-License-Identifier: Apache-2.0
// The director of the catalogue's cases, and steps for it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "tests/cases/case.hpp"

namespace fpvs::cases {

constexpr std::uint64_t kPortMac[] = {0x0200000000d0, 0x0200000000d1};
constexpr std::uint32_t kClient = 0x0a000002;
constexpr std::uint32_t kVip = 0x0a000064;
constexpr kit::Address kClient6{0x20010db800000000, 0x2};
constexpr kit::Address kVip6{0x20010db800000000, 0x100};
constexpr std::uint8_t kTcp = 6;
constexpr std::uint8_t kUdp = 17;
constexpr std::uint8_t kSctp = 132;

// Services by direct routing.
constexpr std::uint16_t kWeb = 1;
constexpr std::uint16_t kDns = 2;
constexpr std::uint16_t kMysql = 0x3ff;  // The last index there is.

// Next hops by number.
constexpr std::uint16_t kTwoArmed = 0;
constexpr std::uint16_t kOneArmed = 1;
constexpr std::uint16_t kTagged = 2;
constexpr std::uint16_t kJumbo = 4095;  // The last one there is.
constexpr std::uint16_t kToClient = 3;
constexpr std::uint16_t kAbsent = 7;

// Flows of web by their client port.
constexpr std::uint16_t kFlowWeb = 30000;
constexpr std::uint16_t kFlowOneArmed = 30001;
constexpr std::uint16_t kFlowTagged = 30002;
constexpr std::uint16_t kFlowJumbo = 30003;
constexpr std::uint16_t kFlowHost = 30004;
constexpr std::uint16_t kFlowAbsent = 30005;
constexpr std::uint16_t kFlowDns = 30006;
constexpr std::uint16_t kFlowLocal = 30007;
constexpr std::uint16_t kFlowNoServer = 30008;
constexpr std::uint16_t kFlowMysql = 65535;
constexpr std::uint16_t kServerMax = 4095;

kit::Setup director();
const kit::NextHopSetup& hop_of(const kit::Setup& setup, std::uint16_t number);

kit::FrameSpec web(std::uint16_t client_port = kFlowWeb);
kit::FrameSpec dns();

template <class Change>
kit::FrameSpec with(kit::FrameSpec spec, Change change) {
    change(spec);
    return spec;
}

// A service and a server of it, as they are counted.
struct Whose {
    std::uint16_t service = 0;
    std::uint16_t server = 0;
};

// `in` as the hop gets it if nothing else changes: Ethernet header and tags, TTL.
kit::FrameSpec sent_by(const kit::FrameSpec& in, const kit::NextHopSetup& next);
// A frame on the wire: padding cut, filled to 60 bytes.
kit::FrameBytes on_the_wire(const kit::FrameSpec& spec);

// A frame that the card forwards as `out`.
Step forwarded_as(const std::string& what,
                  const kit::FrameSpec& in,
                  const kit::FrameSpec& out,
                  const kit::NextHopSetup& next,
                  Whose whose);
// One that it does not.
Step settled(const std::string& what,
             kit::FrameBytes frame,
             abi::Reason reason,
             std::optional<std::uint16_t> service = {},
             int port = 0);
Step settled(const std::string& what,
             const kit::FrameSpec& spec,
             abi::Reason reason,
             std::optional<std::uint16_t> service = {});

}  // namespace fpvs::cases
