// SPDX-License-Identifier: Apache-2.0
// The IP header around a VRRP message, of either family.  Bytes as keepalived sends them: IPv4 of
// 20 octets without DF, IPv6 of 40 octets; traffic class 0xc0, TTL or hop limit 255.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "host/model/address.hpp"
#include "host/vrrp/refusal.hpp"

namespace fpvs::vrrp {

constexpr std::uint8_t kProtocol = 112;
constexpr std::uint8_t kHopLimit = 255;
// The Authentication Header (RFC 2402 2): next header, length, reserved, parameters' index,
// sequence number, and a digest of twelve octets.  Of IPv4 only.
constexpr std::uint8_t kProtocolSealed = 51;
constexpr std::size_t kSealBytes = 24;
constexpr std::uint8_t kSealLengthWords = 4;  // Of four octets, less two.

// 224.0.0.18 or ff02::12 (RFC 9568 5.1.1.2, 5.1.2.2).
[[nodiscard]] model::IpAddress group_of(model::Family family);

struct Envelope {
    model::IpAddress source;
    model::IpAddress destination;
    std::uint8_t hop_limit = kHopLimit;
    // Of IPv4, and not 0, which would let the kernel choose; of IPv6 the flow label.
    std::uint32_t identification = 1;
    // Of its Authentication Header, whose digest is not checked yet; none: it has no such header.
    std::optional<std::uint32_t> sequence = {};
};

struct EnvelopedMessage {
    Envelope envelope;
    std::span<const std::uint8_t> message;
};

// The header alone; both addresses are of one family.
[[nodiscard]] std::vector<std::uint8_t> ip_header(const Envelope& envelope,
                                                  std::size_t message_bytes);

// A whole, unfragmented packet of protocol 112, on IPv4 perhaps behind an Authentication Header;
// IPv6 without extension headers.
[[nodiscard]] tl::expected<EnvelopedMessage, Refusal> open_envelope(
    std::span<const std::uint8_t> packet);

// The Internet checksum (RFC 1071) over what `sum` began and `bytes`; 0 verifies.
[[nodiscard]] std::uint16_t checksum(std::span<const std::uint8_t> bytes, std::uint32_t sum = 0);

// What the pseudo-header of RFC 8200 8.1 (or RFC 9293 3.1 for IPv4) puts under a checksum.
[[nodiscard]] std::uint32_t pseudo_header_sum(const Envelope& envelope,
                                              std::uint8_t protocol,
                                              std::size_t message_bytes);

}  // namespace fpvs::vrrp
