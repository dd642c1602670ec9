// SPDX-License-Identifier: Apache-2.0
// A VerilatedCard as a CardBus, with the memory it shares.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

#include "sim/card/verilated_card.hpp"
#include "tests/unit/simcard/ring_host.hpp"

namespace fpvs::sim::card {

class VerilatedBus final : public CardBus {
  public:
    explicit VerilatedBus(VerilatedCard& card) : card_(card) {}

    std::uint32_t read_register(std::uint32_t offset) override {
        return card_.read_register(offset);
    }
    void write_register(std::uint32_t offset, std::uint32_t value) override {
        card_.write_register(offset, value);
    }
    CardMemory share(std::uint64_t wanted, std::size_t size_bytes) override {
        std::vector<std::byte>& bytes = pieces_[wanted];
        bytes.assign(size_bytes, std::byte{0});
        card_.memory().map(wanted, bytes);
        return {wanted, bytes};
    }
    // Until the card rests, so that everything that was asked for has happened.
    void settle() {
        while (!card_.idle()) {
            (void)card_.run(1 << 20);
        }
    }

  private:
    VerilatedCard& card_;
    std::map<std::uint64_t, std::vector<std::byte>> pieces_;
};

}  // namespace fpvs::sim::card
