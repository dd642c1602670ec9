// SPDX-License-Identifier: Apache-2.0
// The seam to a card as the bus of RingHost.  A card that fails ends the test by an exception.
#pragma once

#include <memory>
#include <stdexcept>
#include <vector>

#include "host/provider/card.hpp"
#include "tests/unit/simcard/ring_host.hpp"

namespace fpvs::sim::card {

class ProviderBus final : public CardBus {
  public:
    explicit ProviderBus(provider::Card& card) : card_(card) {}

    std::uint32_t read_register(std::uint32_t offset) override {
        const auto value = card_.read_register(offset);
        return value ? *value : throw std::runtime_error(value.error().text());
    }
    void write_register(std::uint32_t offset, std::uint32_t value) override {
        if (const auto done = card_.write_register(offset, value); !done) {
            throw std::runtime_error(done.error().text());
        }
    }
    CardMemory share(std::uint64_t /*wanted*/, std::size_t size_bytes) override {
        pieces_.push_back(card_.allocate(size_bytes).value());
        return {pieces_.back()->card_address(), pieces_.back()->bytes()};
    }

  private:
    provider::Card& card_;
    std::vector<std::unique_ptr<provider::SharedMemory>> pieces_;
};

}  // namespace fpvs::sim::card
