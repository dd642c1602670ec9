// SPDX-License-Identifier: Apache-2.0
#include "host/engine/traffic_meter.hpp"

namespace fpvs::engine {

void TrafficMeter::Average::sample(std::uint64_t total, int fraction_bits) {
    constexpr int kSecondsBits = 1;  // A sample is two seconds, 2^1.
    constexpr int kShareBits = 2;    // A quarter.
    static_assert(kSampleMs == (1000 << kSecondsBits));
    const auto rate =
        static_cast<std::int64_t>((total - last_total) << (fraction_bits - kSecondsBits));
    scaled += (rate - scaled) >> kShareBits;
    last_total = total;
}

// Half rounds down.
std::uint64_t TrafficMeter::Average::rounded(int fraction_bits) const {
    const std::int64_t below_half = (std::int64_t{1} << (fraction_bits - 1)) - 1;
    return static_cast<std::uint64_t>((scaled + below_half) >> fraction_bits);
}

void TrafficMeter::sample() {
    connections_.sample(totals_.connections, kCountBits);
    packets_in_.sample(totals_.packets_in, kCountBits);
    packets_out_.sample(totals_.packets_out, kCountBits);
    bytes_in_.sample(totals_.bytes_in, kByteBits);
    bytes_out_.sample(totals_.bytes_out, kByteBits);
}

model::TrafficRates TrafficMeter::rates() const {
    return {.connections = connections_.rounded(kCountBits),
            .packets_in = packets_in_.rounded(kCountBits),
            .packets_out = packets_out_.rounded(kCountBits),
            .bytes_in = bytes_in_.rounded(kByteBits),
            .bytes_out = bytes_out_.rounded(kByteBits)};
}

}  // namespace fpvs::engine
