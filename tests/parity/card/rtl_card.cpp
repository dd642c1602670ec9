// SPDX-License-Identifier: Apache-2.0
#include "tests/cosim/pipeline/pipeline_cosim.hpp"
#include "tests/parity/card/card_under_test.hpp"

namespace fpvs::parity {
namespace {

struct Card {
    cosim_test::PipelineCosim streams{1};
    kit::CardDataplane dataplane{"RTL", streams};
};

Card& card() {
    static Card one;
    return one;
}

}  // namespace

const std::uint64_t kCardFrames = 900;

kit::CardDataplane& card_under_test() {
    return card().dataplane;
}

std::uint64_t card_differences() {
    return card().streams.progress().mismatches + card().streams.owed();
}

}  // namespace fpvs::parity
