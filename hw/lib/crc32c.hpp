// SPDX-License-Identifier: Apache-2.0
// CRC-32C over 32-bit words, as processors have it in an instruction: low bit first, without the
// inversions at both ends.  In gates each bit of it is one sum modulo 2 of bits of all words.
#pragma once

#include <ap_int.h>

#include <fpvs_hls.hpp>

namespace fpvs {
namespace lib {

constexpr unsigned kCrc32cPolynomial = 0x82f63b78;  // Bits reversed.

// The state after so many more bits of zeros.
template <int Bits>
inline ap_uint<32> crc32c_advance(const ap_uint<32>& state) {
#pragma HLS INLINE
    ap_uint<32> rest = state;
    for (int bit = 0; bit < Bits; ++bit) {
#pragma HLS UNROLL
        const ap_uint<32> feedback = rest[0] ? ap_uint<32>(kCrc32cPolynomial) : ap_uint<32>(0);
        rest = (rest >> 1) ^ feedback;
    }
    return rest;
}

// Of all words, the most significant first.  A CRC is linear: it is the sum of what each word would
// give alone, and so no word waits for the one before it.
template <int Words>
struct Crc32c {
    static ap_uint<32> of(const ap_uint<32>& seed, const ap_uint<32 * Words>& words) {
#pragma HLS INLINE
        const ap_uint<32> first = seed ^ slice<32 * Words - 1, 32 * Words - 32>(words);
        const ap_uint<32> rest =
            Crc32c<Words - 1>::of(ap_uint<32>(0), slice<32 * Words - 33, 0>(words));
        return crc32c_advance<32 * Words>(first) ^ rest;
    }
};
template <>
struct Crc32c<1> {
    static ap_uint<32> of(const ap_uint<32>& seed, const ap_uint<32>& word) {
#pragma HLS INLINE
        return crc32c_advance<32>(seed ^ word);
    }
};

}  // namespace lib
}  // namespace fpvs
