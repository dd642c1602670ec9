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

// SipHash-1-3 of one 8-byte message: an outsider who does not know the key cannot aim at a bucket.
static inline std::uint64_t siphash_1_3(HashKey key, std::uint64_t message) {
    SipState s{key.low ^ 0x736f6d6570736575u,
               key.high ^ 0x646f72616e646f6du,
               key.low ^ 0x6c7967656e657261u,
               key.high ^ 0x7465646279746573u};
    s.v3 ^= message;
    s = sip_round(s);
    s.v0 ^= message;
    const std::uint64_t length_block = std::uint64_t{8} << 56;
    s.v3 ^= length_block;
    s = sip_round(s);
    s.v0 ^= length_block;
    s.v2 ^= 0xff;
    s = sip_round(sip_round(sip_round(s)));
    return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}

// The key of a flow is the low 64 bits of its entry without `valid`.
static inline std::uint64_t flow_key(std::uint32_t client_address,
                                     std::uint16_t client_port,
                                     std::uint16_t service) {
    return client_address | std::uint64_t{client_port} << 32 | std::uint64_t{service} << 48;
}

static inline std::uint32_t flow_bucket(HashKey hash_key, std::uint64_t key) {
    return static_cast<std::uint32_t>(siphash_1_3(hash_key, key)) & (kFlowBuckets - 1);
}

// Services are the operator's own, so a fold is enough.
static inline std::uint32_t service_bucket(std::uint32_t address,
                                           std::uint16_t port,
                                           std::uint8_t protocol) {
    const std::uint32_t mixed = address ^ (address >> 8) ^ (address >> 16) ^ (address >> 24) ^
                                port ^ (static_cast<std::uint32_t>(port) >> 8) ^ protocol;
    return mixed & (kServiceBuckets - 1);
}

}  // namespace abi
}  // namespace fpvs
