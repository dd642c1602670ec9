// SPDX-License-Identifier: Apache-2.0
// Protocol fields in a word of packet bytes: numbers in network byte order at constant offsets.
#pragma once

#include <ap_int.h>

#include <fpvs_hls.hpp>

namespace fpvs {
namespace lib {

// Network order to number and back: the octets reversed.
template <int Bits>
inline ap_uint<Bits> swap_octets(const ap_uint<Bits>& value) {
#pragma HLS INLINE
    static_assert(Bits % 8 == 0, "whole octets");
    ap_uint<Bits> result = 0;
    for (int octet = 0; octet < Bits / 8; ++octet) {
#pragma HLS UNROLL
        const int from = 8 * octet;
        const int to = Bits - 8 - from;
        result.range(to + 7, to) = ap_uint<8>(value.range(from + 7, from));
    }
    return result;
}

// The number whose first octet is octet Offset of the word.
template <int Offset, int Octets, int Bits>
inline ap_uint<8 * Octets> number_at(const ap_uint<Bits>& word) {
#pragma HLS INLINE
    return swap_octets<8 * Octets>(slice<8 * (Offset + Octets) - 1, 8 * Offset>(word));
}

template <int Offset, int Octets, int Bits>
inline void put_number_at(ap_uint<Bits>& word, const ap_uint<8 * Octets>& number) {
#pragma HLS INLINE
    static_assert(8 * (Offset + Octets) <= Bits, "within the word");
    word.range(8 * (Offset + Octets) - 1, 8 * Offset) = swap_octets<8 * Octets>(number);
}

// Ones from bit 0, one for each of the first `bytes` bytes of a word; all if it has fewer.
template <int Bytes, int Bits>
inline ap_uint<Bytes> bytes_below(const ap_uint<Bits>& bytes) {
#pragma HLS INLINE
    ap_uint<Bytes> mask = 0;
    for (int byte = 0; byte < Bytes; ++byte) {
#pragma HLS UNROLL
        mask[byte] = bytes > byte;
    }
    return mask;
}

// The word with zeros in the bytes that `mask` has a zero for.
template <int Bytes>
inline ap_uint<8 * Bytes> keep_bytes(const ap_uint<8 * Bytes>& word, const ap_uint<Bytes>& mask) {
#pragma HLS INLINE
    ap_uint<8 * Bytes> kept = word;
    for (int byte = 0; byte < Bytes; ++byte) {
#pragma HLS UNROLL
        if (!mask[byte]) {
            kept.range(8 * byte + 7, 8 * byte) = ap_uint<8>(0);
        }
    }
    return kept;
}

}  // namespace lib
}  // namespace fpvs
