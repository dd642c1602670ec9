// SPDX-License-Identifier: Apache-2.0
#include "host/slowpath/parse.hpp"

#include "host/slowpath/bytes.hpp"
#include "host/slowpath/checksum.hpp"
#include "host/slowpath/headers.hpp"
#include "host/slowpath/ipv6_chain.hpp"

namespace fpvs::slowpath {
namespace {

using Bytes = std::span<const std::uint8_t>;
using Kind = ParsedFrame::Kind;

// What is rare must not lengthen the way of what is not.
#define FPVS_RARE [[gnu::cold, gnu::noinline]]

void settle(ParsedFrame& parsed, Outcome outcome) {
    parsed.kind = Kind::settled;
    parsed.outcome = outcome;
}

std::uint64_t load_mac(const std::uint8_t* at) {
    return std::uint64_t{load_be16(at)} << 32 | load_be32(at + 2);
}

// Multicast, broadcast, loopback and "this network" (RFC 1122 3.2.1.3) never send.
bool can_be_source(model::Ipv4 address) {
    const std::uint32_t network = address.value >> 24;
    return network != 0 && network != 127 && network < 224;
}

// Nor do multicast, loopback and the unspecified address of IPv6 (RFC 4291 2.5 and 2.7).
bool can_be_source(const model::Ipv6& address) {
    const bool at_most_one =
        (address.words[0] | address.words[1] | address.words[2]) == 0 && address.words[3] <= 1;
    return !at_most_one && address.words[0] >> 24 != 0xff;
}

bool is_transport(std::uint8_t protocol) {
    return protocol == ip_protocol::kTcp || protocol == ip_protocol::kUdp ||
           protocol == ip_protocol::kSctp;
}

std::size_t ipv4_header_bytes(const std::uint8_t* ip) {
    return static_cast<std::size_t>(ip[ipv4::kVersion] & 0xf) * 4;
}

// The type of the chunk that decides: the first, or an ABORT right behind a cookie (IPVS's rule).
// False if the packet has not even one.
FPVS_RARE bool read_sctp_chunk(Bytes segment, std::uint8_t& type) {
    if (segment.size() < sctp::kHeaderBytes + sctp::kChunkHeaderBytes) {
        return false;
    }
    const Bytes chunk = segment.subspan(sctp::kHeaderBytes);
    type = chunk[sctp::kChunkType];
    if (type == sctp::kCookieEcho || type == sctp::kCookieAck) {
        const std::size_t length = load_be16(&chunk[sctp::kChunkLength]);
        const std::size_t next = (length + 3) & ~std::size_t{3};
        if (length >= sctp::kChunkHeaderBytes && chunk.size() >= next + sctp::kChunkHeaderBytes &&
            chunk[next + sctp::kChunkType] == sctp::kAbort) {
            type = sctp::kAbort;
        }
    }
    return true;
}

// TCP, UDP or SCTP, whose addresses are in place.
inline void parse_transport(ParsedFrame& parsed, Bytes segment) {
    engine::Packet& packet = parsed.packet;
    packet.tcp_flags = 0;
    packet.sctp_chunk = 0;
    if (parsed.ip_protocol == ip_protocol::kTcp) [[likely]] {
        if (segment.size() < tcp::kHeaderBytesMin) [[unlikely]] {
            return settle(parsed, Outcome::transport_header);
        }
        const std::size_t header = static_cast<std::size_t>(segment[tcp::kDataOffset] >> 4) * 4;
        if (header < tcp::kHeaderBytesMin || header > segment.size()) [[unlikely]] {
            return settle(parsed, Outcome::transport_header);
        }
        packet.tcp_flags = segment[tcp::kFlags];
    } else if (parsed.ip_protocol == ip_protocol::kUdp) {
        if (segment.size() < udp::kHeaderBytes) [[unlikely]] {
            return settle(parsed, Outcome::transport_header);
        }
    } else if (!read_sctp_chunk(segment, packet.sctp_chunk)) {
        return settle(parsed, Outcome::transport_header);
    }
    parsed.kind = Kind::transport;
    packet.protocol = static_cast<model::Protocol>(parsed.ip_protocol);
    packet.ip_length_bytes = parsed.ip_length;
    packet.source_port = load_be16(&segment[transport::kSourcePort]);
    packet.destination_port = load_be16(&segment[transport::kDestinationPort]);
}

// Finds the headers of a quoted packet, of which there may be less than was sent.  As in IPVS, its
// length and checksum are not believed: some systems quote them as their own code left them.  False
// if its transport header is not there.
bool lay_out_quote(Bytes frame, std::size_t offset, model::Family family, PacketLayout& quote) {
    const Bytes packet = frame.subspan(offset);
    std::size_t header = 0;
    if (family == model::Family::ipv4) {
        if (packet.size() < ipv4::kHeaderBytesMin || packet[ipv4::kVersion] >> 4 != 4) {
            return false;
        }
        header = ipv4_header_bytes(packet.data());
        quote.ip_protocol = packet[ipv4::kProtocol];
        if (header < ipv4::kHeaderBytesMin || header > packet.size() ||
            (load_be16(&packet[ipv4::kFragment]) & ipv4::kFragmentOffsetMask) != 0) {
            return false;
        }
    } else {
        if (packet.size() < ipv6::kHeaderBytes || packet[ipv6::kVersion] >> 4 != 6) {
            return false;
        }
        Ipv6Chain chain = walk_ipv6(packet);
        if (chain.end != Ipv6Chain::End::upper) {
            return false;
        }
        header = chain.offset;
        quote.ip_protocol = chain.protocol;
    }
    quote.ip_offset = static_cast<std::uint16_t>(offset);
    quote.ip_length = static_cast<std::uint16_t>(packet.size());
    quote.transport_offset = static_cast<std::uint16_t>(offset + header);
    quote.family = family;
    return true;
}

// The quoted packet's ends, given its layout.  False if its ports are not there.
bool read_quote(Bytes frame, const PacketLayout& quote, engine::Packet& packet) {
    const Bytes segment = frame.subspan(quote.transport_offset);
    if (!is_transport(quote.ip_protocol) || segment.size() < transport::kPortsBytes) {
        return false;
    }
    const std::uint8_t* ip = &frame[quote.ip_offset];
    packet.protocol = static_cast<model::Protocol>(quote.ip_protocol);
    packet.tcp_flags = 0;
    packet.sctp_chunk = 0;
    packet.source_port = load_be16(&segment[transport::kSourcePort]);
    packet.destination_port = load_be16(&segment[transport::kDestinationPort]);
    if (quote.is_ipv4()) {
        packet.source_address = load_ipv4(ip + ipv4::kSource);
        packet.destination_address = load_ipv4(ip + ipv4::kDestination);
    } else {
        packet.source_address = load_ipv6(ip + ipv6::kSource);
        packet.destination_address = load_ipv6(ip + ipv6::kDestination);
    }
    return true;
}

// The packet inside a quoted tunnel packet, whose own header begins at `offset`.
bool read_tunnelled(Bytes frame, std::size_t offset, std::uint8_t protocol, ParsedFrame& parsed) {
    if (protocol != ip_protocol::kIpv4 && protocol != ip_protocol::kIpv6) {
        return false;
    }
    const auto family = protocol == ip_protocol::kIpv4 ? model::Family::ipv4 : model::Family::ipv6;
    PacketLayout inner;
    engine::Packet packet;
    if (offset > frame.size() || !lay_out_quote(frame, offset, family, inner) ||
        !read_quote(frame, inner, packet)) {
        return false;
    }
    packet.ip_length_bytes = parsed.ip_length;
    parsed.kind = Kind::tunnel_error;
    parsed.quote = inner;
    parsed.packet = packet;
    return true;
}

bool read_tunnelled_in_gre(Bytes frame, ParsedFrame& parsed) {
    const std::size_t offset = parsed.quote.transport_offset;
    if (frame.size() - offset < gre::kHeaderBytes) {
        return false;
    }
    const std::uint16_t flags = load_be16(&frame[offset + gre::kFlags]);
    if ((flags & ~gre::kHasChecksum) != 0) {
        return false;  // Not as it is sent here.
    }
    const std::size_t length =
        gre::kHeaderBytes + ((flags & gre::kHasChecksum) != 0 ? gre::kChecksumBytes : 0);
    switch (load_be16(&frame[offset + gre::kType])) {
        case ethernet::kTypeIpv4:
            return read_tunnelled(frame, offset + length, ip_protocol::kIpv4, parsed);
        case ethernet::kTypeIpv6:
            return read_tunnelled(frame, offset + length, ip_protocol::kIpv6, parsed);
        default:
            return false;
    }
}

// An ICMP error, as far as it is about a connection.  `frame` ends where the IP packet does.
void parse_icmp_error(ParsedFrame& parsed, Bytes frame) {
    const std::size_t offset = parsed.transport_offset + icmp::kHeaderBytes;
    if (offset > frame.size() || !lay_out_quote(frame, offset, parsed.family, parsed.quote)) {
        return settle(parsed, Outcome::icmp_quote);
    }
    switch (parsed.quote.ip_protocol) {
        case ip_protocol::kIpv4:
        case ip_protocol::kIpv6:
            if (!read_tunnelled(
                    frame, parsed.quote.transport_offset, parsed.quote.ip_protocol, parsed)) {
                settle(parsed, Outcome::icmp_quote);
            }
            return;
        case ip_protocol::kGre:
            if (!read_tunnelled_in_gre(frame, parsed)) {
                settle(parsed, Outcome::icmp_quote);
            }
            return;
        default:
            break;
    }
    engine::Packet sent;
    if (!read_quote(frame, parsed.quote, sent)) {
        return settle(parsed, Outcome::icmp_quote);
    }
    parsed.kind = Kind::icmp_error;
    engine::Packet& packet = parsed.packet;
    packet.protocol = sent.protocol;
    packet.tcp_flags = 0;
    packet.sctp_chunk = 0;
    packet.ip_length_bytes = parsed.ip_length;
    packet.source_address = sent.destination_address;
    packet.source_port = sent.destination_port;
    packet.destination_address = sent.source_address;
    packet.destination_port = sent.source_port;
}

// Everything but errors is for the director itself, and redirects are, too.
FPVS_RARE void parse_icmp(ParsedFrame& parsed, Bytes frame) {
    const Bytes message = frame.subspan(parsed.transport_offset);
    if (message.size() < icmp::kHeaderBytes) {
        return settle(parsed, Outcome::protocol);
    }
    const std::uint8_t type = message[icmp::kType];
    if (type != icmp::kDestinationUnreachable && type != icmp::kSourceQuench &&
        type != icmp::kTimeExceeded) {
        return settle(parsed, Outcome::protocol);
    }
    if (ones_sum(message) != 0xffff) {
        return settle(parsed, Outcome::icmp_checksum);
    }
    parse_icmp_error(parsed, frame);
}

FPVS_RARE void parse_icmpv6(ParsedFrame& parsed, Bytes frame) {
    const Bytes message = frame.subspan(parsed.transport_offset);
    if (message.size() < icmpv6::kHeaderBytes || message[icmp::kType] > icmpv6::kErrorTypeMax) {
        return settle(parsed, Outcome::protocol);
    }
    const Bytes addresses =
        frame.subspan(parsed.ip_offset + ipv6::kSource, 2 * ipv6::kAddressBytes);
    const std::uint64_t sum = std::uint64_t{ones_sum(message)} + ones_sum(addresses) +
                              message.size() + ip_protocol::kIcmpv6;
    if (fold(sum) != 0xffff) {
        return settle(parsed, Outcome::icmp_checksum);
    }
    parse_icmp_error(parsed, frame);
}

// What is wrong with a header's options; nothing is Outcome::forwarded.  Those that routers fill
// in, record route and timestamp, travel as they are.
FPVS_RARE Outcome judge_options(Bytes header) {
    constexpr std::uint8_t kEnd = 0;
    constexpr std::uint8_t kNoOperation = 1;
    constexpr std::uint8_t kLooseSourceRoute = 131;
    constexpr std::uint8_t kStrictSourceRoute = 137;
    std::size_t at = ipv4::kHeaderBytesMin;
    while (at < header.size() && header[at] != kEnd) {
        if (header[at] == kNoOperation) {
            ++at;
            continue;
        }
        const std::size_t length = at + 1 < header.size() ? header[at + 1] : 0;
        if (length < 2 || at + length > header.size()) {
            return Outcome::ip_options;
        }
        if (header[at] == kLooseSourceRoute || header[at] == kStrictSourceRoute) {
            return Outcome::source_route;
        }
        at += length;
    }
    return Outcome::forwarded;
}

inline void parse_ipv4(ParsedFrame& parsed, Bytes frame) {
    const Bytes packet = frame.subspan(parsed.ip_offset);
    parsed.family = model::Family::ipv4;
    if (packet.size() < ipv4::kHeaderBytesMin || packet[ipv4::kVersion] >> 4 != 4) [[unlikely]] {
        return settle(parsed, Outcome::ip_header);
    }
    const std::uint8_t* ip = packet.data();
    const std::size_t header = ipv4_header_bytes(ip);
    if (header < ipv4::kHeaderBytesMin || header > packet.size()) [[unlikely]] {
        return settle(parsed, Outcome::ip_header);
    }
    parsed.ip_length = load_be16(ip + ipv4::kTotalLength);
    if (parsed.ip_length < header || parsed.ip_length > packet.size()) [[unlikely]] {
        return settle(parsed, Outcome::ip_length);
    }
    const std::uint16_t sum = header == ipv4::kHeaderBytesMin
                                  ? ones_sum(packet.first<ipv4::kHeaderBytesMin>())
                                  : ones_sum(packet.first(header));
    if (sum != 0xffff) [[unlikely]] {
        return settle(parsed, Outcome::ip_checksum);
    }
    if (header != ipv4::kHeaderBytesMin) [[unlikely]] {
        const Outcome outcome = judge_options(packet.first(header));
        if (outcome != Outcome::forwarded) {
            return settle(parsed, outcome);
        }
    }
    const model::Ipv4 source = load_ipv4(ip + ipv4::kSource);
    if (!can_be_source(source)) [[unlikely]] {
        return settle(parsed, Outcome::source_address);
    }
    parsed.transport_offset = static_cast<std::uint16_t>(parsed.ip_offset + header);
    parsed.ip_protocol = ip[ipv4::kProtocol];
    if ((load_be16(ip + ipv4::kFragment) & ipv4::kFragmentMask) != 0) [[unlikely]] {
        parsed.kind = Kind::fragment;
        return;
    }
    if (!is_transport(parsed.ip_protocol)) [[unlikely]] {
        if (parsed.ip_protocol == ip_protocol::kIcmp) {
            return parse_icmp(parsed, frame.first(parsed.ip_offset + parsed.ip_length));
        }
        return settle(parsed, Outcome::protocol);
    }
    parsed.packet.source_address = source;
    parsed.packet.destination_address = load_ipv4(ip + ipv4::kDestination);
    parse_transport(parsed, packet.first(parsed.ip_length).subspan(header));
}

// True if a transport header follows; else the frame is settled, or a fragment.
FPVS_RARE bool parse_ipv6_extensions(ParsedFrame& parsed, Bytes packet) {
    const Ipv6Chain chain = walk_ipv6(packet);
    parsed.transport_offset = static_cast<std::uint16_t>(parsed.ip_offset + chain.offset);
    parsed.ip_protocol = chain.protocol;
    switch (chain.end) {
        case Ipv6Chain::End::upper:
            return true;
        case Ipv6Chain::End::fragment:
            parsed.kind = Kind::fragment;
            return false;
        case Ipv6Chain::End::cut:
            settle(parsed, Outcome::extension_header);
            return false;
        case Ipv6Chain::End::too_long:
            settle(parsed, Outcome::extension_chain);
            return false;
    }
    return false;
}

void parse_ipv6(ParsedFrame& parsed, Bytes frame) {
    Bytes packet = frame.subspan(parsed.ip_offset);
    parsed.family = model::Family::ipv6;
    if (packet.size() < ipv6::kHeaderBytes || packet[ipv6::kVersion] >> 4 != 6) [[unlikely]] {
        return settle(parsed, Outcome::ip_header);
    }
    const std::uint8_t* ip = packet.data();
    const std::size_t length = ipv6::kHeaderBytes + load_be16(ip + ipv6::kPayloadLength);
    if (length > packet.size()) [[unlikely]] {
        return settle(parsed, Outcome::ip_length);
    }
    packet = packet.first(length);
    parsed.ip_length = static_cast<std::uint16_t>(length);
    const model::Ipv6 source = load_ipv6(ip + ipv6::kSource);
    if (!can_be_source(source)) [[unlikely]] {
        return settle(parsed, Outcome::source_address);
    }
    parsed.transport_offset = static_cast<std::uint16_t>(parsed.ip_offset + ipv6::kHeaderBytes);
    parsed.ip_protocol = ip[ipv6::kNextHeader];
    if (!is_transport(parsed.ip_protocol)) [[unlikely]] {
        if (!parse_ipv6_extensions(parsed, packet)) {
            return;
        }
        if (parsed.ip_protocol == ip_protocol::kIcmpv6) {
            return parse_icmpv6(parsed, frame.first(parsed.ip_offset + length));
        }
        if (!is_transport(parsed.ip_protocol)) {
            return settle(parsed, Outcome::protocol);
        }
    }
    parsed.packet.source_address = source;
    parsed.packet.destination_address = load_ipv6(ip + ipv6::kDestination);
    parse_transport(parsed, packet.subspan(parsed.transport_offset - parsed.ip_offset));
}

}  // namespace

void parse(Bytes frame, std::uint64_t station, ParsedFrame& parsed) noexcept {
    if (frame.size() < ethernet::kHeaderBytes) [[unlikely]] {
        return settle(parsed, Outcome::runt);
    }
    parsed.ip_offset = ethernet::kHeaderBytes;
    if ((frame[ethernet::kDestination] & 1) != 0) [[unlikely]] {
        return settle(parsed, Outcome::group_address);
    }
    if (station != 0 && load_mac(&frame[ethernet::kDestination]) != station) [[unlikely]] {
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
    if (type == ethernet::kTypeIpv4) [[likely]] {
        return parse_ipv4(parsed, frame);
    }
    if (type == ethernet::kTypeIpv6) {
        return parse_ipv6(parsed, frame);
    }
    settle(parsed, Outcome::not_ip);
}

bool parse_as_gue(Bytes frame, ParsedFrame& parsed) noexcept {
    const std::size_t gue = parsed.quote.transport_offset + udp::kHeaderBytes;
    const std::size_t end = static_cast<std::size_t>(parsed.ip_offset) + parsed.ip_length;
    if (parsed.quote.ip_protocol != ip_protocol::kUdp || gue + gue::kHeaderBytes > end) {
        return false;
    }
    const std::uint8_t word = frame[gue + gue::kLengthWords];
    if ((word & gue::kVersionAndControl) != 0) {
        return false;
    }
    const std::size_t options = static_cast<std::size_t>(word & gue::kLengthMask) * 4;
    return read_tunnelled(
        frame.first(end), gue + gue::kHeaderBytes + options, frame[gue + gue::kProtocol], parsed);
}

}  // namespace fpvs::slowpath
