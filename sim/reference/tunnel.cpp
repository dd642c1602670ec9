// SPDX-License-Identifier: Apache-2.0
#include "sim/reference/tunnel.hpp"

namespace fpvs::reference {
namespace {

constexpr std::size_t kUdpHeader = 8;
constexpr std::size_t kGueHeader = 4;
constexpr std::size_t kGreHeader = 4;
constexpr std::uint32_t kGreChecksum = 0x8000;

[[nodiscard]] std::uint8_t protocol_of(int family) {
    return family == 4 ? kIpv4InIp : kIpv6InIp;
}

// The class of the inner packet; "congestion experienced" becomes "capable", since a tunnel's own
// congestion is to be told from it.
[[nodiscard]] std::uint8_t outer_tos(std::uint8_t inner) {
    constexpr std::uint8_t kCongestionExperienced = 3;
    constexpr std::uint8_t kCapable = 2;
    return inner % 4 == kCongestionExperienced ? inner - kCongestionExperienced + kCapable : inner;
}

[[nodiscard]] Bytes gue(const IpPacket& packet,
                        const Tunnel& tunnel,
                        const Address& source,
                        const Address& destination) {
    Bytes bytes(kUdpHeader + kGueHeader);
    put(bytes, 0, 2, kGueSourcePort);
    put(bytes, 2, 2, tunnel.port);
    put(bytes, kUdpHeader + 1, 1, protocol_of(packet.family));
    append(bytes, packet.bytes);
    put(bytes, 4, 2, static_cast<std::uint32_t>(bytes.size()));
    // The remote checksum of GUE is for packets whose own checksum is still to be filled in; those
    // of a director are complete, and get the checksum of the outer UDP.
    if (tunnel.checksum != Tunnel::Checksum::none) {
        Bytes all = pseudo_header(source, destination, kUdp, bytes.size());
        append(all, bytes);
        const std::uint16_t fresh = checksum(all);
        put(bytes, 6, 2, fresh == 0 ? 0xffff : fresh);
    }
    return bytes;
}

[[nodiscard]] Bytes gre(const IpPacket& packet, const Tunnel& tunnel) {
    const bool summed = tunnel.checksum != Tunnel::Checksum::none;
    Bytes bytes(summed ? kGreHeader + 4 : kGreHeader);
    put(bytes, 0, 2, summed ? kGreChecksum : 0);
    put(bytes, 2, 2, packet.family == 4 ? 0x0800 : 0x86dd);
    append(bytes, packet.bytes);
    if (summed) {
        put(bytes, 4, 2, checksum(bytes));
    }
    return bytes;
}

}  // namespace

std::size_t tunnel_overhead(const Tunnel& tunnel, int outer_family) {
    const std::size_t ip = outer_family == 4 ? 20 : 40;
    switch (tunnel.kind) {
        case Tunnel::Kind::gue:
            return ip + kUdpHeader + kGueHeader;
        case Tunnel::Kind::gre:
            return ip + kGreHeader + (tunnel.checksum != Tunnel::Checksum::none ? 4 : 0);
        case Tunnel::Kind::ipip:
            break;
    }
    return ip;
}

IpPacket encapsulate(const IpPacket& packet,
                     const Tunnel& tunnel,
                     const Address& source,
                     const Address& destination,
                     bool path_mtu_discovery) {
    NewHeader header = {
        .source = source,
        .destination = destination,
        .protocol = protocol_of(packet.family),
        .tos = outer_tos(packet.tos()),
        .ttl = packet.ttl(),
        // IPv6 has no such flag to hand on.
        .dont_fragment = path_mtu_discovery && packet.family == 4 && packet.dont_fragment()};
    switch (tunnel.kind) {
        case Tunnel::Kind::gue:
            header.protocol = kUdp;
            return make_ip(header, gue(packet, tunnel, source, destination));
        case Tunnel::Kind::gre:
            header.protocol = kGre;
            return make_ip(header, gre(packet, tunnel));
        case Tunnel::Kind::ipip:
            break;
    }
    return make_ip(header, packet.bytes);
}

std::optional<Inner> inner_of(const IpPacket& outer) {
    const View8 payload = outer.payload();
    switch (outer.protocol) {
        case kIpv4InIp:
            return Inner{4, payload};
        case kIpv6InIp:
            return Inner{6, payload};
        case kUdp:
            if (payload.size() > kUdpHeader + kGueHeader && payload[kUdpHeader] == 0) {
                return Inner{payload[kUdpHeader + 1] == kIpv4InIp ? 4 : 6,
                             payload.subspan(kUdpHeader + kGueHeader)};
            }
            return std::nullopt;
        case kGre: {
            if (payload.size() < kGreHeader + 4) {
                return std::nullopt;
            }
            const bool summed = (number(payload, 0, 2) & kGreChecksum) != 0;
            return Inner{number(payload, 2, 2) == 0x0800 ? 4 : 6,
                         payload.subspan(summed ? kGreHeader + 4 : kGreHeader)};
        }
        default:
            return std::nullopt;
    }
}

}  // namespace fpvs::reference
