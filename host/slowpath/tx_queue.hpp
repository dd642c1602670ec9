// SPDX-License-Identifier: Apache-2.0
// Frames on their way out by one packet port, gathered into bursts.
#pragma once

#include <rte_mbuf.h>

#include <array>
#include <cstddef>
#include <span>

#include "host/provider/packet_port.hpp"

namespace fpvs::slowpath {

class TxQueue {
  public:
    explicit TxQueue(provider::PacketPort& port) : port_(&port) {}

    void push(rte_mbuf* frame) noexcept {
        frames_[count_++] = frame;
        if (count_ == frames_.size()) {
            flush();
        }
    }
    void flush() noexcept {
        if (count_ != 0) {
            port_->tx_burst(std::span(frames_).first(count_));
            count_ = 0;
        }
    }
    [[nodiscard]] provider::PacketPort& port() const { return *port_; }

  private:
    provider::PacketPort* port_;
    std::array<rte_mbuf*, provider::kBurstMax> frames_{};
    std::size_t count_ = 0;
};

}  // namespace fpvs::slowpath
