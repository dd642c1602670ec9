// SPDX-License-Identifier: Apache-2.0
// The Internet checksum (RFC 1071), whole and by its change.
//
// Sums of 16-bit words are kept whole, carries and all, and folded once at the end.  A folded sum
// is 0 only if all words were: of the two zeros of ones' complement arithmetic every other sum is
// 0xffff, and so a checksum made from it is the one that Linux makes.
#pragma once

#include <ap_int.h>

#include <fpvs_hls.hpp>

namespace fpvs {
namespace lib {

// Bits that the sum of so many 16-bit words has.
constexpr int sum_bits(int words) {
    return words <= 1 ? 16 : 1 + sum_bits((words + 1) / 2);
}

// Sum of Words 16-bit words as a balanced tree.
template <int Words>
struct WordSum {
    static ap_uint<sum_bits(Words)> of(const ap_uint<16 * Words>& words) {
#pragma HLS INLINE
        const int kLower = Words / 2;
        const ap_uint<sum_bits(kLower)> lower =
            WordSum<kLower>::of(slice<16 * kLower - 1, 0>(words));
        const ap_uint<sum_bits(Words - kLower)> upper =
            WordSum<Words - kLower>::of(slice<16 * Words - 1, 16 * kLower>(words));
        return ap_uint<sum_bits(Words)>(lower + upper);
    }
};
template <>
struct WordSum<1> {
    static ap_uint<16> of(const ap_uint<16>& word) {
#pragma HLS INLINE
        return word;
    }
};

// Carries folded back in twice: after the second time none is left.
template <int Bits>
inline ap_uint<16> fold_carries(const ap_uint<Bits>& sum) {
#pragma HLS INLINE
    static_assert(Bits > 16 && Bits <= 32, "what is folded back in has at most 16 bits");
    const ap_uint<17> once = slice<15, 0>(sum) + slice<Bits - 1, 16>(sum);
    return ap_uint<16>(slice<15, 0>(once) + slice<16, 16>(once));
}

// A header is right if the sum of all its words, the checksum among them, is all ones.  The sum
// does not depend on the byte order of the words (RFC 1071, 2 (B)).  It is all ones if its upper
// part, which is folded back in, is what the lower lacks: so nothing is added.
template <int Words>
inline bool checksum_is_right(const ap_uint<16 * Words>& words) {
#pragma HLS INLINE
    const int kBits = sum_bits(Words);
    const ap_uint<kBits> sum = WordSum<Words>::of(words);
    const ap_uint<16> upper = slice<kBits - 1, 16>(sum);
    return (slice<15, 0>(sum) ^ upper) == 0xffff;
}

// UDP's checksum of a folded sum: 0 would say that there is none (RFC 768).
inline ap_uint<16> udp_checksum(const ap_uint<16>& sum) {
#pragma HLS INLINE
    return sum == 0xffff ? sum : ap_uint<16>(~sum);
}

}  // namespace lib
}  // namespace fpvs
