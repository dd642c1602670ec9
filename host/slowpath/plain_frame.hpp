// SPDX-License-Identifier: Apache-2.0
// The quick look at a frame: whether it is what nearly all are, untagged, to our station, with a
// whole IPv4 packet of TCP or UDP without IP options, and nothing strange about it.
//
// Yes is exactly what parse() would have said (tests/property/slowpath holds them together) at a
// quarter of its instructions.  No says nothing: parse() looks then.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "host/slowpath/bytes.hpp"
#include "host/slowpath/headers.hpp"
#include "host/slowpath/parse.hpp"

namespace fpvs::slowpath {

namespace plain {

constexpr std::size_t kIpOffset = ethernet::kHeaderBytes;
constexpr std::size_t kTransportOffset = kIpOffset + ipv4::kHeaderBytesMin;
// EtherType, version and header length, as the big-endian word that begins at the EtherType;
// its last octet is the TOS.
constexpr std::uint32_t kTypeAndVersion = std::uint32_t{ethernet::kTypeIpv4} << 16 | 0x4500;

// Whether the header's checksum is right.  The sum is taken in the machine's byte order, which
// makes no difference to that (RFC 1071 2B).
[[nodiscard]] inline bool header_sums_up(const std::uint8_t* ip) noexcept {
    std::uint64_t sum = 0;
    for (std::size_t at = 0; at < ipv4::kHeaderBytesMin; at += sizeof(std::uint32_t)) {
        std::uint32_t word = 0;
        std::memcpy(&word, ip + at, sizeof word);
        sum += word;
    }
    sum = (sum >> 32) + (sum & 0xffff) + (sum >> 16 & 0xffff);
    return (sum & 0xffff) + (sum >> 16) == 0xffff;
}

}  // namespace plain

// `station` is as for parse(): 0 where the port has chosen.
[[nodiscard, gnu::always_inline]] inline bool parse_plain(std::span<const std::uint8_t> frame,
                                                          std::uint64_t station,
                                                          ParsedFrame& parsed) noexcept {
    const std::uint8_t* at = frame.data();
    // TCP's shortest header also covers UDP's, and Ethernet pads what is shorter.
    if (frame.size() < plain::kTransportOffset + tcp::kHeaderBytesMin) {
        return false;
    }
    const std::uint64_t destination =
        std::uint64_t{load_be16(at)} << 32 | load_be32(at + sizeof(std::uint16_t));
    const bool ours = station != 0 ? destination == station : (at[0] & 1) == 0;
    const std::uint8_t* ip = at + plain::kIpOffset;
    const std::uint32_t type_and_version = load_be32(at + ethernet::kType) & 0xffffff00;
    if (!ours || type_and_version != plain::kTypeAndVersion ||
        (load_be16(ip + ipv4::kFragment) & ipv4::kFragmentMask) != 0 ||
        !plain::header_sums_up(ip)) {
        return false;
    }
    const std::uint32_t source = load_be32(ip + ipv4::kSource);
    const std::uint32_t network = source >> 24;
    const std::uint16_t ip_length = load_be16(ip + ipv4::kTotalLength);
    // "This network", multicast, broadcast and loopback are for parse() to name.
    if (network - 1 >= 223 || network == 127 || plain::kIpOffset + ip_length > frame.size()) {
        return false;
    }
    const std::uint8_t* segment = at + plain::kTransportOffset;
    const std::uint8_t protocol = ip[ipv4::kProtocol];
    std::uint8_t flags = 0;
    if (protocol == ip_protocol::kTcp) {
        const std::size_t header = static_cast<std::size_t>(segment[tcp::kDataOffset] >> 4) * 4;
        if (header < tcp::kHeaderBytesMin || ipv4::kHeaderBytesMin + header > ip_length) {
            return false;
        }
        flags = segment[tcp::kFlags];
    } else if (protocol != ip_protocol::kUdp ||
               ip_length < ipv4::kHeaderBytesMin + udp::kHeaderBytes) {
        return false;
    }
    parsed.kind = ParsedFrame::Kind::transport;
    parsed.ip_offset = plain::kIpOffset;
    parsed.ip_length = ip_length;
    parsed.transport_offset = plain::kTransportOffset;
    parsed.ip_protocol = protocol;
    parsed.family = model::Family::ipv4;
    parsed.packet.protocol = static_cast<model::Protocol>(protocol);
    parsed.packet.tcp_flags = flags;
    parsed.packet.sctp_chunk = 0;
    parsed.packet.ip_length_bytes = ip_length;
    parsed.packet.source_address = model::Ipv4{source};
    parsed.packet.source_port = load_be16(segment + transport::kSourcePort);
    parsed.packet.destination_address = model::Ipv4{load_be32(ip + ipv4::kDestination)};
    parsed.packet.destination_port = load_be16(segment + transport::kDestinationPort);
    return true;
}

}  // namespace fpvs::slowpath
