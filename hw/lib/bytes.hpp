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

}  // namespace lib
}  // namespace fpvs
