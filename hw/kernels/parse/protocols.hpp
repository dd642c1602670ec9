// SPDX-License-Identifier: Apache-2.0
// Numbers of the protocols that the card reads.
#pragma once

namespace fpvs {
namespace kernels {

// EtherTypes.
constexpr int kEtherTypeIpv4 = 0x0800;
constexpr int kEtherTypeVlan = 0x8100;
constexpr int kEtherTypeIpv6 = 0x86dd;
constexpr int kEtherTypeServiceVlan = 0x88a8;

// IP protocols, which are IPv6's next headers.
constexpr int kProtocolHopByHop = 0;
constexpr int kProtocolIcmp = 1;
constexpr int kProtocolTcp = 6;
constexpr int kProtocolUdp = 17;
constexpr int kProtocolRouting = 43;
constexpr int kProtocolFragment = 44;
constexpr int kProtocolAuthentication = 51;
constexpr int kProtocolIcmpv6 = 58;
constexpr int kProtocolDestinationOptions = 60;
constexpr int kProtocolSctp = 132;

// TCP's flags.
constexpr int kTcpFin = 0x01;
constexpr int kTcpSyn = 0x02;
constexpr int kTcpRst = 0x04;
constexpr int kTcpAck = 0x10;

// SCTP's chunks that come in numbers: all others change an association's state.
constexpr int kSctpData = 0;
constexpr int kSctpInit = 1;
constexpr int kSctpSack = 3;
constexpr int kSctpHeartbeat = 4;
constexpr int kSctpHeartbeatAck = 5;

// ICMP that the director itself waits for.
constexpr int kIcmpEchoReply = 0;
constexpr int kIcmpv6EchoReply = 129;
constexpr int kIcmpv6NeighbourFirst = 133;  // Router solicitation.
constexpr int kIcmpv6NeighbourLast = 137;   // Redirect.

constexpr int kFtpDataPort = 20;

constexpr int kEthernetBytes = 14;
constexpr int kVlanBytes = 4;
constexpr int kVlanTagsMax = 2;
constexpr int kIpv4Bytes = 20;
constexpr int kIpv4BytesMax = 60;
constexpr int kIpv6Bytes = 40;
constexpr int kTcpBytes = 20;
constexpr int kUdpBytes = 8;
constexpr int kSctpBytes = 16;  // With the first chunk's header.
constexpr int kIcmpBytes = 8;

}  // namespace kernels
}  // namespace fpvs
