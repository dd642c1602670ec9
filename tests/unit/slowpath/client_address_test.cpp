// SPDX-License-Identifier: Apache-2.0
// What servers behind FULLNAT are told about their clients.
#include <gtest/gtest.h>

#include <random>

#include "host/slowpath/proxy_v2.hpp"
#include "host/slowpath/sequence_shift.hpp"
#include "host/slowpath/toa.hpp"
#include "tests/kit/ipv6_frames.hpp"
#include "tests/unit/slowpath/packets.hpp"

namespace fpvs::slowpath {
namespace {

using Kind = ParsedFrame::Kind;

// A TCP packet with these options and payload, right in all checksums.
kit::Bytes tcp_packet(bool ipv4, const kit::Bytes& options, std::size_t payload) {
    const std::size_t ports_and_rest = options.size() + payload;
    kit::Bytes bytes =
        ipv4 ? kit::make_frame({.flags = kit::tcp::kAck, .payload_bytes = ports_and_rest})
             : kit::ipv6_frame({.payload_bytes = ports_and_rest});
    const std::size_t segment = ipv4 ? 34 : 54;
    bytes[segment + tcp::kDataOffset] = static_cast<std::uint8_t>((20 + options.size()) / 4 << 4);
    bytes[segment + tcp::kFlags] = kit::tcp::kAck;
    std::copy(
        options.begin(), options.end(), bytes.begin() + static_cast<std::ptrdiff_t>(segment + 20));
    return with_transport_checksum(bytes);
}

void expect_right(const TestFrame& test) {
    ParsedFrame fresh;
    parse({bytes_at(test.mbuf(), 0), test.frame->data_len}, 0, fresh);
    ASSERT_EQ(fresh.kind, Kind::transport);
    EXPECT_EQ(fresh.ip_length, test.parsed.ip_length);
    EXPECT_EQ(fresh.transport_offset, test.parsed.transport_offset);
    EXPECT_EQ(test.frame->data_len, fresh.ip_offset + fresh.ip_length);
    EXPECT_EQ(transport_sum(test.bytes(), fresh), 0xffff);
}

TEST(toa, is_the_first_option_in_dpvs_form) {
    const kit::Bytes timestamps = {1, 1, 8, 10, 1, 2, 3, 4, 5, 6, 7, 8};
    const kit::Bytes before = tcp_packet(true, timestamps, 5);
    TestFrame test(before);
    ASSERT_TRUE(insert_toa(test.mbuf(), test.parsed, address("203.0.113.9"), 4660));
    expect_right(test);
    const kit::Bytes after = test.bytes();
    ASSERT_EQ(after.size(), before.size() + toa_bytes(model::Family::ipv4));
    EXPECT_EQ(kit::Bytes(after.begin() + 54, after.begin() + 62),
              (kit::Bytes{254, 8, 0x12, 0x34, 203, 0, 113, 9}));
    EXPECT_TRUE(std::equal(after.begin() + 62, after.end(), before.begin() + 54, before.end()))
        << "the other options and the payload";
    EXPECT_EQ(after[34 + tcp::kDataOffset] >> 4, 5 + 3 + 2);
    EXPECT_EQ(after[34 + tcp::kFlags], kit::tcp::kAck);
}

TEST(toa, of_ipv6_has_the_same_kind_and_20_bytes) {
    TestFrame test(tcp_packet(false, {}, 0));
    ASSERT_TRUE(insert_toa(test.mbuf(), test.parsed, address("2001:db8::9"), 4660));
    expect_right(test);
    const kit::Bytes after = test.bytes();
    EXPECT_EQ(kit::Bytes(after.begin() + 74, after.begin() + 94),
              (kit::Bytes{254, 20, 0x12, 0x34, 0x20, 0x01, 0x0d, 0xb8, 0, 0,
                          0,   0,  0,    0,    0,    0,    0,    0,    0, 9}));
}

TEST(toa, goes_in_only_where_there_is_room) {
    for (const bool ipv4 : {true, false}) {
        for (std::size_t words = 0; words <= 10; ++words) {
            for (const char* client : {"203.0.113.9", "2001:db8::9"}) {
                const kit::Bytes before = tcp_packet(ipv4, kit::Bytes(words * 4, 1), 3);
                TestFrame test(before);
                const std::size_t size = toa_bytes(address(client).family);
                const bool fits = 20 + words * 4 + size <= 60;
                EXPECT_EQ(insert_toa(test.mbuf(), test.parsed, address(client), 1), fits);
                if (fits) {
                    expect_right(test);
                } else {
                    EXPECT_EQ(test.bytes(), before);
                }
            }
        }
    }
}

TEST(proxy_v2, has_the_bytes_of_its_specification) {
    const ProxyHeader ipv4(address("203.0.113.9"), 0x1234, address("10.0.0.100"), 80);
    const kit::Bytes expected = {0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 'Q', 'U', 'I',
                                 'T',  0x0a, 0x21, 0x11, 0,    12,   203,  0,   113, 9,
                                 10,   0,    0,    100,  0x12, 0x34, 0,    80};
    EXPECT_EQ(kit::Bytes(ipv4.bytes().begin(), ipv4.bytes().end()), expected);
    EXPECT_EQ(proxy_header_bytes(model::Family::ipv4), expected.size());

    const ProxyHeader ipv6(address("2001:db8::9"), 0x1234, address("fd00:c::100"), 443);
    ASSERT_EQ(ipv6.bytes().size(), 52U);
    EXPECT_EQ(ipv6.bytes()[13], 0x21);
    EXPECT_EQ(ipv6.bytes()[15], 36);
    EXPECT_EQ(load_ipv6(&ipv6.bytes()[16]), address("2001:db8::9").ipv6());
    EXPECT_EQ(load_ipv6(&ipv6.bytes()[32]), address("fd00:c::100").ipv6());
    EXPECT_EQ(load_be16(&ipv6.bytes()[48]), 0x1234);
    EXPECT_EQ(load_be16(&ipv6.bytes()[50]), 443);
}

TEST(proxy_v2, comes_before_the_payload) {
    const ProxyHeader header(address("203.0.113.9"), 30000, address("10.0.0.100"), 80);
    for (const std::size_t payload : {0, 1, 100, 1201}) {
        const kit::Bytes before = tcp_packet(true, kit::Bytes(12, 1), payload);
        TestFrame test(before);
        ASSERT_TRUE(insert_proxy_header(test.mbuf(), test.parsed, header));
        expect_right(test);
        const kit::Bytes after = test.bytes();
        ASSERT_EQ(after.size(), before.size() + 28);
        EXPECT_TRUE(std::equal(header.bytes().begin(), header.bytes().end(), after.begin() + 66));
        EXPECT_TRUE(std::equal(after.begin() + 94, after.end(), before.begin() + 66, before.end()));
        EXPECT_EQ(load_be32(&after[38]), load_be32(&before[38])) << "the sequence number";
    }
}

constexpr SequenceShift kShift{.first = 0xfffffff0, .bytes = 28};

std::uint32_t to_server(std::uint32_t number, bool has_inserted = false) {
    kit::Bytes bytes = tcp_packet(true, {}, 4);
    store_be32(&bytes[34 + tcp::kSequence], number);
    TestFrame test(with_transport_checksum(bytes));
    shift_to_server(test.mbuf(), test.parsed, kShift, has_inserted);
    expect_right(test);
    return load_be32(bytes_at(test.mbuf(), 34 + tcp::kSequence));
}

TEST(sequence_shift, moves_what_the_client_sends_after_the_inserted_bytes) {
    EXPECT_EQ(to_server(0xffffffef), 0xffffffefU) << "the SYN, or a probe";
    EXPECT_EQ(to_server(0xfffffff0, true), 0xfffffff0U) << "has them";
    EXPECT_EQ(to_server(0xfffffff0), 0xfffffff0U + 28);
    EXPECT_EQ(to_server(5), 33U) << "numbers wrap";
}

// The server's acknowledgement with two SACK blocks, the options at an odd distance.
std::vector<std::uint32_t> to_client(std::uint32_t acknowledged,
                                     std::uint32_t edge,
                                     std::size_t before) {
    kit::Bytes options(before, 1);
    options.insert(options.end(), {5, 18});
    options.resize(before + 18);
    for (std::size_t i = 0; i < 4; ++i) {
        store_be32(&options[before + 2 + 4 * i], edge + static_cast<std::uint32_t>(10 * i));
    }
    options.resize((options.size() + 3) / 4 * 4);
    kit::Bytes bytes = tcp_packet(true, options, 4);
    store_be32(&bytes[34 + tcp::kAcknowledgement], acknowledged);
    TestFrame test(with_transport_checksum(bytes));
    shift_to_client(test.mbuf(), test.parsed, kShift);
    expect_right(test);
    std::vector<std::uint32_t> numbers = {
        load_be32(bytes_at(test.mbuf(), 34 + tcp::kAcknowledgement))};
    for (std::size_t i = 0; i < 4; ++i) {
        numbers.push_back(load_be32(bytes_at(test.mbuf(), 34 + 20 + before + 2 + 4 * i)));
    }
    return numbers;
}

TEST(sequence_shift, hides_the_inserted_bytes_from_the_client) {
    for (const std::size_t before : {0, 1, 2, 3}) {
        EXPECT_EQ(to_client(0xfffffff0, 0xffffff00, before),
                  (std::vector<std::uint32_t>{
                      0xfffffff0, 0xffffff00, 0xffffff0a, 0xffffff14, 0xffffff1e}));
        EXPECT_EQ(to_client(0xfffffff5, 100, before),
                  (std::vector<std::uint32_t>{0xfffffff0, 72, 82, 92, 102}))
            << "a part of them is none";
        EXPECT_EQ(to_client(12, 0xffffffff, before),
                  (std::vector<std::uint32_t>{
                      0xfffffff0, 0xfffffff0, 0xfffffff0, 0xfffffff7, 0x00000001}));
    }
}

TEST(sequence_shift, survives_hostile_options) {
    constexpr std::uint32_t kSeed = 17;
    std::mt19937 random(kSeed);
    for (int i = 0; i < 20'000; ++i) {
        kit::Bytes options(4 * (random() % 11));
        for (std::uint8_t& byte : options) {
            byte = static_cast<std::uint8_t>(random() % 3 == 0 ? 5 : random() % 24);
        }
        TestFrame test(tcp_packet(true, options, 0));
        const kit::Bytes before = test.bytes();
        shift_to_client(test.mbuf(), test.parsed, kShift);
        const kit::Bytes after = test.bytes();
        ASSERT_TRUE(std::equal(before.begin(), before.begin() + 42, after.begin()));
        expect_right(test);
    }
}

}  // namespace
}  // namespace fpvs::slowpath
