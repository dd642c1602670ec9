// SPDX-License-Identifier: Apache-2.0
#include "host/vrrp/packet.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host/vrrp/admission.hpp"
#include "host/vrrp/announcement.hpp"
#include "host/vrrp/seal.hpp"
#include "tests/unit/vrrp/lab_instance.hpp"

namespace fpvs::vrrp {
namespace {

using ::testing::ElementsAreArray;

TEST(Packet, first_advert_is_keepaliveds_byte_for_byte) {
    const auto golden = vrrp_packets_of("vrrp2-seed.pcap").front();
    EXPECT_THAT(encode(advert_of(lab_instance(), 100), to_group(kLvs01)), ElementsAreArray(golden));
}

TEST(Packet, version_3_advert_is_keepaliveds_byte_for_byte) {
    auto instance = lab_instance();
    instance.version = 3;
    instance.advert_interval_cs = 10;
    const auto golden = vrrp_packets_of("vrrp3-100ms.pcap").front();
    EXPECT_THAT(encode(advert_of(instance, 100), to_group(kLvs01)), ElementsAreArray(golden));
}

TEST(Packet, gratuitous_arp_is_keepaliveds_byte_for_byte) {
    const auto golden = kit::read_pcap("tests/data/vrrp/vrrp2-seed.pcap").at(1);
    EXPECT_THAT(announcement(kLvs01Mac, kVip), ElementsAreArray(golden));
}

TEST(Packet, neighbour_advertisements_are_keepaliveds_byte_for_byte) {
    const auto frames = kit::read_pcap("tests/data/vrrp/vrrp3-ipv6.pcap");
    EXPECT_THAT(announcement(kLvs01Mac, *model::parse_address("fe80::100")),
                ElementsAreArray(frames.at(1)));
    EXPECT_THAT(announcement(kLvs01Mac, *model::parse_address("fd00:13::100")),
                ElementsAreArray(frames.at(2)));
}

TEST(Packet, ipv6_has_version_3_only_and_its_checksum_needs_the_pseudo_header) {
    auto packet = vrrp_packets_of("vrrp3-ipv6.pcap").front();
    packet[40] = 0x21;
    EXPECT_EQ(decode(packet).error(), Refusal::wrong_version);
    packet[40] = 0x31;
    packet[46] = packet[47] = 0;
    const std::uint16_t sum = checksum(std::span(packet).subspan(40));
    packet[46] = static_cast<std::uint8_t>(sum >> 8);
    packet[47] = static_cast<std::uint8_t>(sum);
    EXPECT_EQ(decode(packet).error(), Refusal::wrong_checksum);
}

TEST(Packet, version_3_checksum_can_be_sent_as_the_rfc_has_it) {
    auto instance = lab_instance();
    instance.version = 3;
    const auto packet =
        encode(advert_of(instance, 100), to_group(kLvs01), Ipv4Checksum::message_only);
    EXPECT_EQ(checksum(std::span(packet).subspan(20)), 0);
    EXPECT_TRUE(decode(packet));
}

TEST(Packet, every_captured_advert_is_read_and_keepaliveds_are_written_the_same) {
    for (const char* capture : {"vrrp2-seed.pcap",
                                "vrrp3-100ms.pcap",
                                "frr2-vs-keepalived.pcap",
                                "frr3-vs-keepalived.pcap",
                                "vrrp2-unicast.pcap",
                                "vrrp3-ipv6.pcap"}) {
        ASSERT_FALSE(vrrp_packets_of(capture).empty()) << capture;
        for (const auto& packet : vrrp_packets_of(capture)) {
            const auto received = decode(packet);
            ASSERT_TRUE(received) << capture << ": " << name(received.error());
            constexpr std::uint8_t kDontFragment = 0x40;  // FRR sets it; the rest is alike.
            if (packet[6] != kDontFragment) {
                EXPECT_EQ(encode(received->advert, received->envelope), packet) << capture;
            }
        }
    }
}

TEST(Seal, every_captured_advert_is_read_and_written_the_same) {
    constexpr std::string_view kKey = "secret12";
    const auto packets = vrrp_packets_of("vrrp2-ah.pcap", kProtocolSealed);
    ASSERT_GE(packets.size(), 10U);
    std::uint32_t last = 0;
    for (const kit::Frame& packet : packets) {
        const auto received = decode(packet);
        ASSERT_TRUE(received) << name(received.error());
        EXPECT_EQ(received->advert.authentication_type, kAuthenticationHeader);
        EXPECT_TRUE(seal_holds(packet, kKey));
        EXPECT_FALSE(seal_holds(packet, "secret1"));
        ASSERT_TRUE(received->envelope.sequence);
        EXPECT_GT(*received->envelope.sequence, last) << "whoever is master counts on";
        last = *received->envelope.sequence;
        EXPECT_EQ(seal(encode(received->advert, received->envelope), last, kKey), packet);
    }
}

TEST(Seal, no_single_flipped_bit_goes_unnoticed_but_in_fields_that_routers_change) {
    const auto whole = vrrp_packets_of("vrrp2-ah.pcap", kProtocolSealed).front();
    for (std::size_t bit = 0; bit < 8 * whole.size(); ++bit) {
        auto packet = whole;
        packet[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
        const std::size_t octet = bit / 8;
        const bool mutable_field =
            octet == 1 || octet == 6 || octet == 7 || octet == 10 || octet == 11;
        EXPECT_EQ(decode(packet) && seal_holds(packet, "secret12"),
                  mutable_field && decode(packet).has_value())
            << "bit " << bit;
    }
}

TEST(Seal, no_truncation_is_accepted) {
    const auto whole = vrrp_packets_of("vrrp2-ah.pcap", kProtocolSealed).front();
    for (std::size_t length = 0; length < whole.size(); ++length) {
        const std::span<const std::uint8_t> part = std::span(whole).first(length);
        EXPECT_FALSE(decode(part)) << length;
        EXPECT_FALSE(seal_holds(part, "secret12")) << length;
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
    for (const char* capture : {"vrrp2-seed.pcap", "vrrp3-100ms.pcap", "vrrp3-ipv6.pcap"}) {
        const auto whole = vrrp_packets_of(capture).front();
        for (std::size_t length = 0; length < whole.size(); ++length) {
            const auto cut = std::span(whole).first(length);
            EXPECT_FALSE(decode(cut)) << capture << " cut to " << length;
            // Cut by a sender that says so in its IP header.
            kit::Frame honest(cut.begin(), cut.end());
            const bool ipv6 = whole[0] >> 4 == 6;
            const std::size_t header_bytes = ipv6 ? 40 : 20;
            if (length >= header_bytes) {
                honest[ipv6 ? 5 : 3] = static_cast<std::uint8_t>(ipv6 ? length - 40 : length);
            }
            const auto received = decode(honest);
            ASSERT_FALSE(received) << capture << " cut to " << length;
            EXPECT_EQ(received.error(),
                      length < header_bytes ? Refusal::malformed_ip : Refusal::truncated);
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
    ASSERT_TRUE(addressee_of(packet));
    EXPECT_EQ(addressee_of(packet)->virtual_router_id, 51);
    EXPECT_EQ(addressee_of(packet)->family, model::Family::ipv4);
    EXPECT_FALSE(addressee_of(std::span(packet).first(20)));
}

}  // namespace
}  // namespace fpvs::vrrp
