// SPDX-License-Identifier: Apache-2.0
// Frames that clients send, spelt field by field: PacketSpec{.source = ..., .flags = kSyn}.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "host/model/address.hpp"

namespace fpvs::kit {

using Bytes = std::vector<std::uint8_t>;

struct PacketSpec {
    std::string_view destination_mac = "02:00:00:00:00:d0";
    std::string_view source_mac = "02:00:00:00:00:c0";
    std::optional<std::uint16_t> vlan = {};
    std::string_view source = "10.0.0.2";
    std::string_view destination = "10.0.0.100";
    std::uint8_t protocol = 6;
    std::uint16_t source_port = 30000;
    std::uint16_t destination_port = 80;
    std::uint8_t flags = 0x02;  // TCP; SYN.
    std::uint8_t ttl = 64;
    std::uint8_t tos = 0;
    std::uint16_t fragment = 0x4000;  // Don't fragment.
    std::size_t options_bytes = 0;    // Of IP, no-operations; a multiple of 4.
    std::size_t payload_bytes = 0;
};

inline void put16(Bytes& bytes, std::uint32_t value) {
    bytes.push_back(static_cast<std::uint8_t>(value >> 8));
    bytes.push_back(static_cast<std::uint8_t>(value));
}

inline void put32(Bytes& bytes, std::uint32_t value) {
    put16(bytes, value >> 16);
    put16(bytes, value);
}

inline std::uint16_t internet_checksum(std::span<const std::uint8_t> bytes, std::uint32_t sum = 0) {
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        sum += i % 2 == 0 ? bytes[i] << 8 : bytes[i];
    }
    while (sum >> 16 != 0) {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return static_cast<std::uint16_t>(~sum);
}

inline void patch16(Bytes& bytes, std::size_t at, std::uint16_t value) {
    bytes[at] = static_cast<std::uint8_t>(value >> 8);
    bytes[at + 1] = static_cast<std::uint8_t>(value);
}

// TCP or UDP with its header and checksum; for any other protocol the payload alone.
inline Bytes segment_of(const PacketSpec& spec, std::uint32_t source, std::uint32_t destination) {
    Bytes segment;
    if (spec.protocol == 6) {
        put16(segment, spec.source_port);
        put16(segment, spec.destination_port);
        put32(segment, 1000);  // Sequence number.
        put32(segment, 0);     // Acknowledgement.
        put16(segment, 0x5000u | spec.flags);
        put16(segment, 8192);  // Window.
        put32(segment, 0);     // Checksum, urgent pointer.
    } else if (spec.protocol == 17) {
        put16(segment, spec.source_port);
        put16(segment, spec.destination_port);
        put16(segment, static_cast<std::uint32_t>(8 + spec.payload_bytes));
        put16(segment, 0);
    }
    for (std::size_t i = 0; i < spec.payload_bytes; ++i) {
        segment.push_back(static_cast<std::uint8_t>(i));
    }
    Bytes pseudo;
    put32(pseudo, source);
    put32(pseudo, destination);
    put16(pseudo, spec.protocol);
    put16(pseudo, static_cast<std::uint32_t>(segment.size()));
    const std::uint32_t sum = static_cast<std::uint16_t>(~internet_checksum(pseudo));
    if (spec.protocol == 6) {
        patch16(segment, 16, internet_checksum(segment, sum));
    } else if (spec.protocol == 17) {
        patch16(segment, 6, internet_checksum(segment, sum));
    }
    return segment;
}

inline Bytes make_frame(const PacketSpec& spec) {
    const auto destination_mac = *model::parse_mac(spec.destination_mac);
    const auto source_mac = *model::parse_mac(spec.source_mac);
    const std::uint32_t source = model::parse_ipv4(spec.source)->value;
    const std::uint32_t destination = model::parse_ipv4(spec.destination)->value;
    const Bytes segment = segment_of(spec, source, destination);

    Bytes frame(destination_mac.octets.begin(), destination_mac.octets.end());
    frame.insert(frame.end(), source_mac.octets.begin(), source_mac.octets.end());
    if (spec.vlan) {
        put16(frame, 0x8100);
        put16(frame, *spec.vlan);
    }
    put16(frame, 0x0800);
    const std::size_t ip = frame.size();
    const std::size_t header = 20 + spec.options_bytes;
    frame.push_back(static_cast<std::uint8_t>(0x40 | header / 4));
    frame.push_back(spec.tos);
    put16(frame, static_cast<std::uint32_t>(header + segment.size()));
    put16(frame, 0x1234);
    put16(frame, spec.fragment);
    frame.push_back(spec.ttl);
    frame.push_back(spec.protocol);
    put16(frame, 0);
    put32(frame, source);
    put32(frame, destination);
    frame.insert(frame.end(), spec.options_bytes, 0x01);
    patch16(frame, ip + 10, internet_checksum(std::span(frame).subspan(ip, header)));
    frame.insert(frame.end(), segment.begin(), segment.end());
    return frame;
}

}  // namespace fpvs::kit
