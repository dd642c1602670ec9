// SPDX-License-Identifier: Apache-2.0
#include "sim/reference/siphash.hpp"

#include <cstddef>

namespace fpvs::reference {
namespace {

[[nodiscard]] std::uint64_t rotate(std::uint64_t value, int bits) {
    return value << bits | value >> (64 - bits);
}

struct State {
    std::uint64_t a, b, c, d;

    void rounds(int count) {
        for (int i = 0; i < count; ++i) {
            a += b;
            c += d;
            b = rotate(b, 13) ^ a;
            d = rotate(d, 16) ^ c;
            a = rotate(a, 32);
            c += b;
            a += d;
            b = rotate(b, 17) ^ c;
            d = rotate(d, 21) ^ a;
            c = rotate(c, 32);
        }
    }
};

}  // namespace

std::uint64_t siphash(int rounds_per_block,
                      int final_rounds,
                      SipKey key,
                      std::span<const std::uint8_t> message) {
    // The paper's constants spell "somepseudorandomlygeneratedbytes".
    State state = {key.first ^ 0x736f6d6570736575u,
                   key.second ^ 0x646f72616e646f6du,
                   key.first ^ 0x6c7967656e657261u,
                   key.second ^ 0x7465646279746573u};
    const std::size_t blocks = message.size() / 8 + 1;
    for (std::size_t block = 0; block < blocks; ++block) {
        std::uint64_t word = block + 1 == blocks ? std::uint64_t{message.size()} << 56 : 0;
        for (std::size_t i = block * 8; i < message.size() && i < block * 8 + 8; ++i) {
            word |= std::uint64_t{message[i]} << (i % 8 * 8);
        }
        state.d ^= word;
        state.rounds(rounds_per_block);
        state.a ^= word;
    }
    state.c ^= 0xff;
    state.rounds(final_rounds);
    return state.a ^ state.b ^ state.c ^ state.d;
}

}  // namespace fpvs::reference
