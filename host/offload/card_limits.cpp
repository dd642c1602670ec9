// SPDX-License-Identifier: Apache-2.0
#include "host/offload/card_limits.hpp"

#include <bit>

#include "hw/abi/limits.hpp"

namespace fpvs::offload {
namespace {

Result<int> read_buckets_log2(provider::Card& card, std::uint32_t offset) {
    FPVS_TRY(const std::uint32_t buckets, card.read_register(offset));
    if (!std::has_single_bit(buckets) || buckets > 1u << abi::kFlowBucketsLog2Max) {
        return fail(Code::invalid_argument, "the card says that it has {} flow buckets", buckets);
    }
    return std::countr_zero(buckets);
}

}  // namespace

Result<CardLimits> read_limits(provider::Card& card) {
    CardLimits limits;
    FPVS_TRY(limits.sizes.flow_buckets_log2, read_buckets_log2(card, abi::reg::flow_buckets));
    FPVS_TRY(limits.sizes.flow6_buckets_log2, read_buckets_log2(card, abi::reg::flow6_buckets));
    FPVS_TRY(limits.capabilities, card.read_register(abi::reg::capabilities));
    return limits;
}

}  // namespace fpvs::offload
