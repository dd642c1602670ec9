// SPDX-License-Identifier: Apache-2.0
// The Authentication Header of an advert: HMAC-MD5-96 (RFC 2403) over the packet, as keepalived
// makes it for `auth_type AH`.
//
// Unlike RFC 2402 3.3.3.1 has it, the TTL is part of what is authenticated: it must be 255 anyway.
// The sequence number counts on from the highest that was sent or heard on the segment, so that a
// new master's adverts are news to everybody, and what was heard before is not heard again.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace fpvs::vrrp {

// `packet` is a plain IPv4 packet of protocol 112 without options.
[[nodiscard]] std::vector<std::uint8_t> seal(std::span<const std::uint8_t> packet,
                                             std::uint32_t sequence,
                                             std::string_view key);

// Of a packet that host/vrrp/ip_envelope.hpp found to be sealed.
[[nodiscard]] bool seal_holds(std::span<const std::uint8_t> packet, std::string_view key);

}  // namespace fpvs::vrrp
