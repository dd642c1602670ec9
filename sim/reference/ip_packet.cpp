// SPDX-License-Identifier: Apache-2.0
#include "sim/reference/ip_packet.hpp"

#include <algorithm>

namespace fpvs::reference {
namespace {

constexpr std::size_t kIpv4Header = 20;
constexpr std::size_t kIpv6Header = 40;
constexpr std::size_t kFragmentHeader = 8;
constexpr std::uint32_t kDontFragment = 0x4000;
constexpr std::uint32_t kMoreFragments = 0x2000;
constexpr std::uint32_t kOffsetMask = 0x1fff;

// Extension headers of RFC 8200 that may stand before a transport header.
constexpr std::uint8_t kHopByHop = 0;
constexpr std::uint8_t kRouting = 43;
constexpr std::uint8_t kFragment = 44;
constexpr std::uint8_t kDestinationOptions = 60;

// Options that can be told apart (RFC 791 3.1), without a source route.
[[nodiscard]] bool has_good_options(View8 header) {
    constexpr std::uint8_t kEnd = 0;
    constexpr std::uint8_t kNoOperation = 1;
    constexpr std::uint8_t kLooseSourceRoute = 131;
    constexpr std::uint8_t kStrictSourceRoute = 137;
    View8 options = header.subspan(kIpv4Header);
    while (!options.empty() && options[0] != kEnd) {
        if (options[0] == kNoOperation) {
            options = options.subspan(1);
        } else if (options[0] == kLooseSourceRoute || options[0] == kStrictSourceRoute ||
                   options.size() < 2 || options[1] < 2 || options[1] > options.size()) {
            return false;
        } else {
            options = options.subspan(options[1]);
        }
    }
    return true;
}

// Options without the flag "copied" (RFC 791 3.1) are in the first fragment only; in the others
// no-operations stand in their place.
void blank_uncopied_options(IpPacket& fragment) {
    constexpr std::uint8_t kEnd = 0;
    constexpr std::uint8_t kNoOperation = 1;
    constexpr std::uint8_t kCopied = 0x80;
    std::size_t at = kIpv4Header;
    while (at < fragment.header_bytes && fragment.bytes[at] != kEnd) {
        const bool is_short = fragment.bytes[at] == kNoOperation;
        const std::size_t size = is_short ? 1 : fragment.bytes[at + 1];
        if (fragment.bytes[at] < kCopied) {
            std::fill_n(fragment.bytes.begin() + static_cast<long>(at), size, kNoOperation);
        }
        at += size;
    }
}

[[nodiscard]] std::optional<IpPacket> read_ipv4(View8 bytes, Extent extent) {
    if (bytes.size() < kIpv4Header || bytes[0] >> 4 != 4) {
        return std::nullopt;
    }
    const std::size_t header = bytes[0] % 16 * 4u;
    if (header < kIpv4Header || header > bytes.size()) {
        return std::nullopt;
    }
    std::size_t length = number(bytes, 2, 2);
    if (extent == Extent::quote) {
        length = std::min(length, bytes.size());
    }
    if (length < header || length > bytes.size()) {
        return std::nullopt;
    }
    if (extent == Extent::whole &&
        (checksum(bytes.first(header)) != 0 || !has_good_options(bytes.first(header)))) {
        return std::nullopt;
    }
    return IpPacket{.family = 4,
                    .bytes = Bytes(bytes.begin(), bytes.begin() + static_cast<long>(length)),
                    .header_bytes = header,
                    .protocol = bytes[9]};
}

[[nodiscard]] std::optional<IpPacket> read_ipv6(View8 bytes, Extent extent) {
    if (bytes.size() < kIpv6Header || bytes[0] >> 4 != 6) {
        return std::nullopt;
    }
    std::size_t length = kIpv6Header + number(bytes, 4, 2);
    if (extent == Extent::quote) {
        length = std::min(length, bytes.size());
    }
    if (length > bytes.size()) {
        return std::nullopt;
    }
    IpPacket packet = {.family = 6,
                       .bytes = Bytes(bytes.begin(), bytes.begin() + static_cast<long>(length)),
                       .header_bytes = kIpv6Header,
                       .protocol = bytes[6],
                       .announced_at = 6};
    for (;;) {
        const bool is_extension = packet.protocol == kHopByHop || packet.protocol == kRouting ||
                                  packet.protocol == kFragment ||
                                  packet.protocol == kDestinationOptions;
        if (!is_extension) {
            return packet;
        }
        if (packet.header_bytes + 8 > length) {
            return std::nullopt;
        }
        const std::size_t at = packet.header_bytes;
        const bool is_fragment = packet.protocol == kFragment;
        const std::size_t size = is_fragment ? kFragmentHeader : (packet.bytes[at + 1] + 1u) * 8;
        if (at + size > length) {
            return std::nullopt;
        }
        if (is_fragment) {
            packet.fragment_header = at;
        } else {
            packet.announced_at = packet.fragment_header == 0 ? at : packet.announced_at;
        }
        packet.protocol = packet.bytes[at];
        packet.header_bytes += size;
        if (is_fragment && packet.fragment_offset() != 0) {
            return packet;  // What follows is the middle of something.
        }
    }
}

}  // namespace

Address IpPacket::source() const {
    return address_at(bytes, family == 4 ? 12 : 8, family);
}
Address IpPacket::destination() const {
    return address_at(bytes, family == 4 ? 16 : 24, family);
}
void IpPacket::set_source(const Address& address) {
    put(bytes, family == 4 ? 12 : 8, address);
    fix_checksum();
}
void IpPacket::set_destination(const Address& address) {
    put(bytes, family == 4 ? 16 : 24, address);
    fix_checksum();
}

std::uint8_t IpPacket::tos() const {
    return family == 4 ? bytes[1] : static_cast<std::uint8_t>(number(bytes, 0, 2) >> 4);
}

void IpPacket::decrement_ttl() {
    --bytes[family == 4 ? 8 : 7];
    fix_checksum();
}

bool IpPacket::dont_fragment() const {
    return family == 6 || (number(bytes, 6, 2) & kDontFragment) != 0;
}

bool IpPacket::is_fragment() const {
    // A fragment header of IPv6 may stand before what is whole (RFC 6946).
    return (family == 4 || fragment_header != 0) && (fragment_offset() != 0 || more_fragments());
}
std::size_t IpPacket::fragment_offset() const {
    return family == 4 ? (number(bytes, 6, 2) & kOffsetMask) * 8
                       : number(bytes, fragment_header + 2, 2) & 0xfff8;
}
bool IpPacket::more_fragments() const {
    return family == 4 ? (number(bytes, 6, 2) & kMoreFragments) != 0
                       : number(bytes, fragment_header + 2, 2) % 2 != 0;
}
std::uint32_t IpPacket::fragment_id() const {
    return family == 4 ? number(bytes, 4, 2) : number(bytes, fragment_header + 4, 4);
}

void IpPacket::fix_length() {
    const std::size_t length = family == 4 ? bytes.size() : bytes.size() - kIpv6Header;
    put(bytes, family == 4 ? 2 : 4, 2, static_cast<std::uint32_t>(length));
    fix_checksum();
}

void IpPacket::fix_checksum() {
    if (family == 4) {
        put(bytes, 10, 2, 0);
        put(bytes, 10, 2, checksum(View8(bytes).first(header_bytes)));
    }
}

std::optional<IpPacket> read_ip(View8 bytes, int family, Extent extent) {
    return family == 4 ? read_ipv4(bytes, extent) : read_ipv6(bytes, extent);
}

IpPacket make_ip(const NewHeader& header, View8 payload) {
    const int family = header.source.family;
    IpPacket packet = {.family = family,
                       .bytes = Bytes(family == 4 ? kIpv4Header : kIpv6Header),
                       .header_bytes = family == 4 ? kIpv4Header : kIpv6Header,
                       .protocol = header.protocol,
                       .made = true};
    append(packet.bytes, payload);
    if (family == 4) {
        put(packet.bytes, 0, 2, 0x4500u + header.tos);
        put(packet.bytes, 6, 2, header.dont_fragment ? kDontFragment : 0);
        put(packet.bytes, 8, 2, header.ttl * 256u + header.protocol);
    } else {
        put(packet.bytes, 0, 4, 0x60000000u + (header.tos << 20));
        put(packet.bytes, 6, 2, header.protocol * 256u + header.ttl);
        packet.announced_at = 6;
    }
    packet.set_source(header.source);
    packet.set_destination(header.destination);
    packet.fix_length();
    return packet;
}

std::vector<IpPacket> cut(const IpPacket& packet, std::size_t mtu) {
    if (packet.bytes.size() <= mtu) {
        return {packet};
    }
    const bool adds_header = packet.family == 6;
    const std::size_t header = packet.header_bytes + (adds_header ? kFragmentHeader : 0);
    const std::size_t room = mtu - header;
    const View8 payload = packet.payload();
    std::vector<IpPacket> pieces;
    std::size_t size = 0;
    for (std::size_t at = 0; at < payload.size(); at += size) {
        // All but the last are multiples of 8 long.
        const std::size_t left = payload.size() - at;
        const bool more = left > room;
        size = more ? room / 8 * 8 : left;
        IpPacket piece = packet;
        piece.bytes.resize(packet.header_bytes);
        if (adds_header) {
            piece.fragment_header = packet.header_bytes;
            piece.header_bytes = header;
            piece.bytes.resize(header);
            put(piece.bytes, piece.fragment_header, 1, packet.protocol);
            put(piece.bytes, piece.fragment_header + 2, 2, static_cast<std::uint32_t>(at) + more);
            put(piece.bytes, packet.announced_at, 1, kFragment);
        } else {
            const std::uint32_t flags = number(packet.bytes, 6, 2) & kDontFragment;
            put(piece.bytes,
                6,
                2,
                flags + (more ? kMoreFragments : 0) + static_cast<std::uint32_t>(at / 8));
            if (at != 0) {
                blank_uncopied_options(piece);
            }
        }
        append(piece.bytes, payload.subspan(at, size));
        piece.fix_length();
        pieces.push_back(std::move(piece));
    }
    return pieces;
}

}  // namespace fpvs::reference
