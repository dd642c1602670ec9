// SPDX-License-Identifier: Apache-2.0
// The peers of the mismatch captures: refused, and in the words of keepalived's log.
#include "host/vrrp/admission.hpp"

#include <gtest/gtest.h>

#include "tests/unit/vrrp/lab_instance.hpp"

namespace fpvs::vrrp {
namespace {

// The first advert of lvs02 in a capture.
Advert peer_advert(const std::string& capture) {
    for (const auto& packet : vrrp_packets_of(capture)) {
        const auto received = decode(packet);
        if (received && received->envelope.source == kLvs02) {
            return received->advert;
        }
    }
    throw std::runtime_error("no advert of lvs02 in " + capture);
}

void expect_refused(const Advert& advert, Refusal refusal, const std::string& words) {
    const auto instance = lab_instance();
    const auto received = from(kLvs02, advert);
    const auto refused = refusal_of(instance, received);
    ASSERT_TRUE(refused);
    EXPECT_EQ(name(*refused), name(refusal));
    EXPECT_EQ(describe(*refused, instance, received), words);
}

TEST(Admission, takes_an_equal_peer) {
    EXPECT_FALSE(refusal_of(lab_instance(), from(kLvs02, peer_advert("vrrp2-seed.pcap"))));
}

TEST(Admission, refuses_another_password) {
    expect_refused(peer_advert("mismatch-auth-pass.pcap"),
                   Refusal::wrong_password,
                   "received an invalid passwd!");
}

TEST(Admission, refuses_another_authentication_type) {
    expect_refused(peer_advert("mismatch-auth-none.pcap"),
                   Refusal::wrong_authentication,
                   "received a 0 auth, expecting 1!");
}

TEST(Admission, refuses_other_addresses) {
    expect_refused(peer_advert("mismatch-vip-list.pcap"),
                   Refusal::wrong_addresses,
                   "ip address associated with VRID 51 not present in MASTER advert");
}

TEST(Admission, refuses_another_interval_in_version_2) {
    auto advert = peer_advert("vrrp2-seed.pcap");
    advert.interval_cs = 200;
    expect_refused(
        advert, Refusal::wrong_interval, "advertisement interval mismatch mine=1 sec rcv'd=2 sec");
}

TEST(Admission, takes_another_interval_in_version_3_but_not_zero) {
    auto instance = lab_instance();
    instance.version = 3;
    auto advert = advert_of(instance, 150);
    advert.interval_cs = 20;
    EXPECT_FALSE(refusal_of(instance, from(kLvs02, advert)));
    advert.interval_cs = 0;
    EXPECT_EQ(refusal_of(instance, from(kLvs02, advert)), Refusal::wrong_interval);
}

TEST(Admission, refuses_another_version) {
    auto advert = peer_advert("vrrp2-seed.pcap");
    advert.version = 3;
    expect_refused(advert, Refusal::wrong_version, "invalid version. Received 3 and expect 2");
}

TEST(Admission, compares_address_lists_as_sets) {
    auto instance = lab_instance();
    instance.addresses.push_back({.address = kLvs02, .prefix_length = 32, .interface = {}});
    auto advert = advert_of(instance, 150);
    std::swap(advert.addresses[0], advert.addresses[1]);
    EXPECT_FALSE(refusal_of(instance, from(kLvs02, advert)));
    advert.addresses[1] = advert.addresses[0];
    EXPECT_EQ(refusal_of(instance, from(kLvs02, advert)), Refusal::wrong_addresses);
    advert.addresses.pop_back();
    EXPECT_EQ(refusal_of(instance, from(kLvs02, advert)), Refusal::wrong_addresses);
}

TEST(Admission, only_eight_octets_of_a_password_count) {
    auto instance = lab_instance();
    instance.password = "12345678";
    const auto advert = advert_of(instance, 150);
    instance.password = "123456789";
    EXPECT_FALSE(refusal_of(instance, from(kLvs02, advert)));
}

TEST(Admission, adverts_to_the_group_must_come_from_the_segment) {
    const auto instance = lab_instance();
    auto received = from(kLvs02, advert_of(instance, 150));
    received.envelope.hop_limit = 254;
    EXPECT_EQ(refusal_of(instance, received), Refusal::wrong_ttl);
    received.envelope = {.source = kLvs02, .destination = kLvs01};
    EXPECT_EQ(refusal_of(instance, received), Refusal::wrong_destination);
}

TEST(Admission, adverts_between_peers_may_come_from_afar_and_from_strangers_if_not_told) {
    auto instance = lab_instance();
    instance.unicast_peers = {kLvs02};
    ReceivedAdvert received{.envelope = {.source = kLvs02, .destination = kLvs01, .hop_limit = 250},
                            .advert = advert_of(instance, 150)};
    EXPECT_FALSE(refusal_of(instance, received));
    received.envelope.source = kVip;
    EXPECT_FALSE(refusal_of(instance, received));
    instance.check_unicast_source = true;
    EXPECT_EQ(refusal_of(instance, received), Refusal::unknown_peer);
    received.envelope = to_group(kLvs02);
    EXPECT_EQ(refusal_of(instance, received), Refusal::wrong_destination);
}

}  // namespace
}  // namespace fpvs::vrrp
