// SPDX-License-Identifier: Apache-2.0
#include "host/slowpath/parse.hpp"

#include "host/slowpath/bytes.hpp"
#include "host/slowpath/checksum.hpp"
#include "host/slowpath/headers.hpp"

namespace fpvs::slowpath {
namespace {

using Bytes = std::span<const std::uint8_t>;

void settle(ParsedFrame& parsed, Outcome outcome) {
    parsed.kind = ParsedFrame::Kind::settled;
    parsed.outcome = outcome;
}

std::uint64_t load_mac(const std::uint8_t* at) {
    return std::uint64_t{load_be16(at)} << 32 | load_be32(at + 2);
}

// Multicast, broadcast, loopback and "this network" (RFC 1122 3.2.1.3) never send.
bool can_be_source(std::uint32_t address) {
    const std::uint32_t network = address >> 24;
    return network != 0 && network != 127 && network < 224;
}

bool transport_fits(std::uint8_t protocol, Bytes segment) {
    if (protocol == ipv4::kProtocolUdp) {
        return segment.size() >= udp::kHeaderBytes;
    }
    if (segment.size() < tcp::kHeaderBytesMin) {
        return false;
    }
    const std::size_t header = static_cast<std::size_t>(segment[tcp::kDataOffset] >> 4) * 4;
    return header >= tcp::kHeaderBytesMin && header <= segment.size();
}

model::Protocol protocol_of(std::uint8_t number) {
    return number == ipv4::kProtocolTcp ? model::Protocol::tcp : model::Protocol::udp;
}

// An ICMP error about a packet that a server sent: its quote has the connection the other way
// round.  Redirects are for the director itself.
void parse_icmp(ParsedFrame& parsed, Bytes message) {
    if (message.size() < icmp::kHeaderBytes + ipv4::kHeaderBytesMin) {
        return settle(parsed, Outcome::protocol);
    }
    const std::uint8_t type = message[icmp::kType];
    if (type != icmp::kDestinationUnreachable && type != icmp::kSourceQuench &&
        type != icmp::kTimeExceeded) {
        return settle(parsed, Outcome::protocol);
    }
    const Bytes quote = message.subspan(icmp::kHeaderBytes);
    const std::size_t header = static_cast<std::size_t>(quote[ipv4::kVersion] & 0xf) * 4;
    const std::uint8_t protocol = quote[ipv4::kProtocol];
    const bool quotes_ports = quote[ipv4::kVersion] >> 4 == 4 && header >= ipv4::kHeaderBytesMin &&
                              header + transport::kPortsBytes <= quote.size() &&
                              (load_be16(&quote[ipv4::kFragment]) & ipv4::kFragmentOffsetMask) == 0;
    if (!quotes_ports || (protocol != ipv4::kProtocolTcp && protocol != ipv4::kProtocolUdp)) {
        return settle(parsed, Outcome::protocol);
    }
    const std::uint8_t* ports = quote.data() + header;
    parsed.kind = ParsedFrame::Kind::icmp_error;
    parsed.packet.protocol = protocol_of(protocol);
    parsed.packet.source_address = model::Ipv4{load_be32(&quote[ipv4::kDestination])};
    parsed.packet.source_port = load_be16(ports + transport::kDestinationPort);
    parsed.packet.destination_address = model::Ipv4{load_be32(&quote[ipv4::kSource])};
    parsed.packet.destination_port = load_be16(ports + transport::kSourcePort);
}

void parse_ipv4(ParsedFrame& parsed, Bytes packet) {
    if (packet.size() < ipv4::kHeaderBytesMin || packet[ipv4::kVersion] >> 4 != 4) {
        return settle(parsed, Outcome::ip_header);
    }
    const std::size_t header = static_cast<std::size_t>(packet[ipv4::kVersion] & 0xf) * 4;
    if (header < ipv4::kHeaderBytesMin || header > packet.size()) {
        return settle(parsed, Outcome::ip_header);
    }
    parsed.ip_length = load_be16(&packet[ipv4::kTotalLength]);
    if (parsed.ip_length < header || parsed.ip_length > packet.size()) {
        return settle(parsed, Outcome::ip_length);
    }
    if (ones_sum(packet.first(header)) != 0xffff) {
        return settle(parsed, Outcome::ip_checksum);
    }
    const std::uint32_t source = load_be32(&packet[ipv4::kSource]);
    if (!can_be_source(source)) {
        return settle(parsed, Outcome::source_address);
    }
    if ((load_be16(&packet[ipv4::kFragment]) & ipv4::kFragmentMask) != 0) {
        return settle(parsed, Outcome::fragment);
    }
    const Bytes segment = packet.first(parsed.ip_length).subspan(header);
    const std::uint8_t protocol = packet[ipv4::kProtocol];
    parsed.packet.ip_length_bytes = parsed.ip_length;
    if (protocol == ipv4::kProtocolIcmp) {
        return parse_icmp(parsed, segment);
    }
    if (protocol != ipv4::kProtocolTcp && protocol != ipv4::kProtocolUdp) {
        return settle(parsed, Outcome::protocol);
    }
    if (!transport_fits(protocol, segment)) {
        return settle(parsed, Outcome::transport_header);
    }
    parsed.kind = ParsedFrame::Kind::transport;
    parsed.packet.protocol = protocol_of(protocol);
    parsed.packet.tcp_flags = protocol == ipv4::kProtocolTcp ? segment[tcp::kFlags] : 0;
    parsed.packet.source_address = model::Ipv4{source};
    parsed.packet.source_port = load_be16(&segment[transport::kSourcePort]);
    parsed.packet.destination_address = model::Ipv4{load_be32(&packet[ipv4::kDestination])};
    parsed.packet.destination_port = load_be16(&segment[transport::kDestinationPort]);
}

}  // namespace

void parse(Bytes frame, std::uint64_t station, ParsedFrame& parsed) noexcept {
    if (frame.size() < ethernet::kHeaderBytes) {
        return settle(parsed, Outcome::runt);
    }
    parsed.ip_offset = ethernet::kHeaderBytes;
    if ((frame[ethernet::kDestination] & 1) != 0) {
        return settle(parsed, Outcome::group_address);
    }
    if (station != 0 && load_mac(&frame[ethernet::kDestination]) != station) {
        return settle(parsed, Outcome::other_host);
    }
    std::uint16_t type = load_be16(&frame[ethernet::kType]);
    if (type == ethernet::kTypeVlan) {
        if (frame.size() < ethernet::kHeaderBytes + ethernet::kVlanTagBytes) {
            return settle(parsed, Outcome::runt);
        }
        parsed.ip_offset += ethernet::kVlanTagBytes;
        type = load_be16(&frame[ethernet::kType + ethernet::kVlanTagBytes]);
        if (type == ethernet::kTypeVlan || type == ethernet::kTypeServiceVlan) {
            return settle(parsed, Outcome::vlan_stacked);
        }
    }
    if (type != ethernet::kTypeIpv4) {
        return settle(parsed, Outcome::not_ipv4);
    }
    parse_ipv4(parsed, frame.subspan(parsed.ip_offset));
}

}  // namespace fpvs::slowpath
