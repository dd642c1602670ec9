// SPDX-License-Identifier: Apache-2.0
// Lengths and numbers of the headers before a packet's payload.
#pragma once

namespace fpvs {
namespace lib {

constexpr int kEthernetBytes = 14;
constexpr int kVlanBytes = 4;
constexpr int kVlanTagsMax = 2;
constexpr int kEtherTypeIpv4 = 0x0800;
constexpr int kEtherTypeIpv6 = 0x86dd;
constexpr int kEtherTypeVlan = 0x8100;
constexpr int kEtherTypeServiceVlan = 0x88a8;
constexpr int kEthernetFrameBytesMin = 60;  // Without FCS.

constexpr int kIpv4BytesMin = 20;
constexpr int kIpv6Bytes = 40;
constexpr int kProtocolIpv4 = 4;
constexpr int kProtocolTcp = 6;
constexpr int kProtocolUdp = 17;
constexpr int kProtocolIpv6 = 41;
constexpr int kProtocolGre = 47;

constexpr int kUdpBytes = 8;
constexpr int kGueBytes = 4;
constexpr int kGreBytes = 4;
constexpr int kGreChecksumBytes = 4;

}  // namespace lib
}  // namespace fpvs
