// SPDX-License-Identifier: Apache-2.0
// VRRP on the wire: the advert in its IPv4 packet, versions 2 (RFC 3768) and 3 (RFC 9568), and the
// gratuitous ARP of a new master.  Bytes as keepalived sends them.
//
//   IPv4 header, 20 octets: TOS 0xc0, TTL 255, protocol 112, to 224.0.0.18, no options
//   version<<4 | type | VRID | priority | address count
//   v2: authentication type, interval in s;  v3: 4 reserved bits and interval in cs, 12 bits
//   checksum | addresses, 4 octets each | v2: 8 octets of authentication data
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "host/model/address.hpp"
#include "host/util/result.hpp"

namespace fpvs::vrrp {

constexpr model::Ipv4 kGroup{0xe0000012};  // 224.0.0.18
constexpr std::uint8_t kProtocol = 112;
constexpr std::uint8_t kPriorityResign = 0;
constexpr std::uint8_t kPriorityOwner = 255;
constexpr std::uint8_t kAuthenticationPassword = 1;
constexpr std::size_t kPasswordBytes = 8;
constexpr std::size_t kArpFrameBytes = 42;

using Password = std::array<std::uint8_t, kPasswordBytes>;  // Filled up with zeros.

struct Advert {
    std::uint8_t version = 2;
    std::uint8_t virtual_router_id = 0;
    std::uint8_t priority = 0;
    std::uint32_t interval_cs = 100;  // In v2 a multiple of 100.
    std::uint8_t authentication_type = 0;
    Password password{};
    std::vector<model::Ipv4> addresses;

    friend bool operator==(const Advert&, const Advert&) = default;
};

struct ReceivedAdvert {
    model::Ipv4 source;
    Advert advert;
};

// Why an advert changes nothing.  All are counted by name.
enum class Refusal : std::uint8_t {
    malformed_ip,    // No whole, unfragmented IPv4 packet of protocol 112.
    wrong_ttl,       // Came through a router (RFC 9568 7.1: TTL must be 255).
    truncated,       // Shorter than its address count says.
    trailing_bytes,  // Longer.
    wrong_version,   // Neither 2 nor 3, or not the instance's.
    wrong_type,      // Not an advertisement.
    wrong_checksum,
    unknown_router,        // No instance with this VRID on the interface.
    wrong_authentication,  // Another type than the instance's.
    wrong_password,
    wrong_addresses,  // Not the instance's list.
    own_address,      // A loop in the network, or a second host with our address.
    wrong_interval,   // v2 peers must agree (RFC 3768 7.1).
};
constexpr std::size_t kRefusals = static_cast<std::size_t>(Refusal::wrong_interval) + 1;

[[nodiscard]] std::string_view name(Refusal refusal);

// The IPv4 packet of an advert.  `identification` is the IP header's and not 0, which would let
// the kernel choose.
[[nodiscard]] std::vector<std::uint8_t> encode(const Advert& advert,
                                               model::Ipv4 source,
                                               std::uint16_t identification);

// Checks everything that needs no instance to compare with.
[[nodiscard]] tl::expected<ReceivedAdvert, Refusal> decode(std::span<const std::uint8_t> packet);

// The VRID of a packet that may be wrong in any other way; none when it is too short to have one.
[[nodiscard]] std::optional<std::uint8_t> virtual_router_id_of(
    std::span<const std::uint8_t> packet);

// A broadcast ARP request in which `address` asks for itself: every cache learns its MAC.
[[nodiscard]] std::array<std::uint8_t, kArpFrameBytes> gratuitous_arp(model::MacAddress mac,
                                                                      model::Ipv4 address);

}  // namespace fpvs::vrrp
