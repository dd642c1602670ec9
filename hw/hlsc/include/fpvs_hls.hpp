// SPDX-License-Identifier: Apache-2.0
// What kernels share beyond AMD's headers: exact-width slices and concatenation, and the wait of
// a border adapter.  Only documented ap_uint operations, so Vitis HLS compiles this file as well.
#pragma once

#include <ap_int.h>

// FPVS_WAIT(stream): first line of an adapter process.  In gates the blocking read that follows
// stalls the process; natively the call returns and is made again later.  The two are equal
// because nothing happens before the read: do not use it where something does.
#ifdef __SYNTHESIS__
#define FPVS_WAIT(stream)
#else
#define FPVS_WAIT(stream)     \
    do {                      \
        if ((stream).empty()) \
            return;           \
    } while (0)
#endif

namespace fpvs {

// slice<HI, LO>(x): bits HI..LO of x, HI - LO + 1 wide.
template <int HI, int LO, int W>
inline ap_uint<HI - LO + 1> slice(const ap_uint<W>& x) {
#pragma HLS INLINE
    static_assert(LO >= 0 && HI >= LO && HI < W, "slice outside of the value");
    ap_uint<HI - LO + 1> result = x.range(HI, LO);
    return result;
}

// cat(a, b, ...): a on top, exactly as wide as all parts.
template <int A>
inline ap_uint<A> cat(const ap_uint<A>& a) {
#pragma HLS INLINE
    return a;
}
template <int A, int B>
inline ap_uint<A + B> cat(const ap_uint<A>& a, const ap_uint<B>& b) {
#pragma HLS INLINE
    ap_uint<A + B> result = 0;
    result.range(A + B - 1, B) = a;
    result.range(B - 1, 0) = b;
    return result;
}
template <int A, int B, int C, class... Rest>
inline auto cat(const ap_uint<A>& a,
                const ap_uint<B>& b,
                const ap_uint<C>& c,
                const Rest&... rest) {
#pragma HLS INLINE
    return cat(cat(a, b), c, rest...);
}

}  // namespace fpvs
