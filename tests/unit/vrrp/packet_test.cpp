// SPDX-License-Identifier: Apache-2.0
#include "host/vrrp/packet.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host/vrrp/admission.hpp"
#include "tests/unit/vrrp/lab_instance.hpp"

namespace fpvs::vrrp {
namespace {

using ::testing::ElementsAreArray;

TEST(Packet, first_advert_is_keepaliveds_byte_for_byte) {
    const auto golden = vrrp_packets_of("vrrp2-seed.pcap").front();
    EXPECT_THAT(encode(advert_of(lab_instance(), 100), kLvs01, 1), ElementsAreArray(golden));
}

TEST(Packet, version_3_advert_is_keepaliveds_byte_for_byte) {
    auto instance = lab_instance();
    instance.version = 3;
    instance.advert_interval_cs = 10;
    const auto golden = vrrp_packets_of("vrrp3-100ms.pcap").front();
    EXPECT_THAT(encode(advert_of(instance, 100), kLvs01, 1), ElementsAreArray(golden));
}

TEST(Packet, gratuitous_arp_is_keepaliveds_byte_for_byte) {
    const auto golden = kit::read_pcap("tests/data/vrrp/vrrp2-seed.pcap").at(1);
    EXPECT_THAT(gratuitous_arp(kLvs01Mac, kVip), ElementsAreArray(golden));
}

TEST(Packet, every_captured_advert_is_read_and_keepaliveds_are_written_the_same) {
    for (const char* capture : {"vrrp2-seed.pcap", "vrrp3-100ms.pcap", "frr2-vs-keepalived.pcap"}) {
        for (const auto& packet : vrrp_packets_of(capture)) {
            const auto received = decode(packet);
            ASSERT_TRUE(received) << capture << ": " << name(received.error());
            constexpr std::uint8_t kDontFragment = 0x40;  // FRR sets it; the rest is alike.
            if (packet[6] != kDontFragment) {
                const auto id = static_cast<std::uint16_t>(packet[4] << 8 | packet[5]);
                EXPECT_EQ(encode(received->advert, received->source, id), packet);
            }
        }
    }
}

TEST(Packet, version_3_checksum_without_pseudo_header_is_accepted_too) {
    auto packet = vrrp_packets_of("vrrp3-100ms.pcap").front();
    packet[26] = packet[27] = 0;
    std::uint32_t sum = 0;
    for (std::size_t i = 20; i < packet.size(); i += 2) {
        sum += static_cast<std::uint32_t>(packet[i] << 8 | packet[i + 1]);
    }
    const std::uint32_t folded = ~((sum & 0xffff) + (sum >> 16));
    packet[26] = static_cast<std::uint8_t>(folded >> 8);
    packet[27] = static_cast<std::uint8_t>(folded);
    EXPECT_TRUE(decode(packet));
}

TEST(Packet, no_truncation_is_accepted) {
    for (const char* capture : {"vrrp2-seed.pcap", "vrrp3-100ms.pcap"}) {
        const auto whole = vrrp_packets_of(capture).front();
        for (std::size_t length = 0; length < whole.size(); ++length) {
            const auto cut = std::span(whole).first(length);
            EXPECT_FALSE(decode(cut)) << capture << " cut to " << length;
            // Cut by a sender that says so in its IP header.
            kit::Frame honest(cut.begin(), cut.end());
            if (length >= 4) {
                honest[3] = static_cast<std::uint8_t>(length);
            }
            const auto received = decode(honest);
            ASSERT_FALSE(received) << capture << " cut to " << length;
            EXPECT_EQ(received.error(), length < 20 ? Refusal::malformed_ip : Refusal::truncated);
        }
    }
}

TEST(Packet, no_single_flipped_bit_goes_unnoticed) {
    const auto whole = vrrp_packets_of("vrrp2-seed.pcap").front();
    const auto original = decode(whole)->advert;
    for (std::size_t bit = 20 * 8; bit < whole.size() * 8; ++bit) {
        auto packet = whole;
        packet[bit / 8] = static_cast<std::uint8_t>(packet[bit / 8] ^ 1u << bit % 8);
        EXPECT_FALSE(decode(packet)) << "bit " << bit;
    }
}

struct Damage {
    const char* what;
    std::size_t offset;
    std::uint8_t value;
    Refusal refusal;
};

class PacketDamage : public ::testing::TestWithParam<Damage> {};

TEST_P(PacketDamage, is_refused_by_name) {
    auto packet = vrrp_packets_of("vrrp2-seed.pcap").front();
    packet[GetParam().offset] = GetParam().value;
    const auto received = decode(packet);
    ASSERT_FALSE(received);
    EXPECT_EQ(name(received.error()), name(GetParam().refusal));
}

INSTANTIATE_TEST_SUITE_P(
    Packet,
    PacketDamage,
    ::testing::Values(Damage{"ip_version", 0, 0x65, Refusal::malformed_ip},
                      Damage{"header_length", 0, 0x44, Refusal::malformed_ip},
                      Damage{"total_length_beyond", 3, 0xff, Refusal::malformed_ip},
                      Damage{"total_length_within_header", 3, 10, Refusal::malformed_ip},
                      Damage{"fragment", 6, 0x20, Refusal::malformed_ip},
                      Damage{"protocol", 9, 6, Refusal::malformed_ip},
                      Damage{"ttl", 8, 254, Refusal::wrong_ttl},
                      Damage{"version_1", 20, 0x11, Refusal::wrong_version},
                      Damage{"version_4", 20, 0x41, Refusal::wrong_version},
                      Damage{"type", 20, 0x22, Refusal::wrong_type},
                      Damage{"more_addresses", 23, 2, Refusal::truncated},
                      Damage{"255_addresses", 23, 255, Refusal::truncated},
                      Damage{"fewer_addresses", 23, 0, Refusal::trailing_bytes},
                      Damage{"checksum", 26, 0, Refusal::wrong_checksum}),
    [](const auto& info) { return info.param.what; });

TEST(Packet, virtual_router_id_is_found_in_a_packet_that_is_otherwise_wrong) {
    auto packet = vrrp_packets_of("vrrp2-seed.pcap").front();
    packet[26] = 0;
    EXPECT_EQ(virtual_router_id_of(packet), 51);
    EXPECT_EQ(virtual_router_id_of(std::span(packet).first(20)), std::nullopt);
}

}  // namespace
}  // namespace fpvs::vrrp
