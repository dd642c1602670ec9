// SPDX-License-Identifier: Apache-2.0
// IPv6 frames for tests, right unless a test says otherwise.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "host/slowpath/bytes.hpp"
#include "host/slowpath/headers.hpp"
#include "tests/kit/packet.hpp"

namespace fpvs::kit {

// A SYN to the virtual service of the recordings.
struct Ipv6Spec {
    std::string_view source = "fd00:c::2";
    std::string_view destination = "fd00:c::100";
    std::uint8_t protocol = slowpath::ip_protocol::kTcp;
    std::uint16_t source_port = 30000;
    std::uint16_t destination_port = 80;
    std::uint8_t traffic_class = 0;
    std::uint8_t hop_limit = 64;
    std::size_t payload_bytes = 0;
    std::size_t options_bytes = 0;  // Of a destination options header; a multiple of 8.
};

inline Bytes ipv6_header(const Ipv6Spec& spec, std::uint8_t next, std::size_t payload) {
    Bytes frame = {0x02, 0, 0, 0, 0, 0xd0, 0x02, 0, 0, 0, 0, 0xc0, 0x86, 0xdd};
    frame.resize(slowpath::ethernet::kHeaderBytes + slowpath::ipv6::kHeaderBytes);
    std::uint8_t* ip = &frame[slowpath::ethernet::kHeaderBytes];
    slowpath::store_be32(
        ip, slowpath::ipv6::kVersionBits | static_cast<std::uint32_t>(spec.traffic_class) << 20);
    slowpath::store_be16(ip + slowpath::ipv6::kPayloadLength, static_cast<std::uint16_t>(payload));
    ip[slowpath::ipv6::kNextHeader] = next;
    ip[slowpath::ipv6::kHopLimit] = spec.hop_limit;
    slowpath::store_ipv6(ip + slowpath::ipv6::kSource, *model::parse_ipv6(spec.source));
    slowpath::store_ipv6(ip + slowpath::ipv6::kDestination, *model::parse_ipv6(spec.destination));
    return frame;
}

// Without a right transport checksum.
inline Bytes ipv6_frame(const Ipv6Spec& spec) {
    // Behind IPv4's header lies the same.
    const Bytes ipv4_twin = make_frame({.protocol = spec.protocol,
                                        .source_port = spec.source_port,
                                        .destination_port = spec.destination_port,
                                        .payload_bytes = spec.payload_bytes});
    const Bytes segment(ipv4_twin.begin() + 34, ipv4_twin.end());
    const bool has_options = spec.options_bytes != 0;
    Bytes frame =
        ipv6_header(spec,
                    has_options ? slowpath::ip_protocol::kDestinationOptions : spec.protocol,
                    spec.options_bytes + segment.size());
    if (has_options) {
        Bytes options(spec.options_bytes);
        options[0] = spec.protocol;
        options[1] = static_cast<std::uint8_t>(spec.options_bytes / 8 - 1);
        frame.insert(frame.end(), options.begin(), options.end());
    }
    frame.insert(frame.end(), segment.begin(), segment.end());
    return frame;
}

}  // namespace fpvs::kit
