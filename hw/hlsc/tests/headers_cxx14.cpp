// SPDX-License-Identifier: Apache-2.0
// Uses every header of the kernel vocabulary as a C++14 translation unit without extensions.
#include <ap_axi_sdata.h>
#include <ap_int.h>
#include <hls_stream.h>

#include <fpvs_hls.hpp>

struct Record {
    ap_uint<48> mac;
    ap_uint<13> length;
};

static ap_uint<32> power_up = 7;

void adapter(hls::stream<ap_axiu<512, 0, 0, 0>>& in, hls::stream<Record>& out) {
    FPVS_WAIT(in);
    const ap_axiu<512, 0, 0, 0> beat = in.read();
    Record record;
    record.mac = fpvs::slice<47, 0>(beat.data);
    record.length = power_up + beat.keep.or_reduce();
    record.mac.range(7, 0) = fpvs::cat(ap_uint<4>(3), ap_uint<4>(record.length));
    out.write(record);
}
