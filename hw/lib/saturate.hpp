// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ap_int.h>

#include <fpvs_hls.hpp>

namespace fpvs {
namespace lib {

// The sum, or all ones where it does not fit.
template <int Bits>
inline ap_uint<Bits> add_saturating(const ap_uint<Bits>& a, const ap_uint<Bits>& b) {
#pragma HLS INLINE
    const ap_uint<Bits + 1> sum = a + b;
    const ap_uint<Bits> most = ~ap_uint<Bits>(0);
    return sum[Bits] ? most : slice<Bits - 1, 0>(sum);
}

}  // namespace lib
}  // namespace fpvs
