// SPDX-License-Identifier: Apache-2.0
// The shape of tables that have a word for each way of each flow bucket.
//
// A RAM of more words than an UltraRAM or block RAM cascade gives back in three cycles is split
// into banks by the bucket's upper bits: an array for each way and bank, of which one is chosen
// after the read.
#pragma once

#include <fpvs_hls.hpp>

#include "hw/abi/limits.hpp"
#include "hw/kernels/records.hpp"

namespace fpvs {
namespace kernels {

constexpr int kBankWordsLog2Max = 15;

template <int BucketsLog2>
struct FlowTableShape {
    enum : int {
        word_bits = BucketsLog2 < kBankWordsLog2Max ? BucketsLog2 : kBankWordsLog2Max,
        bank_bits = BucketsLog2 - word_bits,
        words = 1 << word_bits,
        banks = 1 << bank_bits,
        arrays = abi::kFlowBucketWays * banks,  // Array way * banks + bank.
    };
    using WordBits = ap_uint<word_bits>;
    using BankBits = ap_uint<bank_bits == 0 ? 1 : bank_bits>;
};

using FlowTable = FlowTableShape<abi::kFlowBucketsLog2>;
using Flow6Table = FlowTableShape<abi::kFlow6BucketsLog2>;

using FlowBucketBits = ap_uint<abi::kFlowBucketsLog2Max>;

template <class Table>
inline typename Table::WordBits word_of(const FlowBucketBits& bucket) {
#pragma HLS INLINE
    return slice<Table::word_bits - 1, 0>(bucket);
}

template <class Table>
inline typename Table::BankBits bank_of(const FlowBucketBits& bucket) {
#pragma HLS INLINE
    const FlowBucketBits kBankMask = Table::banks - 1;
    return (bucket >> Table::word_bits) & kBankMask;
}

}  // namespace kernels
}  // namespace fpvs
