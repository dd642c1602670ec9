// SPDX-License-Identifier: Apache-2.0
#include "hw/abi/hash.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <set>

namespace fpvs::abi {
namespace {

// SipHash as its paper writes it, over bytes and with any number of rounds: a second opinion on the
// unrolled form that the card computes.
std::uint64_t siphash_by_the_paper(HashKey key, std::uint64_t message, int c, int d) {
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
    for (const std::uint64_t block : {message, std::uint64_t{8} << 56}) {
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
    EXPECT_EQ(siphash_by_the_paper(key, 0x0706050403020100u, 2, 4), 0x93f5f5799a932462u);
}

TEST(FlowHash, is_siphash_1_3) {
    HashKey key{0x0123456789abcdefu, 0xfedcba9876543210u};
    std::uint64_t message = 1;
    for (int i = 0; i < 1000; ++i) {
        const std::uint64_t hash = siphash_1_3(key, message);
        ASSERT_EQ(hash, siphash_by_the_paper(key, message, 1, 3));
        key = HashKey{key.high ^ message, hash};
        message = message * 6364136223846793005u + 1442695040888963407u;
    }
}

TEST(FlowHash, consecutive_clients_spread_over_buckets) {
    const HashKey key{1, 2};
    std::set<std::uint32_t> buckets;
    for (std::uint16_t port = 0; port < 1000; ++port) {
        buckets.insert(flow_bucket(key, flow_key(0x0a000002, port, 7)));
    }
    EXPECT_GT(buckets.size(), 950u);
}

TEST(ServiceBucket, depends_on_every_byte) {
    const std::uint32_t base = service_bucket(0, 0, 0);
    for (int shift = 0; shift < 32; shift += 8) {
        EXPECT_NE(service_bucket(1u << shift, 0, 0), base) << shift;
    }
    EXPECT_NE(service_bucket(0, 1, 0), base);
    EXPECT_NE(service_bucket(0, 0x100, 0), base);
    EXPECT_NE(service_bucket(0, 0, 1), base);
    EXPECT_LT(service_bucket(0xffffffff, 0xffff, 0xff), std::uint32_t{kServiceBuckets});
}

}  // namespace
}  // namespace fpvs::abi
