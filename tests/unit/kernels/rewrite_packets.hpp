// SPDX-License-Identifier: Apache-2.0
// Packets at random, what parse sees of them, what is decided about them, and what the slow path
// makes of that: the model that the card is measured by.
#pragma once

#include <cstdint>
#include <random>

#include "host/slowpath/packet_layout.hpp"
#include "hw/kernels/records.hpp"
#include "tests/kit/frame_builder.hpp"

namespace fpvs::kernels {

struct RandomPacket {
    kit::FrameBytes frame;
    slowpath::PacketLayout layout;
    Packet packet;
};

struct PacketShape {
    bool ipv6 = false;
    unsigned tags = 0;
    std::uint8_t protocol = 6;
    unsigned options_bytes = 0;  // Of IPv4; of IPv6 in an extension header, then a multiple of 8.
    unsigned payload_bytes = 0;
    unsigned padding_bytes = 0;  // At random, too.
    bool right_checksum = true;  // Of transport.
};

[[nodiscard]] PacketShape random_shape(std::mt19937& random);
[[nodiscard]] RandomPacket make_packet(const PacketShape& shape, std::mt19937& random);

enum class Way : std::uint8_t { direct, translated, tunnelled };

// Forward it: next hop, ends and tunnel at random.
[[nodiscard]] Decision random_decision(const RandomPacket& packet, Way way, std::mt19937& random);

// What the slow path sends.  `identification` is that of the next outer header that needs one.
[[nodiscard]] kit::FrameBytes slowpath_frame(const RandomPacket& packet,
                                             const Decision& decision,
                                             std::uint16_t& identification);

// Whether the checksums of all headers in it are right, made anew: IPv4, TCP, UDP, GRE, and those
// of a packet in a tunnel.  `transport`: also the innermost TCP's or UDP's.
[[nodiscard]] bool checksums_are_right(const kit::FrameBytes& frame, bool transport);

}  // namespace fpvs::kernels
