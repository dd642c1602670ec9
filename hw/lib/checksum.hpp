// SPDX-License-Identifier: Apache-2.0
// The Internet checksum (RFC 1071), whole and by its change.
#pragma once

#include <ap_int.h>

#include <fpvs_hls.hpp>

namespace fpvs {
namespace lib {

// Sum of Words 16-bit words as a balanced tree; up to 32 of them fit 21 bits.
template <int Words>
struct WordSum {
    static ap_uint<21> of(const ap_uint<16 * Words>& words) {
#pragma HLS INLINE
        const int kLower = Words / 2;
        const ap_uint<21> lower = WordSum<kLower>::of(slice<16 * kLower - 1, 0>(words));
        const ap_uint<21> upper =
            WordSum<Words - kLower>::of(slice<16 * Words - 1, 16 * kLower>(words));
        return ap_uint<21>(lower + upper);
    }
};
template <>
struct WordSum<1> {
    static ap_uint<21> of(const ap_uint<16>& word) {
#pragma HLS INLINE
        return word;
    }
};

// Carries folded back in twice: after the second time none is left.
inline ap_uint<16> fold_carries(const ap_uint<21>& sum) {
#pragma HLS INLINE
    const ap_uint<17> once = slice<15, 0>(sum) + slice<20, 16>(sum);
    return ap_uint<16>(slice<15, 0>(once) + slice<16, 16>(once));
}

// A header is right if the sum of all its words, the checksum among them, is all ones.  The sum
// does not depend on the byte order of the words (RFC 1071, 2 (B)).
template <int Words>
inline bool checksum_is_right(const ap_uint<16 * Words>& words) {
#pragma HLS INLINE
    static_assert(Words <= 32, "WordSum holds 32 words");
    return fold_carries(WordSum<Words>::of(words)) == 0xffff;
}

// The IPv4 checksum after TTL went down by one (RFC 1624).  TTL is the upper octet of its word, so
// the sum grows by 0x0100; of the two zeros, the one is kept that Linux's ip_decrease_ttl gives.
inline ap_uint<16> checksum_after_ttl_decrement(const ap_uint<16>& checksum) {
#pragma HLS INLINE
    const ap_uint<17> sum = checksum + ap_uint<16>(0x0100);
    const ap_uint<1> carry = sum >= 0xffff ? 1 : 0;
    return ap_uint<16>(sum + carry);
}

}  // namespace lib
}  // namespace fpvs
