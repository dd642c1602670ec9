// SPDX-License-Identifier: Apache-2.0
// Frames that parse is tried with.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "hw/kernels/records.hpp"
#include "hw/lib/headers.hpp"
#include "tests/kit/frame_builder.hpp"

namespace fpvs::kernels {

using kit::FrameBytes;

// `garbage` fills what lies behind a frame in its last beat.
inline FrameHead head_of(const FrameBytes& frame, std::uint8_t garbage = 0) {
    FrameHead head{};
    for (int i = 0; i < kHeadBytes; ++i) {
        const std::size_t at = static_cast<std::size_t>(i);
        head.head.range(8 * i + 7, 8 * i) = at < frame.size() ? frame[at] : garbage;
    }
    head.length = frame.size();
    return head;
}

struct ExtensionHeader {
    std::uint8_t type;
    std::size_t bytes = 8;
    std::uint8_t segments_left = 0;
};

// An IPv6 frame: a chain of extension headers, then `segment`.
struct Ipv6Frame {
    std::vector<std::uint16_t> tags;
    std::array<std::uint8_t, 16> source{0xfd, 0, 0, 0xc, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2};
    std::array<std::uint8_t, 16> destination{0xfd, 0, 0, 0xc, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0};
    std::vector<ExtensionHeader> chain;
    std::uint8_t protocol = lib::kProtocolTcp;
    std::uint8_t version = 6;
    std::uint8_t traffic_class = 0;
    std::uint8_t hop_limit = 64;
    int payload_more = 0;  // By which the length field is wrong.
    FrameBytes segment;
    std::size_t padding_bytes = 0;

    FrameBytes build() const {
        FrameBytes frame = {0x02, 0, 0, 0, 0, 0xd0, 0x02, 0, 0, 0, 0, 0xc0};
        for (const std::uint16_t tag : tags) {
            frame.insert(
                frame.end(),
                {0x81, 0x00, static_cast<std::uint8_t>(tag >> 8), static_cast<std::uint8_t>(tag)});
        }
        frame.insert(frame.end(), {0x86, 0xdd});
        std::size_t payload = segment.size();
        for (const ExtensionHeader& header : chain) {
            payload += header.bytes;
        }
        payload += static_cast<std::size_t>(payload_more);
        frame.push_back(static_cast<std::uint8_t>(version << 4 | traffic_class >> 4));
        frame.push_back(static_cast<std::uint8_t>(traffic_class << 4 | 0x5));
        frame.insert(frame.end(), {0x43, 0x21});
        frame.push_back(static_cast<std::uint8_t>(payload >> 8));
        frame.push_back(static_cast<std::uint8_t>(payload));
        frame.push_back(chain.empty() ? protocol : chain[0].type);
        frame.push_back(hop_limit);
        frame.insert(frame.end(), source.begin(), source.end());
        frame.insert(frame.end(), destination.begin(), destination.end());
        for (std::size_t i = 0; i < chain.size(); ++i) {
            FrameBytes header(chain[i].bytes, 0x3c);  // Would lead to destination options.
            header[0] = i + 1 < chain.size() ? chain[i + 1].type : protocol;
            header[1] = static_cast<std::uint8_t>(chain[i].bytes / 8 - 1);
            header[3] = chain[i].segments_left;
            frame.insert(frame.end(), header.begin(), header.end());
        }
        frame.insert(frame.end(), segment.begin(), segment.end());
        frame.resize(frame.size() + padding_bytes, 0xc3);
        return frame;
    }
};

inline FrameBytes tcp_segment(std::uint8_t flags = lib::kTcpAck, std::size_t payload = 6) {
    FrameBytes segment = {0x75, 0x30, 0x00, 0x50,  1,    2,    3,    4,    5, 6,
                          7,    8,    0x50, flags, 0x20, 0x00, 0xbe, 0xef, 0, 0};
    segment.resize(segment.size() + payload, 0x11);
    return segment;
}

inline FrameBytes sctp_segment(std::uint8_t chunk) {
    return {0x75, 0x30, 0x00, 0x50, 1, 2, 3, 4, 5, 6, 7, 8, chunk, 0, 0, 20, 9, 9, 9, 9};
}

inline FrameBytes icmp_message(std::uint8_t type) {
    return {type, 0, 0xab, 0xcd, 0, 0, 0, 0, 1, 2, 3, 4};
}

// An IPv4 frame with this after its header.
inline FrameBytes ipv4_frame(std::uint8_t protocol, const FrameBytes& segment) {
    kit::FrameSpec spec;
    spec.protocol = protocol;
    spec.payload_bytes = 0;
    spec.total_length = static_cast<std::uint16_t>(20 + segment.size());
    FrameBytes frame = kit::build_frame(spec);
    frame.resize(34);
    frame.insert(frame.end(), segment.begin(), segment.end());
    return frame;
}

}  // namespace fpvs::kernels
