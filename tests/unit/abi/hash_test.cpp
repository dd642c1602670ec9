// SPDX-License-Identifier: Apache-2.0
#include "hw/abi/hash.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <set>
#include <vector>

#include "hw/abi/entries.hpp"
#include "hw/abi/record.hpp"

namespace fpvs::abi {
namespace {

// SipHash as its paper writes it, with any number of rounds: a second opinion on the unrolled form
// that the card computes.
std::uint64_t siphash_by_the_paper(HashKey key,
                                   const std::vector<std::uint64_t>& words,
                                   int c,
                                   int d) {
    const auto rotl = [](std::uint64_t x, int b) { return x << b | x >> (64 - b); };
    std::uint64_t v0 = key.low ^ 0x736f6d6570736575u;
    std::uint64_t v1 = key.high ^ 0x646f72616e646f6du;
    std::uint64_t v2 = key.low ^ 0x6c7967656e657261u;
    std::uint64_t v3 = key.high ^ 0x7465646279746573u;
    const auto rounds = [&](int count) {
        for (int i = 0; i < count; ++i) {
            v0 += v1, v1 = rotl(v1, 13), v1 ^= v0, v0 = rotl(v0, 32);
            v2 += v3, v3 = rotl(v3, 16), v3 ^= v2;
            v0 += v3, v3 = rotl(v3, 21), v3 ^= v0;
            v2 += v1, v1 = rotl(v1, 17), v1 ^= v2, v2 = rotl(v2, 32);
        }
    };
    std::vector<std::uint64_t> blocks = words;
    blocks.push_back(static_cast<std::uint64_t>(8 * words.size()) << 56);
    for (const std::uint64_t block : blocks) {
        v3 ^= block;
        rounds(c);
        v0 ^= block;
    }
    v2 ^= 0xff;
    rounds(d);
    return v0 ^ v1 ^ v2 ^ v3;
}

TEST(FlowHash, second_opinion_gives_the_published_siphash_2_4_vector) {
    // Test vector of the reference implementation: key 00..0f, message 00..07.
    const HashKey key{0x0706050403020100u, 0x0f0e0d0c0b0a0908u};
    EXPECT_EQ(siphash_by_the_paper(key, {0x0706050403020100u}, 2, 4), 0x93f5f5799a932462u);
}

TEST(FlowHash, is_siphash_1_3) {
    HashKey key{0x0123456789abcdefu, 0xfedcba9876543210u};
    std::uint64_t message = 1;
    for (int i = 0; i < 1000; ++i) {
        const std::vector<std::uint64_t> words{message, key.low, ~message};
        const std::uint64_t hash = siphash_1_3(key, words[0], words[1], words[2]);
        ASSERT_EQ(hash, siphash_by_the_paper(key, words, 1, 3));
        key = HashKey{key.high ^ message, hash};
        message = message * 6364136223846793005u + 1442695040888963407u;
    }
}

TEST(FlowHash, consecutive_clients_spread_over_buckets_and_the_halves_differ) {
    const HashKey key{1, 2};
    std::set<std::uint32_t> lower;
    std::set<std::uint32_t> upper;
    std::set<std::uint64_t> pairs;
    for (std::uint16_t port = 0; port < 1000; ++port) {
        const std::uint64_t hash = flow_hash(key, 0, 0x0a000002, port, 7, false, false);
        lower.insert(flow_bucket(hash, 0, 14));
        upper.insert(flow_bucket(hash, 1, 14));
        pairs.insert(hash);
    }
    EXPECT_GT(lower.size(), 950u);
    EXPECT_GT(upper.size(), 950u);
    EXPECT_EQ(pairs.size(), 1000u);
}

TEST(FlowHash, depends_on_every_part_of_the_key) {
    const HashKey key{1, 2};
    const std::set<std::uint64_t> hashes{flow_hash(key, 0, 0, 0, 0, false, false),
                                         flow_hash(key, 1, 0, 0, 0, false, false),
                                         flow_hash(key, 0, 1, 0, 0, false, false),
                                         flow_hash(key, 0, 0, 1, 0, false, false),
                                         flow_hash(key, 0, 0, 0, 1, false, false),
                                         flow_hash(key, 0, 0, 0, 0, true, false),
                                         flow_hash(key, 0, 0, 0, 0, false, true)};
    EXPECT_EQ(hashes.size(), 7u);
}

TEST(FlowBucket, a_larger_table_keeps_the_bits_of_a_smaller_one) {
    const std::uint64_t hash = 0x0123456789abcdefu;
    EXPECT_EQ(flow_bucket(hash, 0, 18), 0x3cdefu);
    EXPECT_EQ(flow_bucket(hash, 0, 14), 0x0defu);
    EXPECT_EQ(flow_bucket(hash, 1, 18), 0x34567u);
    EXPECT_EQ(flow_bucket(hash, 1, 14), 0x0567u);
}

TEST(FlowKey, is_the_low_half_of_a_flow_entry_without_valid) {
    Record<FlowEntry> entry;
    entry.set<FlowEntry::client_address>(0xc0000201)
        .set<FlowEntry::client_port>(40000)
        .set<FlowEntry::service>(0xabc)
        .set<FlowEntry::reply>(1);
    EXPECT_EQ(entry.words[0], flow_key(0xc0000201, 40000, 0xabc, true));
    EXPECT_NE(entry.words[0], flow_key(0xc0000201, 40000, 0xabc, false));
}

TEST(EndBucket, depends_on_every_byte) {
    const std::uint32_t service = service_bucket(0, 0, 0, 0);
    const std::uint32_t reply = reply_bucket(0, 0, 0, 0);
    for (int shift = 0; shift < 64; shift += 8) {
        const std::uint64_t byte = std::uint64_t{1} << shift;
        EXPECT_NE(service_bucket(0, byte, 0, 0), service) << shift;
        EXPECT_NE(service_bucket(byte, 0, 0, 0), service) << shift;
        EXPECT_NE(reply_bucket(0, byte, 0, 0), reply) << shift;
        EXPECT_NE(reply_bucket(byte, 0, 0, 0), reply) << shift;
    }
    EXPECT_NE(service_bucket(0, 0, 1, 0), service);
    EXPECT_NE(service_bucket(0, 0, 0x100, 0), service);
    EXPECT_NE(service_bucket(0, 0, 0, 1), service);
    EXPECT_LT(service_bucket(~0ull, 1, 0xffff, 0xff), std::uint32_t{kServiceBuckets});
    EXPECT_LT(reply_bucket(~0ull, 1, 0xffff, 0xff), std::uint32_t{kReplyBuckets});
}

// The card multiplies where a computer would divide.
TEST(SteerReciprocal, gives_the_remainder_of_every_hash) {
    const auto remainder = [](std::uint32_t hash, std::uint32_t size) {
        __extension__ using Wide = unsigned __int128;
        const auto quotient =
            static_cast<std::uint64_t>((Wide{hash} * steer_reciprocal(size)) >> 48);
        return hash - quotient * size;
    };
    std::uint32_t hash = 1;
    for (const std::uint32_t size : {251u, 256u, 509u, 4093u, 32749u, 65521u}) {
        EXPECT_EQ(steer_reciprocal(size) >> ServiceEntry::steer_reciprocal::width, 0u);
        for (const std::uint32_t edge : {0u, 1u, size - 1, size, 0u - size, 0xfffffffeu, ~0u}) {
            EXPECT_EQ(remainder(edge, size), edge % size) << edge << " by " << size;
        }
        for (int round = 0; round < 100000; ++round) {
            hash = hash * 1664525u + 1013904223u;
            ASSERT_EQ(remainder(hash, size), hash % size) << hash << " by " << size;
        }
        // Around multiples of the size, where a quotient that is too large would show.
        const std::uint32_t last = ~0u - ~0u % size;
        for (std::uint32_t step = 0; step < 1000; ++step) {
            ASSERT_EQ(remainder(last - step * size, size), 0u);
            ASSERT_EQ(remainder(last - step * size - 1, size), size - 1);
        }
    }
}

}  // namespace
}  // namespace fpvs::abi
