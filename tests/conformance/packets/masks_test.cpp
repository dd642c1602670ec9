// SPDX-License-Identifier: Apache-2.0
// What the comparison of recordings lets pass, and that it lets nothing else pass.
#include "tests/conformance/packets/masks.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/conformance/packets/host_stack.hpp"
#include "tests/conformance/packets/recording.hpp"
#include "tests/kit/pcap_reader.hpp"

namespace fpvs::test {
namespace {

constexpr std::size_t kIp = kEthernetBytes;
constexpr std::size_t kIdentification = kIp + 4;
constexpr std::size_t kChecksum = kIp + 10;
constexpr std::size_t kIpv4Bytes = 20;

std::vector<Frame> recorded(const std::string& name) {
    return kit::read_pcap("tests/data/pkt/" + name + ".pcap");
}

// The first frame of a recording for which the predicate holds.
template <class Predicate>
Frame first_of(const std::string& name, Predicate predicate) {
    for (const Frame& frame : recorded(name)) {
        const auto ip = view_ip(frame);
        if (ip && predicate(*ip)) {
            return frame;
        }
    }
    ADD_FAILURE() << "no such frame in " << name;
    return {};
}

void renew_checksum(Frame& frame) {
    put_be16(frame, kChecksum, 0);
    put_be16(frame, kChecksum, checksum_of(std::span(frame).subspan(kIp, kIpv4Bytes)));
}

Frame with_identification(Frame frame, std::uint16_t identification) {
    put_be16(frame, kIdentification, identification);
    renew_checksum(frame);
    return frame;
}

const std::map<model::Family, model::IpAddress> kTunnelSource = {
    {model::Family::ipv4, *model::parse_address("192.168.113.149")}};

bool is_made_error(const IpView& ip) {
    return ip.is_icmp() && ip.tos == 0xc0;
}

TEST(Masks, the_identification_of_a_made_error_may_differ_and_no_other_byte) {
    Masks masks({});
    const Frame theirs = first_of("no-dest.client-side", is_made_error);
    const Frame ours = with_identification(theirs, 7);
    EXPECT_EQ(masks.adapted(theirs, ours), ours);

    Frame wrong_checksum = ours;
    wrong_checksum[kChecksum] ^= 1;
    EXPECT_NE(masks.adapted(theirs, wrong_checksum), wrong_checksum);
    for (const std::size_t at : {kIp + 1, kIp + 8, kIp + 15, theirs.size() - 1}) {
        Frame other = ours;
        other[at] ^= 1;
        if (at < kIp + kIpv4Bytes) {
            renew_checksum(other);
        }
        EXPECT_NE(masks.adapted(theirs, other), other) << "byte " << at;
    }
}

TEST(Masks, the_identification_of_a_forwarded_packet_may_not_differ) {
    Masks masks(kTunnelSource);
    const Frame theirs =
        first_of("xform-nat-udp.server-side", [](const IpView& ip) { return ip.ttl == 63; });
    const Frame ours = with_identification(theirs, 7);
    EXPECT_NE(masks.adapted(theirs, ours), ours);
}

TEST(Masks, fragments_of_one_packet_share_one_identification) {
    Masks masks(kTunnelSource);
    const auto theirs = recorded("xform-tun-pmtu_disc0-tcp.server-side");
    ASSERT_EQ(theirs.size(), 3U);
    const Frame first = with_identification(theirs[1], 7);
    EXPECT_EQ(masks.adapted(theirs[1], first), first);
    masks.settle(theirs[1], first);
    const Frame same = with_identification(theirs[2], 7);
    const Frame other = with_identification(theirs[2], 8);
    EXPECT_EQ(masks.adapted(theirs[2], same), same);
    EXPECT_NE(masks.adapted(theirs[2], other), other);
}

TEST(Masks, a_gue_port_is_one_of_the_kernels_and_the_checksum_covers_it) {
    Masks masks(kTunnelSource);
    const Frame theirs = first_of("xform-tun-gue-csum-udp.server-side",
                                  [](const IpView& ip) { return ip.protocol == protocol::kUdp; });
    const std::size_t udp = view_ip(theirs)->payload;
    const auto with_port = [&](std::uint16_t port) {
        Frame ours = theirs;
        put_be16(ours, udp, port);
        put_be16(ours, udp + 6, changed_checksum(be16(theirs, udp + 6), be16(theirs, udp), port));
        return ours;
    };
    EXPECT_EQ(masks.adapted(theirs, with_port(40000)), with_port(40000));
    EXPECT_NE(masks.adapted(theirs, with_port(1024)), with_port(1024));
    Frame stale = with_port(40000);
    put_be16(stale, udp + 6, be16(theirs, udp + 6));
    EXPECT_NE(masks.adapted(theirs, stale), stale);
}

TEST(HostStack, only_answers_to_what_was_handed_over_are_its_own) {
    const auto frames = recorded("no-dest.client-side");
    HostStack host;
    host.own(*model::parse_address("10.0.0.100"));
    std::vector<Frame> answers;
    std::copy_if(frames.begin(), frames.end(), std::back_inserter(answers), [](const Frame& frame) {
        return source_mac(frame) == *model::parse_mac("02:00:00:00:00:d0");
    });
    for (const Frame& answer : answers) {
        EXPECT_FALSE(host.explains(answer));
    }
    for (const Frame& frame : frames) {
        if (destination_mac(frame) == *model::parse_mac("02:00:00:00:00:d0")) {
            host.handed_over(frame);
        }
    }
    for (const Frame& answer : answers) {
        const auto ip = view_ip(answer);
        const bool to_tcp = ip->is_icmp() && answer[ip->payload + 8 + 9] == protocol::kTcp;
        // The kernel's own stack resets a connection; "port unreachable" to a SYN is IPVS's.
        EXPECT_EQ(host.explains(answer), !to_tcp) << describe(answer);
        EXPECT_FALSE(host.explains(answer)) << "one answer to each";
    }
}

TEST(Restored, rewritten_fragments_are_put_back_as_they_came) {
    const auto recordings = load_recordings(
        "tests/data/pkt",
        {*model::parse_mac("02:00:00:00:00:d0"), *model::parse_mac("02:00:00:00:00:d1")});
    const auto found = std::find_if(recordings.begin(), recordings.end(), [](const auto& one) {
        return one.name == "frag-nat";
    });
    ASSERT_NE(found, recordings.end());
    EXPECT_EQ(found->restored, 3U);
    for (const RecordedFrame& frame : found->frames[index(Side::client)]) {
        const auto ip = view_ip(frame.bytes);
        EXPECT_TRUE(frame.entered);
        EXPECT_EQ(ip->ttl, 64);
        EXPECT_EQ(to_string(ip->destination), "10.0.0.100");
        EXPECT_EQ(checksum_of(std::span(frame.bytes).subspan(kIp, kIpv4Bytes)), 0);
    }
}

}  // namespace
}  // namespace fpvs::test
