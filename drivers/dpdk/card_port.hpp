// SPDX-License-Identifier: Apache-2.0
// The card's control, punt and inject rings as a packet port that carries all of the card's network
// ports.
//
// The card has filtered destination addresses and says in the punt header by which port a frame
// came.  Punted frames are copied out at once, so that the ring never waits for their fate.  Those
// of control traffic come first: what the director lives by does not wait behind a flood of others.
#pragma once

#include <rte_mempool.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "host/provider/card_rings.hpp"
#include "host/provider/packet_port.hpp"
#include "hw/abi/reasons.hpp"

namespace fpvs::dpdk {

class CardPort final : public provider::PacketPort {
  public:
    // Rings and pool must outlive the port.
    CardPort(provider::CardRings& rings, rte_mempool& pool, std::string name = "card");

    [[nodiscard]] std::size_t rx_burst(std::span<rte_mbuf*> frames) noexcept override;
    void tx_burst(std::span<rte_mbuf* const> frames) noexcept override;
    [[nodiscard]] const std::string& name() const noexcept override { return name_; }
    [[nodiscard]] provider::PacketPortCounters counters() const noexcept override {
        return counters_;
    }

    // Frames by the reason the card gave.
    [[nodiscard]] const std::array<std::uint64_t, abi::kReasonsMax>& punts_by_reason() const {
        return punts_by_reason_;
    }

  private:
    // Takes what the ring has, as far as there is room; the number of frames.
    [[nodiscard]] std::size_t drain(provider::ConsumerRing& ring,
                                    std::span<rte_mbuf*> frames) noexcept;
    // The frame of one slot, or null if the slot makes no sense or no mbuf is free.
    [[nodiscard]] rte_mbuf* take(std::span<const std::byte> slot) noexcept;
    [[nodiscard]] bool put(const rte_mbuf& frame) noexcept;

    provider::CardRings& rings_;
    rte_mempool& pool_;
    std::string name_;
    provider::PacketPortCounters counters_;
    std::array<std::uint64_t, abi::kReasonsMax> punts_by_reason_{};
};

}  // namespace fpvs::dpdk
