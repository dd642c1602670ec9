// SPDX-License-Identifier: Apache-2.0
#include "host/slowpath/tunnel.hpp"

#include <rte_hash_crc.h>

#include <cstring>
#include <span>

#include "host/slowpath/bytes.hpp"
#include "host/slowpath/checksum.hpp"
#include "host/slowpath/frame_edit.hpp"
#include "host/slowpath/headers.hpp"
#include "host/util/check.hpp"

namespace fpvs::slowpath {
namespace {

// GUE's source ports are of the kernel's range of ports for its own connections, 14 bits of a hash:
// as much as a network needs to tell flows apart (RFC 8086 3.2.1), and cheap in gates, since the
// card computes the same (hw/kernels/rewrite/encapsulate.hpp).
constexpr std::uint32_t kSourcePortFirst = 32768;
constexpr int kSourcePortBits = 14;

constexpr std::uint8_t kCongestionExperienced = 3;

// RFC 3168 9.1.1: what was marked stays marked inside, the outside starts as "ECN-capable".
std::uint8_t outer_tos(std::uint8_t inner) {
    return (inner & kCongestionExperienced) == kCongestionExperienced
               ? static_cast<std::uint8_t>(inner & ~1U)
               : inner;
}

std::uint8_t inner_protocol(const PacketLayout& inner) {
    return inner.is_ipv4() ? ip_protocol::kIpv4 : ip_protocol::kIpv6;
}

std::uint8_t tunnel_protocol(model::TunnelKind kind, const PacketLayout& inner) {
    switch (kind) {
        case model::TunnelKind::gue:
            return ip_protocol::kUdp;
        case model::TunnelKind::gre:
            return ip_protocol::kGre;
        case model::TunnelKind::ipip:
            break;
    }
    return inner_protocol(inner);
}

std::size_t tunnel_bytes(const model::Tunnel& tunnel) {
    switch (tunnel.kind) {
        case model::TunnelKind::gue:
            return udp::kHeaderBytes + gue::kHeaderBytes;
        case model::TunnelKind::gre:
            return gre::kHeaderBytes +
                   (tunnel.checksum != model::TunnelChecksum::none ? gre::kChecksumBytes : 0);
        case model::TunnelKind::ipip:
            break;
    }
    return 0;
}

void store_address(std::uint8_t* at, const model::IpAddress& address) {
    if (address.is_ipv4()) {
        store_be32(at, address.ipv4().value);
    } else {
        store_ipv6(at, address.ipv6());
    }
}

// Packets of a connection take one path and those of different ones may take different paths
// (RFC 6335 calls it entropy).  `ip` is the inner packet; `inner` tells its parts' distances.
std::uint16_t source_port(const std::uint8_t* ip, const PacketLayout& inner) {
    const std::size_t first = inner.is_ipv4() ? ipv4::kSource : ipv6::kSource;
    const std::size_t count = inner.is_ipv4() ? 8 : 2 * ipv6::kAddressBytes;
    std::uint32_t hash = inner.ip_protocol;
    for (std::size_t i = 0; i < count; i += 4) {
        hash = rte_hash_crc_4byte(load_be32(ip + first + i), hash);
    }
    if (inner.ip_protocol == ip_protocol::kTcp || inner.ip_protocol == ip_protocol::kUdp ||
        inner.ip_protocol == ip_protocol::kSctp) {
        hash = rte_hash_crc_4byte(load_be32(ip + inner.ip_header_bytes()), hash);
    }
    return static_cast<std::uint16_t>(kSourcePortFirst + (hash >> (32 - kSourcePortBits)));
}

}  // namespace

TunnelHeader::TunnelHeader(const model::Tunnel& tunnel,
                           const model::IpAddress& local,
                           const model::IpAddress& server)
    : family_(server.family),
      kind_(tunnel.kind),
      checksum_(tunnel.checksum != model::TunnelChecksum::none) {
    FPVS_CHECK(local.family == server.family);
    std::uint8_t* ip = bytes_.data();
    std::size_t size = 0;
    if (server.is_ipv4()) {
        ip[ipv4::kVersion] = ipv4::kVersionAndHeaderLength;
        store_address(ip + ipv4::kSource, local);
        store_address(ip + ipv4::kDestination, server);
        size = ipv4::kHeaderBytesMin;
        ip_sum_ = ones_sum({ip, size});
    } else {
        store_be32(ip, ipv6::kVersionBits);
        store_address(ip + ipv6::kSource, local);
        store_address(ip + ipv6::kDestination, server);
        size = ipv6::kHeaderBytes;
    }
    std::uint8_t* tunnel_header = ip + size;
    if (kind_ == model::TunnelKind::gue) {
        store_be16(tunnel_header + transport::kDestinationPort, tunnel.port);
    } else if (kind_ == model::TunnelKind::gre && checksum_) {
        store_be16(tunnel_header + gre::kFlags, gre::kHasChecksum);
    }
    size_ = static_cast<std::uint8_t>(size + tunnel_bytes(tunnel));
}

void TunnelHeader::fill_ipv4(std::uint8_t* ip,
                             const PacketLayout& inner,
                             bool dont_fragment,
                             std::uint16_t& identification) const noexcept {
    const std::uint8_t* packet = ip + size_;
    const std::uint8_t tos = outer_tos(
        inner.is_ipv4() ? packet[ipv4::kTos] : static_cast<std::uint8_t>(load_be16(packet) >> 4));
    const std::uint8_t ttl = packet[inner.is_ipv4() ? ipv4::kTtl : ipv6::kHopLimit];
    const auto total = static_cast<std::uint16_t>(size_ + inner.ip_length);
    const std::uint16_t number = dont_fragment ? 0 : identification++;
    const std::uint16_t flags = dont_fragment ? ipv4::kDontFragment : 0;
    const auto ttl_and_protocol =
        static_cast<std::uint16_t>(ttl << 8 | tunnel_protocol(kind_, inner));
    ip[ipv4::kTos] = tos;
    store_be16(ip + ipv4::kTotalLength, total);
    store_be16(ip + ipv4::kIdentification, number);
    store_be16(ip + ipv4::kFragment, flags);
    store_be16(ip + ipv4::kTtl, ttl_and_protocol);
    const std::uint64_t sum =
        std::uint64_t{ip_sum_} + tos + total + number + flags + ttl_and_protocol;
    store_be16(ip + ipv4::kChecksum, static_cast<std::uint16_t>(~fold(sum)));
}

void TunnelHeader::fill_ipv6(std::uint8_t* ip, const PacketLayout& inner) const noexcept {
    const std::uint8_t* packet = ip + size_;
    const std::uint8_t tos = outer_tos(
        inner.is_ipv4() ? packet[ipv4::kTos] : static_cast<std::uint8_t>(load_be16(packet) >> 4));
    store_be32(ip, ipv6::kVersionBits | static_cast<std::uint32_t>(tos) << 20);
    store_be16(ip + ipv6::kPayloadLength,
               static_cast<std::uint16_t>(size_ - ipv6::kHeaderBytes + inner.ip_length));
    ip[ipv6::kNextHeader] = tunnel_protocol(kind_, inner);
    ip[ipv6::kHopLimit] = packet[inner.is_ipv4() ? ipv4::kTtl : ipv6::kHopLimit];
}

void TunnelHeader::fill_gue(std::uint8_t* ip, const PacketLayout& inner) const noexcept {
    constexpr std::size_t kBytes = udp::kHeaderBytes + gue::kHeaderBytes;
    std::uint8_t* udp = ip + size_ - kBytes;
    const auto length = static_cast<std::uint16_t>(kBytes + inner.ip_length);
    store_be16(udp + transport::kSourcePort, source_port(ip + size_, inner));
    store_be16(udp + udp::kLength, length);
    udp[udp::kHeaderBytes + gue::kProtocol] = inner_protocol(inner);
    if (!checksum_) {
        return;
    }
    const bool ipv4 = family_ == model::Family::ipv4;
    const std::span<const std::uint8_t> addresses =
        ipv4 ? std::span<const std::uint8_t>(ip + ipv4::kSource, 8)
             : std::span<const std::uint8_t>(ip + ipv6::kSource, 2 * ipv6::kAddressBytes);
    const std::uint16_t sum = fold(std::uint64_t{ones_sum(addresses)} + ip_protocol::kUdp + length +
                                   ones_sum({udp, length}));
    store_be16(udp + udp::kChecksum, udp_checksum(sum));
}

void TunnelHeader::fill_gre(std::uint8_t* ip, const PacketLayout& inner) const noexcept {
    const std::size_t bytes = gre::kHeaderBytes + (checksum_ ? gre::kChecksumBytes : 0);
    std::uint8_t* gre = ip + size_ - bytes;
    store_be16(gre + gre::kType, inner.is_ipv4() ? ethernet::kTypeIpv4 : ethernet::kTypeIpv6);
    if (checksum_) {
        store_be16(gre + gre::kChecksum, checksum({gre, bytes + inner.ip_length}));
    }
}

bool encapsulate(rte_mbuf& frame,
                 PacketLayout& layout,
                 const TunnelHeader& header,
                 bool path_mtu_discovery,
                 std::uint16_t& identification) noexcept {
    if (rte_pktmbuf_headroom(&frame) + layout.ip_offset < header.size_) [[unlikely]] {
        return false;
    }
    reframe(frame,
            static_cast<std::ptrdiff_t>(layout.ip_offset) - header.size_,
            std::size_t{header.size_} + layout.ip_length);
    std::uint8_t* ip = bytes_at(frame, 0);
    if (header.size_ == ipv4::kHeaderBytesMin) {  // A fixed length is a few moves, not a call.
        std::memcpy(ip, header.bytes_.data(), ipv4::kHeaderBytesMin);
    } else {
        std::memcpy(ip, header.bytes_.data(), header.size_);
    }
    const bool outer_ipv4 = header.family_ == model::Family::ipv4;
    if (outer_ipv4) {
        const bool dont_fragment =
            path_mtu_discovery && layout.is_ipv4() &&
            (load_be16(ip + header.size_ + ipv4::kFragment) & ipv4::kDontFragment) != 0;
        header.fill_ipv4(ip, layout, dont_fragment, identification);
    } else {
        header.fill_ipv6(ip, layout);
    }
    if (header.kind_ == model::TunnelKind::gue) {
        header.fill_gue(ip, layout);
    } else if (header.kind_ == model::TunnelKind::gre) {
        header.fill_gre(ip, layout);
    }
    layout = {.ip_offset = 0,
              .ip_length = static_cast<std::uint16_t>(layout.ip_length + header.size_),
              .transport_offset = static_cast<std::uint16_t>(outer_ipv4 ? ipv4::kHeaderBytesMin
                                                                        : ipv6::kHeaderBytes),
              .ip_protocol = tunnel_protocol(header.kind_, layout),
              .family = header.family_};
    return true;
}

}  // namespace fpvs::slowpath
