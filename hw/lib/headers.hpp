// SPDX-License-Identifier: Apache-2.0
// Lengths and numbers of the headers before a packet's payload.
#pragma once

namespace fpvs {
namespace lib {

constexpr int kEthernetBytes = 14;
constexpr int kVlanBytes = 4;
constexpr int kVlanTagsMax = 2;
constexpr int kEtherTypeIpv4 = 0x0800;
constexpr int kEtherTypeVlan = 0x8100;
constexpr int kEtherTypeIpv6 = 0x86dd;
constexpr int kEtherTypeServiceVlan = 0x88a8;
constexpr int kEthernetFrameBytesMin = 60;  // Without FCS.

constexpr int kIpv4BytesMin = 20;
constexpr int kIpv4BytesMax = 60;
constexpr int kIpv6Bytes = 40;

// IP protocols, which are IPv6's next headers.
constexpr int kProtocolHopByHop = 0;
constexpr int kProtocolIcmp = 1;
constexpr int kProtocolIpv4 = 4;
constexpr int kProtocolTcp = 6;
constexpr int kProtocolUdp = 17;
constexpr int kProtocolIpv6 = 41;
constexpr int kProtocolRouting = 43;
constexpr int kProtocolFragment = 44;
constexpr int kProtocolGre = 47;
constexpr int kProtocolAuthentication = 51;
constexpr int kProtocolIcmpv6 = 58;
constexpr int kProtocolDestinationOptions = 60;
constexpr int kProtocolSctp = 132;

constexpr int kTcpBytesMin = 20;
constexpr int kTcpFin = 0x01;
constexpr int kTcpSyn = 0x02;
constexpr int kTcpRst = 0x04;
constexpr int kTcpAck = 0x10;
constexpr int kFtpDataPort = 20;

constexpr int kUdpBytes = 8;
constexpr int kGueBytes = 4;
constexpr int kGreBytes = 4;
constexpr int kGreChecksumBytes = 4;

// With the first chunk's header.  The chunks are those that come in numbers: all others change an
// association's state.
constexpr int kSctpBytesMin = 16;
constexpr int kSctpData = 0;
constexpr int kSctpInit = 1;
constexpr int kSctpSack = 3;
constexpr int kSctpHeartbeat = 4;
constexpr int kSctpHeartbeatAck = 5;

// What a director itself waits for.
constexpr int kIcmpBytes = 8;
constexpr int kIcmpEchoReply = 0;
constexpr int kIcmpv6EchoReply = 129;
constexpr int kIcmpv6NeighbourFirst = 133;  // Router solicitation.
constexpr int kIcmpv6NeighbourLast = 137;   // Redirect.

}  // namespace lib
}  // namespace fpvs
