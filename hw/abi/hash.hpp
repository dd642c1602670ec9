// SPDX-License-Identifier: Apache-2.0
// Where table entries lie: the hashes that card and host both compute.
#pragma once

#include <cstdint>

#include "hw/abi/limits.hpp"

namespace fpvs {
namespace abi {

// The key of the flow hash, drawn by the host at each load.
struct HashKey {
    std::uint64_t low;
    std::uint64_t high;
};

static inline std::uint64_t rotate_left(std::uint64_t value, int bits) {
    return (value << bits) | (value >> (64 - bits));
}

struct SipState {
    std::uint64_t v0;
    std::uint64_t v1;
    std::uint64_t v2;
    std::uint64_t v3;
};

// One SipRound (Aumasson and Bernstein, "SipHash: a fast short-input PRF", section 2).
static inline SipState sip_round(SipState s) {
    s.v0 += s.v1;
    s.v2 += s.v3;
    s.v1 = rotate_left(s.v1, 13) ^ s.v0;
    s.v3 = rotate_left(s.v3, 16) ^ s.v2;
    s.v0 = rotate_left(s.v0, 32);
    s.v2 += s.v1;
    s.v0 += s.v3;
    s.v1 = rotate_left(s.v1, 17) ^ s.v2;
    s.v3 = rotate_left(s.v3, 21) ^ s.v0;
    s.v2 = rotate_left(s.v2, 32);
    return s;
}

// SipHash-1-3 of a message of three 64-bit words (24 bytes): an outsider who does not know the key
// cannot aim at a bucket.
static inline std::uint64_t siphash_1_3(HashKey key,
                                        std::uint64_t word_0,
                                        std::uint64_t word_1,
                                        std::uint64_t word_2) {
    SipState s{key.low ^ 0x736f6d6570736575u,
               key.high ^ 0x646f72616e646f6du,
               key.low ^ 0x6c7967656e657261u,
               key.high ^ 0x7465646279746573u};
    s.v3 ^= word_0;
    s = sip_round(s);
    s.v0 ^= word_0;
    s.v3 ^= word_1;
    s = sip_round(s);
    s.v0 ^= word_1;
    s.v3 ^= word_2;
    s = sip_round(s);
    s.v0 ^= word_2;
    const std::uint64_t length_block = std::uint64_t{24} << 56;
    s.v3 ^= length_block;
    s = sip_round(s);
    s.v0 ^= length_block;
    s.v2 ^= 0xff;
    s = sip_round(sip_round(sip_round(s)));
    return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}

// The key of a flow of IPv4 is the low 64 bits of its entry without `valid`.
static inline std::uint64_t flow_key(std::uint32_t client_address,
                                     std::uint16_t client_port,
                                     std::uint16_t service,
                                     bool reply) {
    return client_address | std::uint64_t{client_port} << 32 | std::uint64_t{service} << 48 |
           std::uint64_t{reply ? 1u : 0u} << 60;
}

// A flow's hash, of either family: the bucket of half 0 is its bits from 0, that of half 1 those
// from 32, and the place among the young connections those from kYoungHashLsb.
static inline std::uint64_t flow_hash(HashKey hash_key,
                                      std::uint64_t address_high,
                                      std::uint64_t address_low,
                                      std::uint16_t client_port,
                                      std::uint16_t service,
                                      bool reply,
                                      bool ipv6) {
    return siphash_1_3(hash_key,
                       address_low,
                       address_high,
                       client_port | std::uint64_t{service} << 16 |
                           std::uint64_t{reply ? 1u : 0u} << 28 |
                           std::uint64_t{ipv6 ? 1u : 0u} << 29);
}

constexpr int kYoungHashLsb = 51;
static_assert(kYoungHashLsb + kYoungLog2 <= 64, "a hash has 64 bits");

static inline std::uint32_t flow_bucket(std::uint64_t hash, int half, int buckets_log2) {
    return static_cast<std::uint32_t>(hash >> (32 * half)) & ((1u << buckets_log2) - 1);
}

// Services and servers are the operator's own, so a fold is enough: the address's, the port's and
// the protocol's 16-bit words, xor, and the upper octet onto the lower.
static inline std::uint32_t end_fold(std::uint64_t address_high,
                                     std::uint64_t address_low,
                                     std::uint16_t port,
                                     std::uint8_t protocol) {
    const std::uint64_t words = address_high ^ address_low;
    const std::uint64_t half = words ^ (words >> 32);
    const std::uint64_t word = (half ^ (half >> 16) ^ port ^ protocol) & 0xffff;
    return static_cast<std::uint32_t>(word ^ (word >> 8));
}
static inline std::uint32_t service_bucket(std::uint64_t address_high,
                                           std::uint64_t address_low,
                                           std::uint16_t port,
                                           std::uint8_t protocol) {
    return end_fold(address_high, address_low, port, protocol) & (kServiceBuckets - 1);
}
static inline std::uint32_t reply_bucket(std::uint64_t address_high,
                                         std::uint64_t address_low,
                                         std::uint16_t port,
                                         std::uint8_t protocol) {
    return end_fold(address_high, address_low, port, protocol) & (kReplyBuckets - 1);
}

// hash % size without a division, for a hash of 32 bits and a size of at most 2^16:
// reciprocal = floor(2^48 / size) + 1 is too large by less than 1, so the quotient hash *
// reciprocal
// >> 48 is too large by less than 2^32 / 2^48 of one, which carries it past no whole number.
static inline std::uint64_t steer_reciprocal(std::uint32_t size) {
    return (std::uint64_t{1} << 48) / size + 1;
}

}  // namespace abi
}  // namespace fpvs
