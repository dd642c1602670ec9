// SPDX-License-Identifier: Apache-2.0
// Frames for tests, right unless a test says otherwise: whatever a header holds can be set by hand,
// and what is not is computed.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "tests/kit/address.hpp"

namespace fpvs::kit {

using FrameBytes = std::vector<std::uint8_t>;

constexpr int kEthernetBytes = 14;
constexpr int kVlanBytes = 4;

namespace tcp {
constexpr std::uint8_t kFin = 0x01;
constexpr std::uint8_t kSyn = 0x02;
constexpr std::uint8_t kRst = 0x04;
constexpr std::uint8_t kPsh = 0x08;
constexpr std::uint8_t kAck = 0x10;
}  // namespace tcp

struct FrameSpec {
    std::uint64_t destination_mac = 0x0200000000d0;
    std::uint64_t source_mac = 0x0200000000c0;
    std::optional<std::uint16_t> vlan_tci;        // Adds an 802.1Q tag.
    std::optional<std::uint16_t> outer_vlan_tci;  // Adds another before it.
    std::uint16_t outer_vlan_type = 0x88a8;
    std::uint16_t ether_type = 0x0800;

    // IPv6, with the addresses `source` and `destination`, instead of IPv4; of both versions the
    // fields that have the same meaning are the same: tos is the traffic class, ttl the hop limit,
    // total_length the payload's.
    bool ipv6 = false;
    Address source;
    Address destination;
    std::vector<std::uint8_t> extension;  // An extension header, its first octet set when built.
    std::uint8_t extension_type = 60;     // Destination options.

    std::uint8_t version = 4;
    std::optional<std::uint8_t> header_words;
    std::uint8_t tos = 0;
    std::optional<std::uint16_t> total_length;
    std::uint16_t identification = 0x1234;
    std::uint16_t fragment = 0x4000;  // Flags and offset: do not fragment.
    std::uint8_t ttl = 64;
    std::uint8_t protocol = 6;
    std::optional<std::uint16_t> ip_checksum;
    std::uint32_t source_address = 0x0a000002;
    std::uint32_t destination_address = 0x0a000064;
    std::vector<std::uint8_t> options;  // A multiple of four.

    std::uint16_t source_port = 30000;
    std::uint16_t destination_port = 80;
    std::uint8_t tcp_flags = tcp::kAck;
    std::optional<std::uint8_t> tcp_header_words;
    std::optional<std::uint16_t> udp_length;
    std::uint8_t sctp_chunk = 0;  // DATA.
    // Of TCP and UDP; by default one that nobody on the way looks at.  Without it, the right one.
    std::optional<std::uint16_t> transport_checksum = 0xbeef;
    std::size_t payload_bytes = 6;
    std::size_t padding_bytes = 0;  // Behind the IP packet.
};

// Payload and padding are bytes that differ, so that a shifted copy is noticed.
FrameBytes build_frame(const FrameSpec& spec);

// The ones' complement sum of 16-bit words, folded.
std::uint16_t internet_sum(const std::uint8_t* bytes, std::size_t count);

}  // namespace fpvs::kit
