// SPDX-License-Identifier: Apache-2.0
#include "tests/kit/frame_builder.hpp"

namespace fpvs::kit {
namespace {

constexpr std::uint8_t kTcp = 6;
constexpr std::uint8_t kUdp = 17;
constexpr std::uint8_t kSctp = 132;
constexpr std::uint16_t kIpv6Type = 0x86dd;

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
        put(bytes, spec.transport_checksum.value_or(0), 2);
        put(bytes, 0, 2);
    } else if (spec.protocol == kUdp) {
        const std::size_t length = 8 + spec.payload_bytes;
        put(bytes, spec.udp_length.value_or(static_cast<std::uint16_t>(length)), 2);
        put(bytes, spec.transport_checksum.value_or(0), 2);
    } else if (spec.protocol == kSctp) {
        put(bytes, 0x0a0b0c0d, 4);
        put(bytes, 0, 4);
        bytes.push_back(spec.sctp_chunk);
        bytes.push_back(0);
        put(bytes, 4 + spec.payload_bytes, 2);
    }
    put_payload(bytes, spec.payload_bytes, 0x11);
    return bytes;
}

FrameBytes addresses_of(const FrameSpec& spec) {
    FrameBytes bytes;
    if (!spec.ipv6) {
        put(bytes, spec.source_address, 4);
        put(bytes, spec.destination_address, 4);
        return bytes;
    }
    for (const Address& address : {spec.source, spec.destination}) {
        put(bytes, address.high, 8);
        put(bytes, address.low, 8);
    }
    return bytes;
}

std::uint32_t crc32c(const FrameBytes& bytes) {
    std::uint32_t crc = ~0u;
    for (const std::uint8_t octet : bytes) {
        crc ^= octet;
        for (int bit = 0; bit < 8; ++bit) {
            crc = crc >> 1 ^ ((crc & 1) != 0 ? 0x82f63b78u : 0u);
        }
    }
    return ~crc;
}

// Makes the checksum right where the spec asks for that; SCTP's always.
void finish(FrameBytes& transport, const FrameSpec& spec) {
    if (spec.protocol == kSctp) {
        const std::uint32_t crc = crc32c(transport);
        for (std::size_t i = 0; i < 4; ++i) {
            transport[8 + i] = static_cast<std::uint8_t>(crc >> (8 * i));
        }
    }
    if (spec.transport_checksum || (spec.protocol != kTcp && spec.protocol != kUdp)) {
        return;
    }
    FrameBytes covered = addresses_of(spec);
    put(covered, spec.protocol, 2);
    put(covered, transport.size(), 4);
    covered.insert(covered.end(), transport.begin(), transport.end());
    auto checksum = static_cast<std::uint16_t>(~internet_sum(covered.data(), covered.size()));
    checksum = spec.protocol == kUdp && checksum == 0 ? 0xffff : checksum;
    const std::size_t at = spec.protocol == kTcp ? 16 : 6;
    transport[at] = static_cast<std::uint8_t>(checksum >> 8);
    transport[at + 1] = static_cast<std::uint8_t>(checksum);
}

void put_ipv6(FrameBytes& frame, const FrameSpec& spec, const FrameBytes& transport) {
    const std::size_t length = spec.extension.size() + transport.size();
    put(frame, 0x60000000u | std::uint32_t{spec.tos} << 20 | spec.identification, 4);
    put(frame, spec.total_length.value_or(static_cast<std::uint16_t>(length)), 2);
    frame.push_back(spec.extension.empty() ? spec.protocol : spec.extension_type);
    frame.push_back(spec.ttl);
    const FrameBytes addresses = addresses_of(spec);
    frame.insert(frame.end(), addresses.begin(), addresses.end());
    frame.insert(frame.end(), spec.extension.begin(), spec.extension.end());
    if (!spec.extension.empty()) {
        frame[frame.size() - spec.extension.size()] = spec.protocol;
    }
    frame.insert(frame.end(), transport.begin(), transport.end());
}

void put_ipv4(FrameBytes& frame, const FrameSpec& spec, const FrameBytes& transport) {
    const std::size_t ip = frame.size();
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
    const FrameBytes addresses = addresses_of(spec);
    frame.insert(frame.end(), addresses.begin(), addresses.end());
    frame.insert(frame.end(), spec.options.begin(), spec.options.end());
    const std::uint16_t sum = internet_sum(frame.data() + ip, header_bytes);
    const std::uint16_t checksum = spec.ip_checksum.value_or(static_cast<std::uint16_t>(~sum));
    frame[ip + 10] = static_cast<std::uint8_t>(checksum >> 8);
    frame[ip + 11] = static_cast<std::uint8_t>(checksum);
    frame.insert(frame.end(), transport.begin(), transport.end());
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
    const bool says_ipv6 = spec.ipv6 && spec.ether_type == FrameSpec{}.ether_type;
    put(frame, says_ipv6 ? kIpv6Type : spec.ether_type, 2);
    FrameBytes transport = transport_of(spec);
    finish(transport, spec);
    if (spec.ipv6) {
        put_ipv6(frame, spec, transport);
    } else {
        put_ipv4(frame, spec, transport);
    }
    put_payload(frame, spec.padding_bytes, 0xc3);
    return frame;
}

}  // namespace fpvs::kit
