// SPDX-License-Identifier: Apache-2.0
#include "host/provider/card_past.hpp"

#include "hw/abi/registers.hpp"
#include "hw/abi/rings.hpp"

namespace fpvs::provider {
namespace {

// A card takes a command in less time than a read does.
constexpr int kTakeReadsMax = 1000;

Result<std::uint32_t> read_command_ring(Card& card, std::uint32_t offset) {
    return card.read_register(abi::ring_register(abi::Ring::command, offset));
}

}  // namespace

Result<CardPast> read_past(Card& card) {
    CardPast past;
    FPVS_TRY(const std::uint64_t base_low, read_command_ring(card, abi::reg::ring::base_low));
    FPVS_TRY(const std::uint64_t base_high, read_command_ring(card, abi::reg::ring::base_high));
    FPVS_TRY(const std::uint32_t run, card.read_register(abi::reg::run));
    FPVS_TRY(const std::uint64_t cycles_low, card.read_register(abi::reg::cycles_low));
    FPVS_TRY(const std::uint64_t cycles_high, card.read_register(abi::reg::cycles_high));
    past.command_base = base_high << 32 | base_low;
    past.running = run != 0;
    past.used = past.running || past.command_base != 0;
    past.cycles = cycles_high << 32 | cycles_low;
    FPVS_TRY(past.commands_published, read_command_ring(card, abi::reg::ring::host_index));
    for (int reads = 0; reads < kTakeReadsMax; ++reads) {
        FPVS_TRY(past.commands_taken, read_command_ring(card, abi::reg::ring::card_index));
        if (!past.running || past.commands_taken == past.commands_published) {
            break;
        }
    }
    return past;
}

}  // namespace fpvs::provider
