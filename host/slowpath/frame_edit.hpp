// SPDX-License-Identifier: Apache-2.0
// Changes to a frame in its mbuf, as IPVS and the kernel's IP make them.
#pragma once

#include <rte_mbuf.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>

#include "host/model/address.hpp"
#include "host/slowpath/bytes.hpp"
#include "host/slowpath/checksum.hpp"
#include "host/slowpath/headers.hpp"
#include "host/slowpath/packet_layout.hpp"

namespace fpvs::slowpath {

// An Ethernet header, ready to be copied in front of a packet; of IPv4 unless told otherwise.
struct LinkHeader {
    std::array<std::uint8_t, ethernet::kHeaderBytes + ethernet::kVlanTagBytes> bytes{};
    std::uint8_t length = 0;

    [[nodiscard]] static LinkHeader make(model::MacAddress destination,
                                         model::MacAddress source,
                                         std::optional<std::uint16_t> vlan);
    // Copies it to where the IP packet begins.  Two fixed lengths are two moves, not a call.
    void write_before(std::uint8_t* ip) const noexcept {
        if (length == ethernet::kHeaderBytes) {
            std::memcpy(ip - ethernet::kHeaderBytes, bytes.data(), ethernet::kHeaderBytes);
        } else {
            constexpr std::size_t kTagged = ethernet::kHeaderBytes + ethernet::kVlanTagBytes;
            std::memcpy(ip - kTagged, bytes.data(), kTagged);
        }
    }
};

[[nodiscard]] inline std::uint8_t* bytes_at(rte_mbuf& frame, std::size_t offset) noexcept {
    return rte_pktmbuf_mtod_offset(&frame, std::uint8_t*, offset);
}

// Makes `length` bytes from `offset` on the frame's whole contents; the offset may be before its
// first byte, as far as there is headroom.
inline void reframe(rte_mbuf& frame, std::ptrdiff_t offset, std::size_t length) noexcept {
    frame.data_off = static_cast<std::uint16_t>(frame.data_off + offset);
    frame.data_len = static_cast<std::uint16_t>(length);
    frame.pkt_len = frame.data_len;
}

// Cuts off what lies behind the IP packet: padding of short frames.
inline void trim(rte_mbuf& frame, std::size_t ip_offset, std::size_t ip_length) noexcept {
    const std::size_t wanted = ip_offset + ip_length;
    if (frame.data_len > wanted) {
        rte_pktmbuf_trim(&frame, static_cast<std::uint16_t>(frame.data_len - wanted));
    }
}

// Puts `header` in the place of the `ip_offset` bytes before the IP packet.  False, and no change,
// when the mbuf has no room in front.
[[nodiscard]] inline bool replace_link_header(rte_mbuf& frame,
                                              std::size_t ip_offset,
                                              const LinkHeader& header) noexcept {
    if (rte_pktmbuf_headroom(&frame) + ip_offset < header.length) {
        return false;
    }
    rte_pktmbuf_adj(&frame, static_cast<std::uint16_t>(ip_offset));
    std::memcpy(rte_pktmbuf_prepend(&frame, header.length), header.bytes.data(), header.length);
    return true;
}

// The same for a packet of either family.  The frame, and `layout` with it, begins with the header.
[[nodiscard]] inline bool replace_link_header(rte_mbuf& frame,
                                              PacketLayout& layout,
                                              const LinkHeader& header) noexcept {
    if (!replace_link_header(frame, layout.ip_offset, header)) {
        return false;
    }
    if (!layout.is_ipv4()) {
        store_be16(bytes_at(frame, header.length - sizeof(std::uint16_t)), ethernet::kTypeIpv6);
    }
    layout.transport_offset = static_cast<std::uint16_t>(header.length + layout.ip_header_bytes());
    layout.ip_offset = header.length;
    return true;
}

// The same where there is room, with all that lies behind the IP packet cut off, in as few steps as
// it takes.  `layout` stays as it was.
[[gnu::always_inline]] inline void put_link_header(rte_mbuf& frame,
                                                   const PacketLayout& layout,
                                                   const LinkHeader& header) noexcept {
    std::uint8_t* ip = bytes_at(frame, layout.ip_offset);
    header.write_before(ip);
    if (!layout.is_ipv4()) {
        store_be16(ip - sizeof(std::uint16_t), ethernet::kTypeIpv6);
    }
    reframe(frame,
            static_cast<std::ptrdiff_t>(layout.ip_offset) - header.length,
            static_cast<std::size_t>(header.length) + layout.ip_length);
}

// One hop less to live, with the header's checksum brought up to date.  The TTL is above 0.
//
// RFC 1624, equation 3, for a word that is 0x0100 less: the checksum's complement gains the
// complement of that, and a carry comes round.  In the machine's byte order 0x0100 is 1.
inline void decrement_ttl(std::uint8_t* ip) noexcept {
    constexpr std::uint32_t kMinusOneHop = 0xffff - 1;
    --ip[ipv4::kTtl];
    std::uint16_t check = 0;
    std::memcpy(&check, ip + ipv4::kChecksum, sizeof check);
    std::uint32_t sum = static_cast<std::uint16_t>(~check) + kMinusOneHop;
    sum += sum >> 16;
    check = static_cast<std::uint16_t>(~sum);
    std::memcpy(ip + ipv4::kChecksum, &check, sizeof check);
}

// TTL of IPv4, hop limit of IPv6.
[[nodiscard]] inline std::uint8_t hop_limit(rte_mbuf& frame, const PacketLayout& layout) noexcept {
    return *bytes_at(frame, layout.ip_offset + (layout.is_ipv4() ? ipv4::kTtl : ipv6::kHopLimit));
}

// One less of it.  It is above 0.
[[gnu::always_inline]] inline void decrement_hop_limit(rte_mbuf& frame,
                                                       const PacketLayout& layout) noexcept {
    std::uint8_t* ip = bytes_at(frame, layout.ip_offset);
    if (layout.is_ipv4()) [[likely]] {
        decrement_ttl(ip);
    } else {
        --ip[ipv6::kHopLimit];
    }
}

}  // namespace fpvs::slowpath
