// SPDX-License-Identifier: Apache-2.0
// A frame's headers as far as comparing recordings needs them: Ethernet, IPv4 or IPv6 (no extension
// headers), then TCP, UDP or ICMP.  Offsets are from the frame's first byte.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "host/model/address.hpp"

namespace fpvs::test {

using Frame = std::vector<std::uint8_t>;

namespace protocol {
constexpr std::uint8_t kIcmp = 1;
constexpr std::uint8_t kIpip = 4;
constexpr std::uint8_t kTcp = 6;
constexpr std::uint8_t kUdp = 17;
constexpr std::uint8_t kIpv6 = 41;
constexpr std::uint8_t kGre = 47;
constexpr std::uint8_t kIcmpv6 = 58;
constexpr std::uint8_t kSctp = 132;
}  // namespace protocol

constexpr std::size_t kEthernetBytes = 14;

[[nodiscard]] std::uint16_t be16(std::span<const std::uint8_t> bytes, std::size_t at);
void put_be16(Frame& frame, std::size_t at, std::uint16_t value);
// Of RFC 1071, as it is put into a header.
[[nodiscard]] std::uint16_t checksum_of(std::span<const std::uint8_t> bytes);
// A checksum after one word that it covers changed (RFC 1624).
[[nodiscard]] std::uint16_t changed_checksum(std::uint16_t checksum,
                                             std::uint16_t old_word,
                                             std::uint16_t new_word);

// The packet that begins at `ip_offset`; none if it is not a whole IP header.
struct IpView {
    bool is_ipv6 = false;
    std::size_t offset = 0;   // Of the IP header.
    std::size_t payload = 0;  // Of what is behind it.
    std::uint8_t tos = 0;
    std::uint8_t ttl = 0;
    std::uint8_t protocol = 0;
    std::uint16_t identification = 0;
    std::uint16_t fragment_offset = 0;  // In units of 8 bytes.
    bool more_fragments = false;
    model::IpAddress source;
    model::IpAddress destination;

    [[nodiscard]] bool is_icmp() const {
        return protocol == (is_ipv6 ? protocol::kIcmpv6 : protocol::kIcmp);
    }
    [[nodiscard]] bool is_fragment() const { return more_fragments || fragment_offset != 0; }
};

[[nodiscard]] std::optional<IpView> view_ip(std::span<const std::uint8_t> frame,
                                            std::size_t ip_offset = kEthernetBytes);

struct Ports {
    std::uint16_t source = 0;
    std::uint16_t destination = 0;
};
// Of TCP, UDP and SCTP; none in later fragments and in what is cut off.
[[nodiscard]] std::optional<Ports> ports_of(std::span<const std::uint8_t> frame, const IpView& ip);

[[nodiscard]] model::MacAddress destination_mac(std::span<const std::uint8_t> frame);
[[nodiscard]] model::MacAddress source_mac(std::span<const std::uint8_t> frame);

// "10.0.0.2:30001 > 10.0.0.100:80 TCP ttl 64, 52 bytes": one line about a frame.
[[nodiscard]] std::string describe(std::span<const std::uint8_t> frame);

}  // namespace fpvs::test
