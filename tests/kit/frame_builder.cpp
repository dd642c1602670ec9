// SPDX-License-Identifier: Apache-2.0
#include "tests/kit/frame_builder.hpp"

namespace fpvs::kit {
namespace {

constexpr std::uint8_t kTcp = 6;
constexpr std::uint8_t kUdp = 17;

void put(FrameBytes& frame, std::uint64_t number, int octets) {
    for (int octet = octets - 1; octet >= 0; --octet) {
        frame.push_back(static_cast<std::uint8_t>(number >> (8 * octet)));
    }
}

void put_payload(FrameBytes& frame, std::size_t count, std::uint8_t seed) {
    for (std::size_t i = 0; i < count; ++i) {
        frame.push_back(static_cast<std::uint8_t>(seed + 7 * i + i / 256));
    }
}

FrameBytes transport_of(const FrameSpec& spec) {
    FrameBytes bytes;
    put(bytes, spec.source_port, 2);
    put(bytes, spec.destination_port, 2);
    if (spec.protocol == kTcp) {
        put(bytes, 0x01020304, 4);
        put(bytes, 0x05060708, 4);
        bytes.push_back(static_cast<std::uint8_t>(spec.tcp_header_words.value_or(5) << 4));
        bytes.push_back(spec.tcp_flags);
        put(bytes, 0x2000, 2);
        put(bytes, 0xbeef, 2);  // Nobody on the way looks at it.
        put(bytes, 0, 2);
    } else if (spec.protocol == kUdp) {
        const std::size_t length = 8 + spec.payload_bytes;
        put(bytes, spec.udp_length.value_or(static_cast<std::uint16_t>(length)), 2);
        put(bytes, 0xbeef, 2);
    }
    put_payload(bytes, spec.payload_bytes, 0x11);
    return bytes;
}

}  // namespace

std::uint16_t internet_sum(const std::uint8_t* bytes, std::size_t count) {
    std::uint32_t sum = 0;
    for (std::size_t i = 0; i < count; ++i) {
        sum += i % 2 == 0 ? std::uint32_t{bytes[i]} << 8 : bytes[i];
    }
    while (sum > 0xffff) {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return static_cast<std::uint16_t>(sum);
}

FrameBytes build_frame(const FrameSpec& spec) {
    FrameBytes frame;
    put(frame, spec.destination_mac, 6);
    put(frame, spec.source_mac, 6);
    if (spec.outer_vlan_tci) {
        put(frame, spec.outer_vlan_type, 2);
        put(frame, *spec.outer_vlan_tci, 2);
    }
    if (spec.vlan_tci) {
        put(frame, 0x8100, 2);
        put(frame, *spec.vlan_tci, 2);
    }
    put(frame, spec.ether_type, 2);

    const std::size_t ip = frame.size();
    const FrameBytes transport = transport_of(spec);
    const std::size_t header_bytes = 20 + spec.options.size();
    const std::size_t words = spec.header_words.value_or(header_bytes / 4);
    const std::size_t total = header_bytes + transport.size();
    frame.push_back(static_cast<std::uint8_t>(spec.version << 4 | (words & 0xf)));
    frame.push_back(spec.tos);
    put(frame, spec.total_length.value_or(static_cast<std::uint16_t>(total)), 2);
    put(frame, spec.identification, 2);
    put(frame, spec.fragment, 2);
    frame.push_back(spec.ttl);
    frame.push_back(spec.protocol);
    put(frame, 0, 2);
    put(frame, spec.source_address, 4);
    put(frame, spec.destination_address, 4);
    frame.insert(frame.end(), spec.options.begin(), spec.options.end());
    const std::uint16_t sum = internet_sum(frame.data() + ip, header_bytes);
    const std::uint16_t checksum = spec.ip_checksum.value_or(static_cast<std::uint16_t>(~sum));
    frame[ip + 10] = static_cast<std::uint8_t>(checksum >> 8);
    frame[ip + 11] = static_cast<std::uint8_t>(checksum);
    frame.insert(frame.end(), transport.begin(), transport.end());
    put_payload(frame, spec.padding_bytes, 0xc3);
    return frame;
}

}  // namespace fpvs::kit
