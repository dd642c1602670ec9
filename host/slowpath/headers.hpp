// SPDX-License-Identifier: Apache-2.0
// Where the fields of Ethernet, IPv4, TCP, UDP and ICMP headers lie, and the numbers in them.
#pragma once

#include <cstddef>
#include <cstdint>

namespace fpvs::slowpath {

namespace ethernet {
constexpr std::size_t kDestination = 0;
constexpr std::size_t kSource = 6;
constexpr std::size_t kType = 12;
constexpr std::size_t kHeaderBytes = 14;
constexpr std::size_t kVlanTagBytes = 4;
constexpr std::size_t kMacBytes = 6;
constexpr std::uint16_t kTypeIpv4 = 0x0800;
constexpr std::uint16_t kTypeVlan = 0x8100;
constexpr std::uint16_t kTypeServiceVlan = 0x88a8;
constexpr std::uint16_t kVlanMask = 0x0fff;
}  // namespace ethernet

namespace ipv4 {
constexpr std::size_t kVersion = 0;
constexpr std::size_t kTos = 1;
constexpr std::size_t kTotalLength = 2;
constexpr std::size_t kIdentification = 4;
constexpr std::size_t kFragment = 6;
constexpr std::size_t kTtl = 8;
constexpr std::size_t kProtocol = 9;
constexpr std::size_t kChecksum = 10;
constexpr std::size_t kSource = 12;
constexpr std::size_t kDestination = 16;
constexpr std::size_t kHeaderBytesMin = 20;
constexpr std::uint16_t kDontFragment = 0x4000;
constexpr std::uint16_t kFragmentMask = 0x3fff;  // More fragments, and the offset.
constexpr std::uint16_t kFragmentOffsetMask = 0x1fff;
constexpr std::uint8_t kProtocolIcmp = 1;
constexpr std::uint8_t kProtocolTcp = 6;
constexpr std::uint8_t kProtocolUdp = 17;
}  // namespace ipv4

namespace tcp {
constexpr std::size_t kDataOffset = 12;
constexpr std::size_t kFlags = 13;
constexpr std::size_t kHeaderBytesMin = 20;
}  // namespace tcp

namespace udp {
constexpr std::size_t kHeaderBytes = 8;
}  // namespace udp

// The first four bytes of TCP and UDP alike.
namespace transport {
constexpr std::size_t kSourcePort = 0;
constexpr std::size_t kDestinationPort = 2;
constexpr std::size_t kPortsBytes = 4;
}  // namespace transport

namespace icmp {
constexpr std::size_t kType = 0;
constexpr std::size_t kCode = 1;
constexpr std::size_t kChecksum = 2;
constexpr std::size_t kNextHopMtu = 6;
constexpr std::size_t kHeaderBytes = 8;
constexpr std::uint8_t kDestinationUnreachable = 3;
constexpr std::uint8_t kPortUnreachable = 3;      // A code of it.
constexpr std::uint8_t kFragmentationNeeded = 4;  // A code of it.
constexpr std::uint8_t kSourceQuench = 4;
constexpr std::uint8_t kTimeExceeded = 11;
}  // namespace icmp

}  // namespace fpvs::slowpath
