// SPDX-License-Identifier: Apache-2.0
#include "host/slowpath/frame_edit.hpp"

#include <algorithm>
#include <cstring>

#include "host/slowpath/bytes.hpp"
#include "host/slowpath/checksum.hpp"

namespace fpvs::slowpath {
namespace {

constexpr std::size_t kIcmpPacketBytesMax = 576;
constexpr std::size_t kIcmpHeadersBytes = ipv4::kHeaderBytesMin + icmp::kHeaderBytes;
constexpr std::uint8_t kInternetworkControl = 0xc0;
constexpr std::uint8_t kTosMask = 0x1e;
constexpr std::uint8_t kReplyTtl = 64;
constexpr std::uint8_t kVersionAndHeaderLength = 0x45;

}  // namespace

LinkHeader LinkHeader::make(model::MacAddress destination,
                            model::MacAddress source,
                            std::optional<std::uint16_t> vlan) {
    LinkHeader header;
    std::uint8_t* at = header.bytes.data();
    std::copy(destination.octets.begin(), destination.octets.end(), at + ethernet::kDestination);
    std::copy(source.octets.begin(), source.octets.end(), at + ethernet::kSource);
    if (vlan) {
        store_be16(at + ethernet::kType, ethernet::kTypeVlan);
        store_be16(at + ethernet::kType + 2, *vlan & ethernet::kVlanMask);
        at += ethernet::kVlanTagBytes;
    }
    store_be16(at + ethernet::kType, ethernet::kTypeIpv4);
    header.length =
        static_cast<std::uint8_t>(ethernet::kHeaderBytes + (vlan ? ethernet::kVlanTagBytes : 0));
    return header;
}

bool turn_into_icmp_error(rte_mbuf& frame,
                          std::size_t ip_offset,
                          std::size_t ip_length,
                          IcmpError error,
                          std::uint16_t identification) noexcept {
    LinkHeader link;
    if (rte_pktmbuf_headroom(&frame) < kIcmpHeadersBytes || ip_offset > link.bytes.size()) {
        return false;
    }
    // Back to whom the frame came from, by the VLAN it came in.
    link.length = static_cast<std::uint8_t>(ip_offset);
    std::memcpy(link.bytes.data(), bytes_at(frame, 0), ip_offset);
    std::swap_ranges(link.bytes.begin() + ethernet::kDestination,
                     link.bytes.begin() + ethernet::kDestination + ethernet::kMacBytes,
                     link.bytes.begin() + ethernet::kSource);

    const std::uint8_t* packet = bytes_at(frame, ip_offset);
    const std::uint32_t sender = load_be32(packet + ipv4::kSource);
    const std::uint32_t receiver = load_be32(packet + ipv4::kDestination);
    const std::uint8_t tos = (packet[ipv4::kTos] & kTosMask) | kInternetworkControl;
    const std::size_t quoted = std::min(ip_length, kIcmpPacketBytesMax - kIcmpHeadersBytes);
    trim(frame, ip_offset, quoted);
    rte_pktmbuf_adj(&frame, static_cast<std::uint16_t>(ip_offset));
    rte_pktmbuf_prepend(&frame, static_cast<std::uint16_t>(kIcmpHeadersBytes + ip_offset));

    std::memcpy(bytes_at(frame, 0), link.bytes.data(), ip_offset);
    std::uint8_t* ip = bytes_at(frame, ip_offset);
    std::memset(ip, 0, kIcmpHeadersBytes);
    ip[ipv4::kVersion] = kVersionAndHeaderLength;
    ip[ipv4::kTos] = tos;
    store_be16(ip + ipv4::kTotalLength, static_cast<std::uint16_t>(kIcmpHeadersBytes + quoted));
    store_be16(ip + ipv4::kIdentification, identification);
    ip[ipv4::kTtl] = kReplyTtl;
    ip[ipv4::kProtocol] = ipv4::kProtocolIcmp;
    store_be32(ip + ipv4::kSource, receiver);
    store_be32(ip + ipv4::kDestination, sender);
    store_be16(ip + ipv4::kChecksum, checksum({ip, ipv4::kHeaderBytesMin}));

    std::uint8_t* message = ip + ipv4::kHeaderBytesMin;
    message[icmp::kType] = error.type;
    message[icmp::kCode] = error.code;
    store_be16(message + icmp::kNextHopMtu, error.mtu);
    store_be16(message + icmp::kChecksum, checksum({message, icmp::kHeaderBytes + quoted}));
    return true;
}

}  // namespace fpvs::slowpath
