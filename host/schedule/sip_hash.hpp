// SPDX-License-Identifier: Apache-2.0
// SipHash-1-3 (Aumasson and Bernstein, "SipHash: a fast short-input PRF", 2012) of one 32-bit word,
// cut to 32 bits.
#pragma once

#include <bit>
#include <cstdint>

namespace fpvs::schedule {

// The word is hashed as its four octets, the least significant first.
[[nodiscard]] constexpr std::uint32_t sip_hash_1_3(std::uint64_t key0,
                                                   std::uint64_t key1,
                                                   std::uint32_t word) {
    std::uint64_t v0 = key0 ^ 0x736f6d6570736575u;
    std::uint64_t v1 = key1 ^ 0x646f72616e646f6du;
    std::uint64_t v2 = key0 ^ 0x6c7967656e657261u;
    std::uint64_t v3 = key1 ^ 0x7465646279746573u;
    const auto round = [&] {
        v0 += v1;
        v1 = std::rotl(v1, 13) ^ v0;
        v0 = std::rotl(v0, 32);
        v2 += v3;
        v3 = std::rotl(v3, 16) ^ v2;
        v0 += v3;
        v3 = std::rotl(v3, 21) ^ v0;
        v2 += v1;
        v1 = std::rotl(v1, 17) ^ v2;
        v2 = std::rotl(v2, 32);
    };
    // The last block holds what is left of the message, here all of it, and its length in octets.
    const std::uint64_t block = std::uint64_t{4} << 56 | word;
    v3 ^= block;
    round();
    v0 ^= block;
    v2 ^= 0xff;
    round();
    round();
    round();
    return static_cast<std::uint32_t>(v0 ^ v1 ^ v2 ^ v3);
}

}  // namespace fpvs::schedule
