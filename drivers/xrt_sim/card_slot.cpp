// SPDX-License-Identifier: Apache-2.0
#include "drivers/xrt_sim/card_slot.hpp"

#include <cstdlib>
#include <string>

#include "drivers/xrt/xclbin/format.hpp"

namespace fpvs::xrt_sim {
namespace {

std::string digits_of(std::string uuid) {
    std::erase(uuid, '-');
    return uuid;
}

sim::card::CardIdentity identity_of(const std::string& uuid) {
    constexpr std::size_t kHalf = 16;
    const auto half = [&](std::size_t first) {
        return std::strtoull(uuid.substr(first, kHalf).c_str(), nullptr, 16);
    };
    return {.high = half(0), .low = half(kHalf)};
}

}  // namespace

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
    std::shared_ptr<SimulatedCard> card;
    const char* socket = std::getenv("FPVS_SIMCARD_SOCKET");
    const char* keep = std::getenv("FPVS_SIMCARD_KEEP");
    if (socket != nullptr) {
        FPVS_TRY(card, SimulatedCard::connect(socket, window));
    } else if (keep == nullptr) {
        FPVS_TRY(card, SimulatedCard::start(xclbin.bitstream(), window));
    } else {
        const std::string uuid = digits_of(xclbin.uuid_text());
        card = own ? nullptr : SimulatedCard::take_over(keep, window, identity_of(uuid));
        if (!card) {
            FPVS_TRY(card,
                     SimulatedCard::start(xclbin.bitstream(),
                                          window,
                                          SimulatorProcess::Keep{.path = keep, .identity = uuid}));
        }
    }
    loaded_ = card;
    return card;
}

}  // namespace fpvs::xrt_sim
