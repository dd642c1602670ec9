// SPDX-License-Identifier: Apache-2.0
// Fields of the contract (hw/abi) in words of any width.
#pragma once

#include <ap_int.h>

#include <fpvs_hls.hpp>

#include "hw/abi/field.hpp"

namespace fpvs {
namespace lib {

template <class Field, int Bits>
inline ap_uint<Field::width> get(const ap_uint<Bits>& word) {
#pragma HLS INLINE
    return slice<Field::lsb + Field::width - 1, Field::lsb>(word);
}

template <class Field, int Bits>
inline void set(ap_uint<Bits>& word, const ap_uint<Field::width>& value) {
#pragma HLS INLINE
    static_assert(Field::lsb + Field::width <= Bits, "the field lies in the word");
    word.range(Field::lsb + Field::width - 1, Field::lsb) = value;
}

}  // namespace lib
}  // namespace fpvs
