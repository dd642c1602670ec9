// SPDX-License-Identifier: Apache-2.0
#include "drivers/xrt_sim/card_slot.hpp"

#include <cstdlib>

#include "drivers/xrt/xclbin/format.hpp"

namespace fpvs::xrt_sim {

Result<std::shared_ptr<SimulatedCard>> CardSlot::load(const xrt_card::Xclbin& xclbin,
                                                      const std::shared_ptr<SimulatedCard>& own) {
    const std::lock_guard lock(mutex_);
    if (!xclbin.is_simulated()) {
        return fail(Code::failed_precondition,
                    "the xclbin is for {}, this is a simulated card",
                    xclbin.platform());
    }
    if (xclbin.ips().size() != 1) {
        return fail(Code::failed_precondition,
                    "a simulated card has one kernel, the xclbin names {}",
                    xclbin.ips().size());
    }
    const xrt_card::XclbinMemory* memory = xclbin.find_memory(xrt_card::kHostMemoryTag);
    if (memory == nullptr) {
        return fail(
            Code::failed_precondition, "the xclbin has no memory {}", xrt_card::kHostMemoryTag);
    }
    const auto loaded = loaded_.lock();
    if (loaded && loaded != own) {
        return fail(Code::failed_precondition,
                    "the simulated card is in use: close what holds it before loading another "
                    "xclbin");
    }
    if (own) {
        own->stop();
    }
    const AddressWindow window{.base = memory->base_address, .size_bytes = memory->size_bytes};
    const char* socket = std::getenv("FPVS_SIMCARD_SOCKET");
    FPVS_TRY(auto card,
             socket != nullptr ? SimulatedCard::connect(socket, window)
                               : SimulatedCard::start(xclbin.bitstream(), window));
    loaded_ = card;
    return card;
}

}  // namespace fpvs::xrt_sim
