// SPDX-License-Identifier: Apache-2.0
// VRRP on the wire: the advert in its IP packet, versions 2 (RFC 3768) and 3 (RFC 9568).  Bytes as
// keepalived sends them.
//
//   IP header (host/vrrp/ip_envelope.hpp)
//   version<<4 | type | VRID | priority | address count
//   v2: authentication type, interval in s;  v3: 4 reserved bits and interval in cs, 12 bits
//   checksum | addresses, 4 or 16 octets each | v2: 8 octets of authentication data
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "host/model/address.hpp"
#include "host/util/result.hpp"
#include "host/vrrp/ip_envelope.hpp"
#include "host/vrrp/refusal.hpp"

namespace fpvs::vrrp {

constexpr std::uint8_t kPriorityResign = 0;
constexpr std::uint8_t kPriorityOwner = 255;
constexpr std::uint8_t kAuthenticationPassword = 1;
constexpr std::uint8_t kAuthenticationHeader = 2;
constexpr std::size_t kPasswordBytes = 8;

using Password = std::array<std::uint8_t, kPasswordBytes>;  // Filled up with zeros.

struct Advert {
    std::uint8_t version = 2;  // IPv6 has version 3 only.
    std::uint8_t virtual_router_id = 0;
    std::uint8_t priority = 0;
    std::uint32_t interval_cs = 100;  // In v2 a multiple of 100.
    std::uint8_t authentication_type = 0;
    Password password{};
    std::vector<model::IpAddress> addresses;  // Of the family that carries it.

    friend bool operator==(const Advert&, const Advert&) = default;
};

struct ReceivedAdvert {
    Envelope envelope;
    Advert advert;
};

// RFC 9568 5.2.8 leaves the pseudo-header out of version 3's checksum on IPv4; keepalived and FRR
// put it in.  Adverts are sent in the form that is asked for, and taken in both.
enum class Ipv4Checksum : std::uint8_t { with_pseudo_header, message_only };

// The whole IP packet of an advert.
[[nodiscard]] std::vector<std::uint8_t> encode(
    const Advert& advert,
    const Envelope& envelope,
    Ipv4Checksum ipv4_checksum = Ipv4Checksum::with_pseudo_header);

// Checks everything that needs no instance to compare with.
[[nodiscard]] tl::expected<ReceivedAdvert, Refusal> decode(std::span<const std::uint8_t> packet);

// Which instance a packet is for, which may be wrong in any other way.
struct Addressee {
    model::Family family = model::Family::ipv4;
    std::uint8_t virtual_router_id = 0;
};
[[nodiscard]] std::optional<Addressee> addressee_of(std::span<const std::uint8_t> packet);

}  // namespace fpvs::vrrp
