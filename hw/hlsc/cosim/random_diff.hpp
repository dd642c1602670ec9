// SPDX-License-Identifier: Apache-2.0
// The harness of `hlsc diff`: random words into every input, in lock-step, through all pairs of
// idle and back-pressure patterns.
#pragma once

#include <cstdlib>

#include "hw/hlsc/cosim/lockstep.hpp"

namespace fpvs::cosim {

// Random words that are not all alike noise: small numbers, repetitions, single bits, all ones.
template <int W>
void fill(Random& random, ap_uint<W>& word) {
    const ap_uint<W> before = word;
    for (int bit = 0; bit < W; bit += 32) {
        word.V = static_cast<unsigned _BitInt(W)>(
            static_cast<unsigned _BitInt(W + 32)>(word.V) << 32 |
            static_cast<unsigned _BitInt(W + 32)>(random.next() >> 32));
    }
    switch (random.next() % 8) {
        case 0:
            word.V &= 7;
            break;
        case 1:
            word.V &= before.V;
            break;
        case 2:
            word = ap_uint<W>(1) << static_cast<unsigned>(random.next() % W);
            break;
        case 3:
            word.V = static_cast<unsigned _BitInt(W)>(~(word.V & 15));
            break;
        default:
            break;
    }
}
inline void fill(Random&, hls::axis_disabled_signal&) {}
template <class T, int U, int I, int D>
void fill(Random& random, hls::axis<T, U, I, D>& word) {
    fill(random, word.data);
    fill(random, word.keep);
    fill(random, word.strb);
    fill(random, word.user);
    fill(random, word.id);
    fill(random, word.dest);
    word.last = random.one_in(3);
}

// Exit status 0 if `iterations` cycles and the drain after them show no difference.
template <class Rtl, class Model>
int random_diff(int argc, char** argv) {
    const std::uint64_t seed = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1;
    const std::uint64_t iterations = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 20000;
    constexpr Pace kPaces[] = {Pace::always, Pace::every_other_cycle, Pace::at_random};
    constexpr int kDrainCycles = 4096;

    VerilatedContext context;
    Rtl rtl(&context);
    Model model;
    Lockstep<Rtl, Model> lockstep(rtl, model, seed);
    Random random(seed + 1);
    const auto source = [&random](const char*, auto& word) {
        fill(random, word);
        return true;
    };
    const auto silent = [](const char*, auto&) { return false; };
    const auto sink = [](const char*, const auto&) {};
    for (int mode = 0; mode < 9; ++mode) {
        lockstep.idle = kPaces[mode / 3];
        lockstep.back_pressure = kPaces[mode % 3];
        for (std::uint64_t i = 0; i < (iterations + 8) / 9 && lockstep.mismatches() == 0; ++i) {
            lockstep.cycle(source, sink);
        }
    }
    lockstep.back_pressure = Pace::always;
    for (int i = 0; i < kDrainCycles && lockstep.mismatches() == 0; ++i) {
        lockstep.cycle(silent, sink);
    }
    const std::size_t owed = lockstep.owed();
    std::printf(
        "seed %llu: %llu cycles, %llu words in, %llu words out, %llu differences, %zu words "
        "missing\n",
        static_cast<unsigned long long>(seed),
        static_cast<unsigned long long>(lockstep.cycles()),
        static_cast<unsigned long long>(lockstep.words_in()),
        static_cast<unsigned long long>(lockstep.words_out()),
        static_cast<unsigned long long>(lockstep.mismatches()),
        owed);
    return lockstep.mismatches() == 0 && owed == 0 ? 0 : 1;
}

}  // namespace fpvs::cosim
