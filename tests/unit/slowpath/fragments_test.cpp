// SPDX-License-Identifier: Apache-2.0
// Packets in pieces: made whole, and cut again.
#include <gtest/gtest.h>

#include <numeric>
#include <random>

#include "host/slowpath/fragmentation.hpp"
#include "host/slowpath/nat.hpp"
#include "host/slowpath/reassembly.hpp"
#include "host/slowpath/tunnel.hpp"
#include "tests/kit/ipv6_frames.hpp"
#include "tests/unit/slowpath/packets.hpp"

namespace fpvs::slowpath {
namespace {

using namespace std::chrono_literals;
using Kind = ParsedFrame::Kind;

constexpr std::size_t kIp = ethernet::kHeaderBytes;
constexpr std::size_t kWholeFrames = 8;

rte_mempool& whole_pool() {
    static rte_mempool* const pool =
        dpdk::make_frame_pool({.name = "whole",
                               .frames = kWholeFrames,
                               .frame_bytes_max = kReassembledBytesMax + ethernet::kHeaderBytes +
                                                  ethernet::kVlanTagBytes})
            ->release();
    return *pool;
}

class Fragments : public ::testing::Test {
  protected:
    ~Fragments() override { EXPECT_EQ(rte_mempool_in_use_count(&whole_pool()), 0U); }

    // The whole packet, if these bytes complete it.
    WholePacket add(const kit::Bytes& bytes) {
        TestFrame test(bytes);
        EXPECT_EQ(test.parsed.kind, Kind::fragment);
        return reassembler.add(*test.frame.release(), test.parsed, now);
    }
    [[nodiscard]] std::uint64_t count(Outcome outcome) const { return counters[outcome].frames; }

    // The frame in pieces.
    static std::vector<kit::Bytes> cut(const kit::Bytes& bytes,
                                       std::size_t bytes_max,
                                       std::uint32_t identification = 7) {
        TestFrame test(bytes);
        return cut(test, bytes_max, identification);
    }
    static std::vector<kit::Bytes> cut(TestFrame& test,
                                       std::size_t bytes_max,
                                       std::uint32_t identification = 7) {
        std::array<rte_mbuf*, kFragmentsMax> fragments{};
        const std::size_t made =
            fragment(test.mbuf(), test.parsed, bytes_max, identification, test_pool(), fragments);
        if (made != 0) {
            (void)test.frame.release();
        }
        std::vector<kit::Bytes> pieces;
        for (rte_mbuf* piece : std::span(fragments).first(made)) {
            pieces.push_back(kit::bytes_of(*piece));
            rte_pktmbuf_free(piece);
        }
        return pieces;
    }
    static kit::Bytes udp(std::size_t payload, std::size_t options = 0) {
        return kit::make_frame({.protocol = ip_protocol::kUdp,
                                .fragment = 0,
                                .options_bytes = options,
                                .payload_bytes = payload});
    }

    Counters counters;
    Reassembler reassembler{whole_pool(), counters};
    provider::Nanoseconds now = 100s;
};

// What the client sent.  The kernel that recorded it shared its buffers with the capture, so that
// later fragments show how they left.
std::vector<kit::Bytes> received_fragments(const std::string& name) {
    const kit::Bytes link = recorded(name + ".client-side", kClientMac).front();
    std::vector<kit::Bytes> frames = kit::read_pcap("tests/data/pkt/" + name + ".client-side.pcap");
    for (kit::Bytes& frame : frames) {
        std::copy_n(link.begin(), ethernet::kHeaderBytes, frame.begin());
        frame[kIp + ipv4::kTtl] = 64;
        store_be32(&frame[kIp + ipv4::kDestination], address("10.0.0.100").ipv4().value);
        kit::patch16(frame, kIp + ipv4::kChecksum, 0);
        kit::patch16(frame, kIp + ipv4::kChecksum, checksum(std::span(frame).subspan(kIp, 20)));
    }
    return frames;
}

// The director's whole way: reassembled, changed, cut again, in a new link header.
template <class Change>
void replay(const std::string& name,
            Reassembler& reassembler,
            Change&& change,
            std::vector<kit::Bytes>& sent) {
    for (const kit::Bytes& bytes : received_fragments(name)) {
        TestFrame piece(bytes);
        ASSERT_EQ(piece.parsed.kind, Kind::fragment);
        const WholePacket whole = reassembler.add(*piece.frame.release(), piece.parsed, 100s);
        if (whole.frame == nullptr) {
            continue;
        }
        EXPECT_EQ(whole.fragment_bytes_max, 1500);
        ParsedFrame parsed;
        parse({bytes_at(*whole.frame, 0), whole.frame->data_len}, 0, parsed);
        ASSERT_EQ(parsed.kind, Kind::transport);
        decrement_hop_limit(*whole.frame, parsed);
        change(*whole.frame, parsed);
        ASSERT_TRUE(replace_link_header(
            *whole.frame, static_cast<PacketLayout&>(parsed), link_to_server()));
        std::array<rte_mbuf*, kFragmentsMax> fragments{};
        const std::size_t made = fragment(*whole.frame,
                                          parsed,
                                          fragment_bytes(parsed, 1500, whole.fragment_bytes_max),
                                          0,
                                          test_pool(),
                                          fragments);
        ASSERT_NE(made, 0U);
        for (rte_mbuf* fresh : std::span(fragments).first(made)) {
            sent.push_back(kit::bytes_of(*fresh));
            rte_pktmbuf_free(fresh);
        }
    }
}

TEST_F(Fragments, of_direct_routing_are_what_ipvs_sends) {
    std::vector<kit::Bytes> sent;
    replay("frag-dr", reassembler, [](rte_mbuf&, ParsedFrame&) {}, sent);
    expect_same_frames(sent, recorded("frag-dr.server-side", kDirectorServerMac));
    EXPECT_EQ(count(Outcome::reassembled), 9U);
}

TEST_F(Fragments, of_nat_are_what_ipvs_sends) {
    std::vector<kit::Bytes> sent;
    replay(
        "frag-nat",
        reassembler,
        [](rte_mbuf& frame, ParsedFrame& parsed) {
            translate(frame,
                      parsed,
                      {.source_address = parsed.packet.source_address,
                       .source_port = parsed.packet.source_port,
                       .destination_address = address("192.168.113.15"),
                       .destination_port = 8080});
        },
        sent);
    expect_same_frames(sent, recorded("frag-nat.server-side", kDirectorServerMac));
}

// The outer headers' identification is the kernel's counter, one more for each packet.
TEST_F(Fragments, of_tunnels_are_what_ipvs_sends) {
    std::vector<kit::Bytes> sent;
    std::uint16_t identification = 0xe26b;
    const TunnelHeader header({}, address("192.168.113.149"), address("192.168.113.15"));
    replay(
        "frag-tun",
        reassembler,
        [&](rte_mbuf& frame, ParsedFrame& parsed) {
            EXPECT_TRUE(encapsulate(frame, parsed, header, true, identification));
        },
        sent);
    expect_same_frames(sent, recorded("frag-tun.server-side", kDirectorServerMac));
}

// IPVS lets a tunnel's outer header be fragmented where the packet may be.
TEST_F(Fragments, a_tunnel_packet_over_the_mtu_leaves_in_fragments_as_ipvs_sends_it) {
    const auto client = recorded("xform-tun-pmtu_disc0-tcp.client-side", kClientMac);
    const auto server = recorded("xform-tun-pmtu_disc0-tcp.server-side", kDirectorServerMac);
    ASSERT_EQ(server.size(), 3U);
    TestFrame test(client[1]);
    const TunnelHeader header({}, address("192.168.113.149"), address("192.168.113.15"));
    std::uint16_t identification = load_be16(&server[1][kIp + ipv4::kIdentification]);
    decrement_hop_limit(test.mbuf(), test.parsed);
    ASSERT_TRUE(encapsulate(test.mbuf(), test.parsed, header, false, identification));
    ASSERT_TRUE(replace_link_header(test.mbuf(), test.parsed, link_to_server()));
    expect_same_frames(cut(test, 1500), {server[1], server[2]});
}

TEST_F(Fragments, of_any_size_and_order_make_the_packet_again) {
    constexpr std::uint32_t kSeed = 99;
    std::mt19937 random(kSeed);
    for (int i = 0; i < 400; ++i) {
        const std::size_t payload = 100 + random() % 1700;
        const std::size_t options = random() % 3 * 8;
        const bool ipv4 = random() % 2 == 0;
        const kit::Bytes bytes = ipv4 ? udp(payload, options)
                                      : kit::ipv6_frame({.protocol = ip_protocol::kUdp,
                                                         .payload_bytes = payload,
                                                         .options_bytes = options});
        const std::size_t bytes_max = 120 + random() % 1000;
        std::vector<kit::Bytes> pieces = cut(bytes, bytes_max, random());
        if (pieces.size() < 2) {
            continue;
        }
        for (const kit::Bytes& piece : pieces) {
            ASSERT_LE(piece.size(), kIp + bytes_max);
        }
        const std::size_t longest = std::max(pieces.front().size(), pieces.back().size()) - kIp;
        std::shuffle(pieces.begin(), pieces.end(), random);
        for (std::size_t k = 0; k + 1 < pieces.size(); ++k) {
            ASSERT_EQ(add(pieces[k]).frame, nullptr);
            ASSERT_EQ(add(pieces[k]).frame, nullptr) << "a duplicate";
        }
        const WholePacket whole = add(pieces.back());
        ASSERT_NE(whole.frame, nullptr) << "seed " << kSeed << ", packet " << i;
        EXPECT_EQ(kit::bytes_of(*whole.frame), bytes)
            << kit::frame_diff(bytes, kit::bytes_of(*whole.frame));
        EXPECT_EQ(whole.fragment_bytes_max, longest);
        rte_pktmbuf_free(whole.frame);
    }
    EXPECT_EQ(reassembler.waiting(), 0U);
    EXPECT_EQ(reassembler.fragments_held(), 0U);
    EXPECT_GT(count(Outcome::fragment_duplicate), 0U);
}

// RFC 5722: what overlaps is an attack, and ends the packet; what comes later is of another.
TEST_F(Fragments, that_overlap_end_their_packet) {
    const kit::Bytes bytes = udp(1000);
    const std::vector<kit::Bytes> pieces = cut(bytes, 420);
    ASSERT_EQ(pieces.size(), 3U);
    const std::vector<kit::Bytes> others = cut(bytes, 320);
    EXPECT_EQ(add(pieces[0]).frame, nullptr);
    EXPECT_EQ(add(others[1]).frame, nullptr) << "a part of it is there";
    EXPECT_EQ(count(Outcome::fragment_overlap), 2U) << "all pieces of the packet";
    EXPECT_EQ(reassembler.waiting(), 0U);
    EXPECT_EQ(add(pieces[1]).frame, nullptr);
    EXPECT_EQ(add(pieces[2]).frame, nullptr);
    EXPECT_EQ(reassembler.waiting(), 1U);
    now += kIpv4ReassemblyTime;
    reassembler.expire(now);
    EXPECT_EQ(count(Outcome::fragment_timeout), 2U);
    EXPECT_EQ(rte_mempool_in_use_count(&test_pool()), 0U);
}

// Whatever pieces of two packets of one identification arrive, what comes out is never a mixture.
TEST_F(Fragments, never_make_a_packet_that_nobody_sent) {
    constexpr std::uint32_t kSeed = 5;
    std::mt19937 random(kSeed);
    int made = 0;
    for (int i = 0; i < 300; ++i) {
        const kit::Bytes bytes = udp(700);
        const std::vector<std::vector<kit::Bytes>> cuts = {cut(bytes, 100 + random() % 300),
                                                           cut(bytes, 100 + random() % 300)};
        for (int k = 0; k < 30; ++k) {
            const auto& pieces = cuts[random() % 2];
            const WholePacket whole = add(pieces[random() % pieces.size()]);
            if (whole.frame != nullptr) {
                ++made;
                ASSERT_EQ(kit::bytes_of(*whole.frame), bytes);
                rte_pktmbuf_free(whole.frame);
            }
        }
        now += kIpv4ReassemblyTime;
        reassembler.expire(now);
        ASSERT_EQ(reassembler.fragments_held(), 0U);
    }
    EXPECT_GT(made, 10);
}

TEST_F(Fragments, that_disagree_about_the_end_end_their_packet) {
    const std::vector<kit::Bytes> pieces = cut(udp(1000), 420);
    const std::vector<kit::Bytes> shorter = cut(udp(900), 420);
    (void)add(pieces[2]);
    (void)add(shorter[2]);
    EXPECT_EQ(count(Outcome::fragment_conflict), 2U);
    (void)add(pieces[1]);
    kit::Bytes last = pieces[0];
    kit::patch16(last, kIp + ipv4::kFragment, 1);  // An end before what is there.
    kit::patch16(last, kIp + ipv4::kChecksum, 0);
    kit::patch16(last, kIp + ipv4::kChecksum, checksum(std::span(last).subspan(kIp, 20)));
    (void)add(last);
    EXPECT_EQ(count(Outcome::fragment_conflict), 4U);
}

kit::Bytes hand_made(std::uint16_t word, std::size_t payload, std::uint8_t tos = 0) {
    return kit::make_frame(
        {.protocol = ip_protocol::kUdp, .tos = tos, .fragment = word, .payload_bytes = payload});
}

TEST_F(Fragments, of_impossible_lengths_are_refused) {
    (void)add(hand_made(ipv4::kMoreFragments, 1));
    kit::Bytes empty = hand_made(4, 0);
    kit::patch16(empty, kIp + ipv4::kTotalLength, 20);
    kit::patch16(empty, kIp + ipv4::kChecksum, 0);
    kit::patch16(empty, kIp + ipv4::kChecksum, checksum(std::span(empty).subspan(kIp, 20)));
    (void)add(empty);
    EXPECT_EQ(count(Outcome::fragment_length), 2U);
    (void)add(hand_made(0x1fff, 992));  // Beyond 65,535 bytes: "the ping of death".
    EXPECT_EQ(count(Outcome::fragment_too_long), 1U);
    EXPECT_EQ(reassembler.waiting(), 0U);
}

TEST_F(Fragments, in_too_many_pieces_are_given_up) {
    for (std::uint16_t i = 0; i <= kFragmentsPerDatagramMax; ++i) {
        (void)add(hand_made(static_cast<std::uint16_t>(ipv4::kMoreFragments | (2 * i)), 0));
    }
    EXPECT_EQ(count(Outcome::fragment_pieces), kFragmentsPerDatagramMax + 1);
    EXPECT_EQ(reassembler.waiting(), 0U);
}

TEST_F(Fragments, without_room_are_refused_and_those_there_go_on) {
    const std::vector<kit::Bytes> mine = cut(udp(1000), 620);
    (void)add(mine[0]);
    std::size_t taken = 1;
    for (std::uint32_t i = 0; count(Outcome::fragment_table) == 0; ++i) {
        kit::Bytes other = hand_made(ipv4::kMoreFragments, 0);
        store_be32(&other[kIp + ipv4::kSource], 0x0b000000 + i);
        kit::patch16(other, kIp + ipv4::kChecksum, 0);
        kit::patch16(other, kIp + ipv4::kChecksum, checksum(std::span(other).subspan(kIp, 20)));
        (void)add(other);
        ASSERT_LE(++taken, kFragmentsHeldMax + 1);
        if (rte_mempool_avail_count(&test_pool()) < 8) {
            break;  // The test's pool is as small as the limit.
        }
    }
    const WholePacket whole = add(mine[1]);
    ASSERT_NE(whole.frame, nullptr);
    rte_pktmbuf_free(whole.frame);
}

// RFC 3168 5.3.
TEST_F(Fragments, keep_the_mark_of_congestion) {
    (void)add(hand_made(ipv4::kMoreFragments, 8, 2));
    const WholePacket whole = add(hand_made(2, 8, 3));
    ASSERT_NE(whole.frame, nullptr);
    EXPECT_EQ(*bytes_at(*whole.frame, kIp + ipv4::kTos), 3);
    EXPECT_EQ(ones_sum({bytes_at(*whole.frame, kIp), 20}), 0xffff);
    rte_pktmbuf_free(whole.frame);
    (void)add(hand_made(ipv4::kMoreFragments, 8, 0));
    EXPECT_EQ(add(hand_made(2, 8, 3)).frame, nullptr);
    EXPECT_EQ(count(Outcome::fragment_conflict), 2U);
}

// The longest fragment may not be fragmented further: nor may the packet.
TEST_F(Fragments, keep_do_not_fragment) {
    constexpr std::uint16_t kMore = ipv4::kMoreFragments | ipv4::kDontFragment;
    (void)add(hand_made(kMore, 8));
    WholePacket whole = add(hand_made(2 | ipv4::kDontFragment, 8));
    ASSERT_NE(whole.frame, nullptr);
    EXPECT_EQ(load_be16(bytes_at(*whole.frame, kIp + ipv4::kFragment)), ipv4::kDontFragment);
    rte_pktmbuf_free(whole.frame);
    (void)add(hand_made(ipv4::kMoreFragments, 16));
    whole = add(hand_made(3 | ipv4::kDontFragment, 8));
    ASSERT_NE(whole.frame, nullptr);
    EXPECT_EQ(load_be16(bytes_at(*whole.frame, kIp + ipv4::kFragment)), 0);
    rte_pktmbuf_free(whole.frame);
}

TEST_F(Fragments, repeat_only_the_options_that_are_to_be_copied) {
    kit::Bytes bytes = udp(200, 12);
    // Record route (not copied), no-operation, router alert (copied), end.
    const kit::Bytes options = {7, 3, 4, 1, 148, 4, 0, 0, 1, 1, 1, 0};
    std::copy(options.begin(), options.end(), bytes.begin() + kIp + 20);
    kit::patch16(bytes, kIp + ipv4::kChecksum, 0);
    kit::patch16(bytes, kIp + ipv4::kChecksum, checksum(std::span(bytes).subspan(kIp, 32)));
    const std::vector<kit::Bytes> pieces = cut(bytes, 100);
    ASSERT_GE(pieces.size(), 3U);
    const kit::Bytes blanked = {1, 1, 1, 1, 148, 4, 0, 0, 1, 1, 1, 0};
    for (std::size_t i = 0; i < pieces.size(); ++i) {
        const kit::Bytes found(pieces[i].begin() + kIp + 20, pieces[i].begin() + kIp + 32);
        EXPECT_EQ(found, i == 0 ? options : blanked) << i;
        EXPECT_EQ(ones_sum(std::span(pieces[i]).subspan(kIp, 32)), 0xffff);
    }
}

TEST_F(Fragments, of_ipv6_repeat_what_routers_on_the_way_read) {
    // Destination options may go behind the fragment header; hop-by-hop options may not.
    kit::Bytes bytes = kit::ipv6_frame({.payload_bytes = 300, .options_bytes = 8});
    bytes[kIp + ipv6::kNextHeader] = ip_protocol::kHopByHop;
    for (const kit::Bytes& piece : cut(bytes, 200, 0x01020304)) {
        EXPECT_EQ(piece[kIp + ipv6::kNextHeader], ip_protocol::kHopByHop);
        EXPECT_EQ(piece[kIp + 40], ip_protocol::kFragment);
        EXPECT_EQ(piece[kIp + 48], ip_protocol::kTcp);
        EXPECT_EQ(load_be32(&piece[kIp + 48 + fragment_header::kIdentification]), 0x01020304U);
        EXPECT_EQ(load_be16(&piece[kIp + ipv6::kPayloadLength]), piece.size() - kIp - 40);
    }
}

TEST_F(Fragments, of_ipv6_fragments_are_refused) {
    const std::vector<kit::Bytes> inner =
        cut(kit::ipv6_frame({.protocol = ip_protocol::kUdp, .payload_bytes = 600}), 400, 1);
    ASSERT_EQ(inner.size(), 2U);
    // The first fragment, cut again: cut() takes its fragment header for payload.
    TestFrame nested(inner[0]);
    nested.parsed.transport_offset = kIp + ipv6::kHeaderBytes;
    for (const kit::Bytes& piece : cut(nested, 200, 2)) {
        EXPECT_EQ(add(piece).frame, nullptr);
    }
    EXPECT_EQ(count(Outcome::fragment_conflict), 3U);
    EXPECT_EQ(reassembler.waiting(), 0U);
}

TEST_F(Fragments, are_not_made_where_that_cannot_be_done) {
    const kit::Bytes bytes = udp(1400);
    EXPECT_TRUE(cut(bytes, 20).empty()) << "no room for payload";
    EXPECT_TRUE(cut(bytes, 28).empty()) << "too many";
    EXPECT_EQ(cut(bytes, 1428).size(), 1U);
}

TEST(fragment_bytes, are_no_longer_than_what_came) {
    const PacketLayout ipv4{.family = model::Family::ipv4};
    const PacketLayout ipv6{.family = model::Family::ipv6};
    EXPECT_EQ(fragment_bytes(ipv4, 1500, 0), 1500U);
    EXPECT_EQ(fragment_bytes(ipv4, 1500, 9000), 1500U);
    EXPECT_EQ(fragment_bytes(ipv4, 1500, 576), 576U);
    EXPECT_EQ(fragment_bytes(ipv6, 1500, 576), 1280U);
}

TEST_F(Fragments, hostile_ones_leave_nothing_behind) {
    constexpr std::uint32_t kSeed = 3;
    std::mt19937 random(kSeed);
    for (int i = 0; i < 50'000; ++i) {
        const bool ipv4 = random() % 2 == 0;
        const std::size_t payload = random() % 40;
        const auto word = static_cast<std::uint16_t>(random() % 8 | (random() % 2) << 13);
        kit::Bytes bytes = hand_made(word, payload);
        if (!ipv4) {
            bytes = kit::ipv6_frame({.payload_bytes = payload, .options_bytes = 8});
            bytes[kIp + ipv6::kNextHeader] = ip_protocol::kFragment;
            kit::patch16(bytes, kIp + 42, static_cast<std::uint16_t>(random() % 64));
        }
        TestFrame test(bytes);
        if (test.parsed.kind != Kind::fragment) {
            continue;
        }
        const WholePacket whole = reassembler.add(*test.frame.release(), test.parsed, now);
        if (whole.frame != nullptr) {
            ParsedFrame parsed;
            parse({bytes_at(*whole.frame, 0), whole.frame->data_len}, 0, parsed);
            ASSERT_NE(parsed.outcome, Outcome::ip_length);
            rte_pktmbuf_free(whole.frame);
        }
        now += 100ms;
        reassembler.expire(now);
    }
    now += kIpv6ReassemblyTime;
    reassembler.expire(now);
    EXPECT_EQ(reassembler.waiting(), 0U);
    EXPECT_EQ(reassembler.fragments_held(), 0U);
    EXPECT_EQ(rte_mempool_in_use_count(&test_pool()), 0U);
}

}  // namespace
}  // namespace fpvs::slowpath
