// SPDX-License-Identifier: Apache-2.0
// The card's counters as the host sums them up.
//
// The card spreads each counter over kCounterBanks banks and never sets one back; the host reads
// bank by bank, and what counts is the difference to the last reading.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "hw/abi/limits.hpp"

namespace fpvs::offload {

struct Traffic {
    std::uint64_t packets = 0;
    std::uint64_t bytes = 0;
};

class CardCounters {
  public:
    // `fresh`: the counters began with 0 and every first reading counts in full.  Otherwise it
    // only says where the counting starts.
    CardCounters(std::size_t counters, bool fresh) : fresh_(fresh), banks_(counters) {}

    // A reading of one bank: the growth since the one before.  Numbers out of range grow nothing.
    Traffic read(std::uint64_t index, std::uint64_t bank, Traffic reading) {
        if (index >= banks_.size() || bank >= abi::kCounterBanks) {
            return {};
        }
        Bank& known = banks_[index][bank];
        Traffic growth{reading.packets - known.last.packets, reading.bytes - known.last.bytes};
        if (!known.read && !fresh_) {
            growth = {};
        }
        known.read = true;
        known.last = reading;
        return growth;
    }

    [[nodiscard]] std::size_t size() const { return banks_.size(); }
    // The sum over the banks as last read.
    [[nodiscard]] Traffic total(std::size_t index) const {
        Traffic sum;
        for (const Bank& bank : banks_[index]) {
            sum.packets += bank.last.packets;
            sum.bytes += bank.last.bytes;
        }
        return sum;
    }

  private:
    struct Bank {
        Traffic last;
        bool read = false;
    };

    bool fresh_;
    std::vector<std::array<Bank, abi::kCounterBanks>> banks_;
};

}  // namespace fpvs::offload
