// SPDX-License-Identifier: Apache-2.0
// The one slot of this machine that holds a simulated card.
//
// As with a real card, whoever opens device 0 opens the same one: an xclbin replaces what was
// loaded before, and cannot be loaded while another user of the card is there.
#pragma once

#include <memory>
#include <mutex>

#include "drivers/xrt/xclbin/reader.hpp"
#include "drivers/xrt_sim/simulated_card.hpp"
#include "host/util/result.hpp"

namespace fpvs::xrt_sim {

class CardSlot {
  public:
    // Ends `own`, what the caller has loaded before (or null), and starts the xclbin's simulator;
    // where FPVS_SIMCARD_SOCKET names a socket file, takes the simulator that listens there.  Where
    // FPVS_SIMCARD_KEEP names one, the simulator outlives a host that vanishes, as a card does, and
    // the next host's load finds it there and leaves it as it is.
    [[nodiscard]] Result<std::shared_ptr<SimulatedCard>> load(
        const xrt_card::Xclbin& xclbin, const std::shared_ptr<SimulatedCard>& own);

  private:
    std::mutex mutex_;
    std::weak_ptr<SimulatedCard> loaded_;
};

}  // namespace fpvs::xrt_sim
