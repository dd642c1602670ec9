// SPDX-License-Identifier: Apache-2.0
// The card's hashes are those of the slow path's schedulers.
#include "hw/kernels/steer/steer_place.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <limits>
#include <random>

#include "host/schedule/address_hash.hpp"
#include "host/schedule/sip_hash.hpp"

namespace fpvs::kernels {
namespace {

constexpr std::uint64_t kMaglevKey = 2654435761;
// IPVS's sizes of Maglev tables, and sizes that no table of it has.
constexpr std::array<std::uint32_t, 9> kPrimes{
    251, 509, 1021, 2039, 4093, 8191, 16381, 32749, 65521};

SteerRule rule_of(abi::Steer kind, bool use_port, std::uint32_t base, std::uint32_t size) {
    SteerRule rule{};
    rule.kind = static_cast<int>(kind);
    rule.use_port = use_port ? 1 : 0;
    rule.base = base;
    rule.size = size;
    rule.reciprocal = ap_uint<41>(abi::steer_reciprocal(size));
    return rule;
}

struct Client {
    model::IpAddress address;
    std::uint16_t port = 0;
    Flow flow{};
};

Client random_client(std::mt19937_64& random, bool ipv6) {
    Client client;
    client.port = static_cast<std::uint16_t>(random());
    client.flow.client_port = client.port;
    if (ipv6) {
        std::uint64_t high = random();
        std::uint64_t low = random();
        client.flow.client_address = cat(ap_uint<64>(high), ap_uint<64>(low));
        client.address.family = model::Family::ipv6;
        for (int i = 0; i < 4; ++i) {
            const std::uint64_t half = i < 2 ? high : low;
            client.address.words[static_cast<std::size_t>(i)] =
                static_cast<std::uint32_t>(i % 2 == 0 ? half >> 32 : half);
        }
    } else {
        const auto address = static_cast<std::uint32_t>(random());
        client.flow.client_address = address;
        client.address = model::IpAddress(model::Ipv4{address});
    }
    return client;
}

SteerPlace place_of(const SteerRule& rule, const Flow& flow) {
    return steer_place(rule, steer_hash(rule, flow));
}

TEST(SteerPlace, sh_is_the_slow_paths) {
    std::mt19937_64 random(1);
    for (int round = 0; round < 20000; ++round) {
        const Client client = random_client(random, round % 2 == 0);
        const bool use_port = round % 3 == 0;
        const SteerPlace place =
            place_of(rule_of(abi::Steer::source, use_port, 1000, 256), client.flow);
        ASSERT_EQ(place.word.to_uint(),
                  1000 + schedule::bucket_of(client.address, use_port ? client.port : 0));
    }
}

TEST(SteerPlace, mh_is_the_slow_paths_for_every_size_of_table) {
    std::mt19937_64 random(2);
    for (const std::uint32_t size : kPrimes) {
        for (int round = 0; round < 5000; ++round) {
            const Client client = random_client(random, round % 2 == 0);
            const bool use_port = round % 3 == 0;
            const std::uint32_t hash = schedule::sip_hash_1_3(
                kMaglevKey,
                kMaglevKey,
                schedule::folded(client.address) + (use_port ? client.port : 0u));
            const SteerPlace place =
                place_of(rule_of(abi::Steer::maglev, use_port, 4096, size), client.flow);
            ASSERT_EQ(place.word.to_uint(), 4096 + hash % size) << "size " << size;
        }
    }
}

// The argument is in hw/abi/hash.hpp; the quotient changes just at multiples of the size.
TEST(SteerPlace, the_reciprocal_is_exact) {
    std::mt19937_64 random(3);
    const auto check = [](std::uint32_t hash, std::uint32_t size) {
        const SteerRule rule = rule_of(abi::Steer::maglev, false, 0, size);
        ASSERT_EQ(steer_remainder(hash, rule).to_uint(), hash % size)
            << "hash " << hash << ", size " << size;
    };
    constexpr std::uint32_t kMost = std::numeric_limits<std::uint32_t>::max();
    const auto check_edges = [&](std::uint32_t size) {
        const std::uint32_t last = kMost - kMost % size;
        for (const std::uint32_t multiple : {0u, size, last / 2 / size * size, last - size, last}) {
            for (const std::uint32_t hash : {multiple - 1, multiple, multiple + 1}) {
                check(hash, size);
            }
        }
        check(kMost, size);
    };
    for (std::uint32_t size = 129; size <= 1u << 16; ++size) {
        check_edges(size);
        check(static_cast<std::uint32_t>(random()), size);
    }
    for (const std::uint32_t size : kPrimes) {
        for (int round = 0; round < 200000; ++round) {
            const std::uint32_t multiple = static_cast<std::uint32_t>(random()) / size * size;
            check(multiple, size);
            check(multiple - 1, size);
        }
    }
}

TEST(SteerPlace, a_service_by_address_and_a_sequence_begin_at_their_base) {
    std::mt19937_64 random(4);
    const Client client = random_client(random, false);
    for (const abi::Steer kind : {abi::Steer::fixed, abi::Steer::in_turn}) {
        SteerRule rule = rule_of(kind, true, 262000, 140);
        rule.cursor = 5;
        const SteerPlace place = place_of(rule, client.flow);
        EXPECT_EQ(place.word, 262000);
        EXPECT_EQ(place.size, 140);
        EXPECT_EQ(place.cursor, 5);
        EXPECT_EQ(place.kind, static_cast<int>(kind));
    }
}

}  // namespace
}  // namespace fpvs::kernels
