// SPDX-License-Identifier: Apache-2.0
// A TAP device as a packet port: what is sent here, the kernel receives; what the kernel sends,
// arrives here.
#pragma once

#include <rte_mempool.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "drivers/kernel/tap.hpp"
#include "host/provider/packet_port.hpp"

namespace fpvs::dpdk {

class TapPort final : public provider::PacketPort {
  public:
    // `number` is the network port whose interface the TAP is.  The pool must outlive the port.
    TapPort(kernel::Tap tap, std::uint16_t number, rte_mempool& pool);
    ~TapPort() override;
    TapPort(const TapPort&) = delete;
    TapPort& operator=(const TapPort&) = delete;

    [[nodiscard]] std::size_t rx_burst(std::span<rte_mbuf*> frames) noexcept override;
    void tx_burst(std::span<rte_mbuf* const> frames) noexcept override;
    [[nodiscard]] const std::string& name() const noexcept override { return tap_.name(); }
    [[nodiscard]] provider::PacketPortCounters counters() const noexcept override;
    [[nodiscard]] int wait_fd() const noexcept override { return tap_.fd(); }

    [[nodiscard]] const kernel::Tap& tap() const { return tap_; }

  private:
    kernel::Tap tap_;
    std::uint16_t number_;
    rte_mempool& pool_;
    rte_mbuf* spare_ = nullptr;  // For the next frame, so that an idle read costs no allocation.
    provider::PacketPortCounters counters_;
};

}  // namespace fpvs::dpdk
