// SPDX-License-Identifier: Apache-2.0
// Where the fields of link, IP, transport and tunnel headers lie, and the numbers in them.
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
constexpr std::uint16_t kTypeIpv6 = 0x86dd;
constexpr std::uint16_t kTypeVlan = 0x8100;
constexpr std::uint16_t kTypeServiceVlan = 0x88a8;
constexpr std::uint16_t kVlanMask = 0x0fff;
}  // namespace ethernet

// The numbers of what follows an IP header, in IPv4's protocol and IPv6's next header alike.
namespace ip_protocol {
constexpr std::uint8_t kHopByHop = 0;
constexpr std::uint8_t kIcmp = 1;
constexpr std::uint8_t kIpv4 = 4;
constexpr std::uint8_t kTcp = 6;
constexpr std::uint8_t kUdp = 17;
constexpr std::uint8_t kIpv6 = 41;
constexpr std::uint8_t kRouting = 43;
constexpr std::uint8_t kFragment = 44;
constexpr std::uint8_t kGre = 47;
constexpr std::uint8_t kAuthentication = 51;
constexpr std::uint8_t kIcmpv6 = 58;
constexpr std::uint8_t kDestinationOptions = 60;
constexpr std::uint8_t kSctp = 132;
}  // namespace ip_protocol

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
constexpr std::size_t kHeaderBytesMax = 60;
constexpr std::uint8_t kVersionAndHeaderLength = 0x45;  // Of a header without options.
constexpr std::uint16_t kDontFragment = 0x4000;
constexpr std::uint16_t kMoreFragments = 0x2000;
constexpr std::uint16_t kFragmentMask = 0x3fff;  // More fragments, and the offset.
constexpr std::uint16_t kFragmentOffsetMask = 0x1fff;
}  // namespace ipv4

namespace ipv6 {
constexpr std::size_t kVersion = 0;
constexpr std::size_t kPayloadLength = 4;
constexpr std::size_t kNextHeader = 6;
constexpr std::size_t kHopLimit = 7;
constexpr std::size_t kSource = 8;
constexpr std::size_t kDestination = 24;
constexpr std::size_t kHeaderBytes = 40;
constexpr std::size_t kAddressBytes = 16;
constexpr std::size_t kMtuMin = 1280;
constexpr std::uint32_t kVersionBits = 6U << 28;  // In the first 32 bits; see traffic_class().
}  // namespace ipv6

// IPv6 fragment header (RFC 8200 4.5).
namespace fragment_header {
constexpr std::size_t kNextHeader = 0;
constexpr std::size_t kOffset = 2;  // In the 13 upper bits, as bytes; the lowest bit is "more".
constexpr std::size_t kIdentification = 4;
constexpr std::size_t kBytes = 8;
constexpr std::uint16_t kOffsetMask = 0xfff8;
constexpr std::uint16_t kMore = 1;
}  // namespace fragment_header

namespace tcp {
constexpr std::size_t kSequence = 4;
constexpr std::size_t kAcknowledgement = 8;
constexpr std::size_t kDataOffset = 12;
constexpr std::size_t kFlags = 13;
constexpr std::size_t kChecksum = 16;
constexpr std::size_t kHeaderBytesMin = 20;
constexpr std::size_t kHeaderBytesMax = 60;
}  // namespace tcp

namespace udp {
constexpr std::size_t kLength = 4;
constexpr std::size_t kChecksum = 6;
constexpr std::size_t kHeaderBytes = 8;
}  // namespace udp

// RFC 9260 3.1 and 3.2.
namespace sctp {
constexpr std::size_t kChecksum = 8;
constexpr std::size_t kHeaderBytes = 12;
constexpr std::size_t kChunkType = 0;
constexpr std::size_t kChunkLength = 2;
constexpr std::size_t kChunkHeaderBytes = 4;
constexpr std::uint8_t kAbort = 6;
constexpr std::uint8_t kCookieEcho = 10;
constexpr std::uint8_t kCookieAck = 11;
}  // namespace sctp

// The first four bytes of TCP, UDP and SCTP alike.
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

namespace icmpv6 {
constexpr std::size_t kMtu = 4;
constexpr std::size_t kHeaderBytes = 8;
constexpr std::uint8_t kDestinationUnreachable = 1;
constexpr std::uint8_t kPortUnreachable = 4;  // A code of it.
constexpr std::uint8_t kPacketTooBig = 2;
constexpr std::uint8_t kTimeExceeded = 3;
constexpr std::uint8_t kErrorTypeMax = 127;  // Above are the informational messages.
}  // namespace icmpv6

// RFC 2784; the checksum and a reserved word are there when the first bit says so.
namespace gre {
constexpr std::size_t kFlags = 0;
constexpr std::size_t kType = 2;
constexpr std::size_t kChecksum = 4;
constexpr std::size_t kHeaderBytes = 4;
constexpr std::size_t kChecksumBytes = 4;
constexpr std::uint16_t kHasChecksum = 0x8000;
}  // namespace gre

// Generic UDP encapsulation, variant 0 (draft-ietf-intarea-gue).
namespace gue {
constexpr std::size_t kLengthWords = 0;  // Version, control bit, words of options.
constexpr std::size_t kProtocol = 1;
constexpr std::size_t kHeaderBytes = 4;
constexpr std::uint8_t kVersionAndControl = 0xe0;
constexpr std::uint8_t kLengthMask = 0x1f;
}  // namespace gue

}  // namespace fpvs::slowpath
