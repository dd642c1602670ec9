// SPDX-License-Identifier: Apache-2.0
// Frames with random damage: where the quick look says yes, it says what the careful one says.
// FPVS_SEED=N plays a failure again.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <random>
#include <span>
#include <string>

#include "host/slowpath/frame_edit.hpp"
#include "host/slowpath/plain_frame.hpp"
#include "tests/kit/packet.hpp"

namespace fpvs::slowpath {
namespace {

constexpr std::uint64_t kStation = 0x0200000000d0;
constexpr int kFrames = 1'000'000;

class Damage {
  public:
    explicit Damage(std::uint32_t seed) : random_(seed) {}

    kit::Bytes frame() {
        kit::Bytes frame =
            kit::make_frame({.vlan = below(8) == 0 ? std::optional<std::uint16_t>(7) : std::nullopt,
                             .protocol = static_cast<std::uint8_t>(below(2) == 0 ? 6 : 17),
                             .source_port = static_cast<std::uint16_t>(below(65536)),
                             .flags = static_cast<std::uint8_t>(below(256)),
                             .options_bytes = below(8) == 0 ? 4U : 0U,
                             .payload_bytes = below(64)});
        if (below(2) == 0) {
            frame.resize(std::max<std::size_t>(frame.size(), 60));
        }
        // The first 54 octets are all that a decision reads.
        for (std::uint32_t left = below(3); left != 0; --left) {
            const std::size_t at = below(std::min<std::uint32_t>(54, size_of(frame)));
            const bool bit = below(2) == 0;
            frame[at] = static_cast<std::uint8_t>(bit ? frame[at] ^ 1U << below(8) : below(256));
        }
        if (below(2) == 0) {
            mend_checksum(frame);
        }
        if (below(8) == 0) {
            frame.resize(below(size_of(frame) + 1));
        }
        return frame;
    }
    std::uint32_t below(std::uint32_t end) {
        return std::uniform_int_distribution<std::uint32_t>(0, end - 1)(random_);
    }

  private:
    static std::uint32_t size_of(const kit::Bytes& frame) {
        return static_cast<std::uint32_t>(frame.size());
    }
    static void mend_checksum(kit::Bytes& frame) {
        constexpr std::size_t kIp = 14;
        const std::size_t header = static_cast<std::size_t>(frame[kIp] & 0xf) * 4;
        if (kIp + header <= frame.size() && header >= 20) {
            kit::patch16(frame, kIp + 10, 0);
            kit::patch16(
                frame, kIp + 10, kit::internet_checksum(std::span(frame).subspan(kIp, header)));
        }
    }

    std::mt19937 random_;
};

TEST(plain_frame, says_what_parse_says) {
    const char* given = std::getenv("FPVS_SEED");
    const auto seed =
        given != nullptr ? static_cast<std::uint32_t>(std::stoul(given)) : std::random_device{}();
    RecordProperty("seed", std::to_string(seed));
    std::printf("FPVS_SEED=%u\n", seed);
    Damage damage(seed);
    int plain = 0;
    for (int i = 0; i < kFrames; ++i) {
        const kit::Bytes frame = damage.frame();
        const std::uint64_t station = damage.below(2) == 0 ? kStation : 0;
        ParsedFrame quick;
        if (!parse_plain(frame, station, quick)) {
            continue;
        }
        ++plain;
        ParsedFrame careful;
        parse(frame, station, careful);
        ASSERT_EQ(careful.kind, ParsedFrame::Kind::transport) << "frame " << i;
        ASSERT_EQ(quick.kind, careful.kind);
        ASSERT_EQ(quick.ip_offset, careful.ip_offset);
        ASSERT_EQ(quick.ip_length, careful.ip_length);
        ASSERT_EQ(quick.transport_offset, careful.transport_offset);
        ASSERT_EQ(quick.ip_protocol, careful.ip_protocol);
        ASSERT_EQ(quick.family, careful.family);
        ASSERT_EQ(quick.packet.protocol, careful.packet.protocol);
        ASSERT_EQ(quick.packet.tcp_flags, careful.packet.tcp_flags) << "frame " << i;
        ASSERT_EQ(quick.packet.sctp_chunk, careful.packet.sctp_chunk);
        ASSERT_EQ(quick.packet.ip_length_bytes, careful.packet.ip_length_bytes);
        ASSERT_EQ(quick.packet.source_address, careful.packet.source_address);
        ASSERT_EQ(quick.packet.source_port, careful.packet.source_port);
        ASSERT_EQ(quick.packet.destination_address, careful.packet.destination_address);
        ASSERT_EQ(quick.packet.destination_port, careful.packet.destination_port);
    }
    // Of the undamaged ones nearly all are plain; a quick look that always says no is of no use.
    EXPECT_GT(plain, kFrames / 4);
}

// Every TTL and checksum: one hop less gives what RFC 1624 gives.
TEST(plain_frame, one_hop_less_is_what_the_checksum_rule_says) {
    for (std::uint32_t ttl = 1; ttl < 256; ++ttl) {
        for (std::uint32_t check = 0; check < 65536; ++check) {
            std::array<std::uint8_t, 20> header{};
            header[8] = static_cast<std::uint8_t>(ttl);
            header[9] = 6;
            store_be16(&header[10], static_cast<std::uint16_t>(check));
            decrement_ttl(header.data());
            const auto before = static_cast<std::uint16_t>(ttl << 8 | 6);
            const auto after = static_cast<std::uint16_t>(before - 0x100);
            ASSERT_EQ(header[8], ttl - 1);
            ASSERT_EQ(load_be16(&header[10]),
                      updated_checksum(static_cast<std::uint16_t>(check), before, after))
                << "ttl " << ttl << " checksum " << check;
        }
    }
}

}  // namespace
}  // namespace fpvs::slowpath
