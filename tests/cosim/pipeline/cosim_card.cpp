// SPDX-License-Identifier: Apache-2.0
#include "tests/cosim/pipeline/cosim_card.hpp"

#include <cstdlib>

#include "tests/kit/traffic.hpp"

namespace fpvs::cosim_test {

Card::Card(std::uint64_t random_seed)
    : seed(random_seed), streams(random_seed), dataplane("RTL", streams) {}

Card& card() {
    static Card one(kit::seed_from_environment(1));
    return one;
}

std::uint64_t packets_wanted() {
    const char* text = std::getenv("FPVS_COSIM_PACKETS");
    return text == nullptr ? 12000 : std::strtoull(text, nullptr, 10);
}

void discard_outputs() {
    using kit::FrameOutput;
    for (const FrameOutput port :
         {FrameOutput::tx_0, FrameOutput::tx_1, FrameOutput::punt, FrameOutput::control}) {
        card().streams.take(port);
    }
    card().streams.take_events();
}

}  // namespace fpvs::cosim_test
