// SPDX-License-Identifier: Apache-2.0
// What an IP packet of either family says, and the changes that every router makes to it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "sim/reference/bytes.hpp"

namespace fpvs::reference {

constexpr std::uint8_t kIcmp = 1;
constexpr std::uint8_t kIpv4InIp = 4;
constexpr std::uint8_t kTcp = 6;
constexpr std::uint8_t kUdp = 17;
constexpr std::uint8_t kIpv6InIp = 41;
constexpr std::uint8_t kGre = 47;
constexpr std::uint8_t kIcmpv6 = 58;
constexpr std::uint8_t kSctp = 132;

struct IpPacket {
    int family = 4;
    Bytes bytes;                    // Exactly the packet.
    std::size_t header_bytes = 20;  // IPv6: with the extension headers.
    std::uint8_t protocol = 0;      // Of what follows the headers.
    // IPv6: where the fragment header is, 0 if there is none, and where its number is announced.
    std::size_t fragment_header = 0;
    std::size_t announced_at = 0;
    bool made = false;  // By the director itself: its identification and flow label are no rule's.
    // The longest fragment that it came in, 0 if it came in one piece.
    std::size_t largest_fragment = 0;

    [[nodiscard]] Address source() const;
    [[nodiscard]] Address destination() const;
    void set_source(const Address& address);
    void set_destination(const Address& address);
    [[nodiscard]] std::uint8_t tos() const;
    [[nodiscard]] std::uint8_t ttl() const { return bytes[family == 4 ? 8 : 7]; }
    void decrement_ttl();
    // Routers may not cut it: IPv6 never, IPv4 if it says so.
    [[nodiscard]] bool dont_fragment() const;
    [[nodiscard]] View8 payload() const { return View8(bytes).subspan(header_bytes); }

    [[nodiscard]] bool is_fragment() const;
    [[nodiscard]] std::size_t fragment_offset() const;
    [[nodiscard]] bool more_fragments() const;
    [[nodiscard]] std::uint32_t fragment_id() const;

    // After a change in length, or in the header.
    void fix_length();
    void fix_checksum();
};

// Whether all of a packet must be there, or, for what an ICMP error quotes, its headers only.
enum class Extent : std::uint8_t { whole, quote };

// Nothing if the bytes are no IP packet of that family.  What lies behind the packet is cut off.
[[nodiscard]] std::optional<IpPacket> read_ip(View8 bytes, int family, Extent extent);

// New headers before a payload; the checksum of IPv4 is in place.
struct NewHeader {
    Address source;
    Address destination;
    std::uint8_t protocol = 0;
    std::uint8_t tos = 0;
    std::uint8_t ttl = 64;
    bool dont_fragment = false;
};
[[nodiscard]] IpPacket make_ip(const NewHeader& header, View8 payload);

// As few pieces as fit, each but the last as long as possible.
[[nodiscard]] std::vector<IpPacket> cut(const IpPacket& packet, std::size_t mtu);

}  // namespace fpvs::reference
