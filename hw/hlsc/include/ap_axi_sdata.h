// SPDX-License-Identifier: Apache-2.0
// ap_axiu<D, U, I, T>: one beat of an AXI4-Stream port with TDATA, TKEEP, TSTRB and TLAST, and
// TUSER, TID, TDEST where their width is not zero.  Only for ports of the top function.
#pragma once
#pragma clang system_header

#include "ap_int.h"
#include "hls_stream.h"

namespace hls {

struct axis_disabled_signal {};

template <int W>
struct axis_signal {
    using Type = ap_uint<W>;
};
template <>
struct axis_signal<0> {
    using Type = axis_disabled_signal;
};

template <class T, int WUser, int WId, int WDest>
struct axis {
    static constexpr int width_data = T::width;
    static constexpr int width_keep = (T::width + 7) / 8;
    T data;
    ap_uint<width_keep> keep;
    ap_uint<width_keep> strb;
    typename axis_signal<WUser>::Type user;
    ap_uint<1> last;
    typename axis_signal<WId>::Type id;
    typename axis_signal<WDest>::Type dest;
};

}  // namespace hls

template <int D, int U, int I, int T>
using ap_axiu = hls::axis<ap_uint<D>, U, I, T>;
template <int D, int U, int I, int T>
using ap_axis = hls::axis<ap_int<D>, U, I, T>;
