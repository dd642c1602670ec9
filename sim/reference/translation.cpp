// SPDX-License-Identifier: Apache-2.0
#include "sim/reference/translation.hpp"

namespace fpvs::reference {
namespace {

constexpr std::size_t kSourcePort = 0;
constexpr std::size_t kDestinationPort = 2;
constexpr std::size_t kTcpChecksum = 16;
constexpr std::size_t kUdpChecksum = 6;
constexpr std::size_t kSctpChecksum = 8;

// What the checksums of TCP and UDP cover of what is replaced.
[[nodiscard]] Bytes covered(const IpPacket& packet) {
    Bytes bytes = pseudo_header(packet.source(), packet.destination(), packet.protocol, 0);
    append(bytes, packet.payload().first(4));
    return bytes;
}

void put_ends(IpPacket& packet, const Ends& ends) {
    if (ends.source) {
        packet.set_source(ends.source->address);
        put(packet.bytes, packet.header_bytes + kSourcePort, 2, ends.source->port);
    }
    if (ends.destination) {
        packet.set_destination(ends.destination->address);
        put(packet.bytes, packet.header_bytes + kDestinationPort, 2, ends.destination->port);
    }
}

void translate_tcp(IpPacket& packet, const Ends& ends) {
    const Bytes before = covered(packet);
    put_ends(packet, ends);
    const std::size_t at = packet.header_bytes + kTcpChecksum;
    const auto old = static_cast<std::uint16_t>(number(packet.bytes, at, 2));
    put(packet.bytes, at, 2, updated(old, before, covered(packet)));
}

// A checksum of 0 says that there is none; over IPv4 the packet gets one (a real kernel does so).
void translate_udp(IpPacket& packet, const Ends& ends) {
    const Bytes before = covered(packet);
    put_ends(packet, ends);
    const std::size_t at = packet.header_bytes + kUdpChecksum;
    const auto old = static_cast<std::uint16_t>(number(packet.bytes, at, 2));
    std::uint16_t fresh = 0;
    if (old != 0) {
        fresh = updated(old, before, covered(packet));
    } else {
        Bytes all = pseudo_header(
            packet.source(), packet.destination(), packet.protocol, packet.payload().size());
        append(all, packet.payload());
        fresh = checksum(all);
    }
    put(packet.bytes, at, 2, fresh == 0 ? 0xffff : fresh);
}

// By as much as the checksum was wrong it stays wrong, so that the receiver sees it.
void translate_sctp(IpPacket& packet, const Ends& ends) {
    const std::size_t at = packet.header_bytes + kSctpChecksum;
    const std::uint32_t old = number(packet.bytes, at, 4);
    put(packet.bytes, at, 4, 0);
    const std::uint32_t damage = crc32c(packet.payload()) ^ old;
    put_ends(packet, ends);
    put(packet.bytes, at, 4, crc32c(packet.payload()) ^ damage);
}

}  // namespace

Ends ends_for(const Decision& decision) {
    const Endpoint server = {decision.server.address, decision.server.port};
    const bool full = decision.forwarding == Forwarding::full_nat;
    if (decision.direction == Direction::to_server) {
        return {.source = full ? std::optional(decision.local) : std::nullopt,
                .destination = server};
    }
    return {.source = decision.service,
            .destination = full ? std::optional(decision.client) : std::nullopt};
}

void translate(IpPacket& packet, const Ends& ends) {
    switch (packet.protocol) {
        case kTcp:
            translate_tcp(packet, ends);
            break;
        case kUdp:
            translate_udp(packet, ends);
            break;
        default:
            translate_sctp(packet, ends);
            break;
    }
}

void translate_quote(IpPacket& quote, const Ends& ends) {
    put_ends(quote, ends);
}

}  // namespace fpvs::reference
