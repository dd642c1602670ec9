// SPDX-License-Identifier: Apache-2.0
// Packets that clients send, with addresses as people write them; the rest is frame_builder.hpp's.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "host/model/address.hpp"
#include "tests/kit/frame_builder.hpp"

namespace fpvs::kit {

using Bytes = std::vector<std::uint8_t>;

// A SYN to the virtual service of tests/data/pkt, unless said otherwise.
struct PacketSpec {
    std::string_view destination_mac = "02:00:00:00:00:d0";
    std::string_view source_mac = "02:00:00:00:00:c0";
    std::optional<std::uint16_t> vlan = {};
    std::string_view source = "10.0.0.2";
    std::string_view destination = "10.0.0.100";
    std::uint8_t protocol = 6;
    std::uint16_t source_port = 30000;
    std::uint16_t destination_port = 80;
    std::uint8_t flags = tcp::kSyn;  // Of TCP.
    std::uint8_t ttl = 64;
    std::uint8_t tos = 0;
    std::uint16_t fragment = 0x4000;  // Don't fragment.
    std::size_t options_bytes = 0;    // Of IP, no-operations; a multiple of 4.
    std::size_t payload_bytes = 0;
};

inline std::uint16_t internet_checksum(std::span<const std::uint8_t> bytes) {
    return static_cast<std::uint16_t>(~internet_sum(bytes.data(), bytes.size()));
}

inline void patch16(Bytes& bytes, std::size_t at, std::uint16_t value) {
    bytes[at] = static_cast<std::uint8_t>(value >> 8);
    bytes[at + 1] = static_cast<std::uint8_t>(value);
}

inline Bytes make_frame(const PacketSpec& spec) {
    FrameSpec frame;
    frame.destination_mac = model::parse_mac(spec.destination_mac)->value();
    frame.source_mac = model::parse_mac(spec.source_mac)->value();
    frame.vlan_tci = spec.vlan;
    frame.tos = spec.tos;
    frame.fragment = spec.fragment;
    frame.ttl = spec.ttl;
    frame.protocol = spec.protocol;
    frame.source_address = model::parse_ipv4(spec.source)->value;
    frame.destination_address = model::parse_ipv4(spec.destination)->value;
    frame.options.assign(spec.options_bytes, 0x01);
    frame.source_port = spec.source_port;
    frame.destination_port = spec.destination_port;
    frame.tcp_flags = spec.flags;
    // The builder puts ports behind every IP header; without them, what lies there is payload.
    const bool has_ports = spec.protocol == 6 || spec.protocol == 17;
    const std::size_t ports_bytes = has_ports ? 0 : std::min<std::size_t>(spec.payload_bytes, 4);
    frame.payload_bytes = spec.payload_bytes - ports_bytes;
    return build_frame(frame);
}

}  // namespace fpvs::kit
