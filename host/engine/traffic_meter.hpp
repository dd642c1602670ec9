// SPDX-License-Identifier: Apache-2.0
// What went to a server or a service: totals, and rates smoothed as IPVS smooths them.
#pragma once

#include <cstdint>

#include "host/model/view.hpp"

namespace fpvs::engine {

class TrafficMeter {
  public:
    // Time from one sample() to the next.
    static constexpr std::uint64_t kSampleMs = 2'000;

    void add_connection() { ++totals_.connections; }
    void add_in(std::uint64_t packets, std::uint64_t bytes) {
        totals_.packets_in += packets;
        totals_.bytes_in += bytes;
    }
    void add_out(std::uint64_t packets, std::uint64_t bytes) {
        totals_.packets_out += packets;
        totals_.bytes_out += bytes;
    }
    // Totals and rates start again at 0.
    void zero() { *this = {}; }

    // Every average goes a quarter of the way to the rate since the last sample.
    void sample();

    [[nodiscard]] const model::TrafficCounters& totals() const { return totals_; }
    [[nodiscard]] model::TrafficRates rates() const;

  private:
    // Per second, as a fixed-point number: IPVS keeps 10 bits of fraction, and 5 for bytes.
    struct Average {
        std::uint64_t last_total = 0;
        std::int64_t scaled = 0;

        void sample(std::uint64_t total, int fraction_bits);
        [[nodiscard]] std::uint64_t rounded(int fraction_bits) const;
    };
    static constexpr int kCountBits = 10;
    static constexpr int kByteBits = 5;

    model::TrafficCounters totals_;
    Average connections_;
    Average packets_in_;
    Average packets_out_;
    Average bytes_in_;
    Average bytes_out_;
};

}  // namespace fpvs::engine
