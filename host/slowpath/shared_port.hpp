// SPDX-License-Identifier: Apache-2.0
// One packet port that cannot be used by several threads, for several workers: one of them
// receives, and all send by turns, a burst at a time.
#pragma once

#include <cstddef>
#include <mutex>
#include <span>
#include <string>

#include "host/provider/packet_port.hpp"

namespace fpvs::slowpath {

class SharedPort {
  public:
    // The port must outlive us.
    explicit SharedPort(provider::PacketPort& port) : receiver_(*this, true), port_(port) {}

    [[nodiscard]] provider::PacketPort& receiver() { return receiver_; }
    [[nodiscard]] provider::PacketPort& sender() { return sender_; }

  private:
    class Share final : public provider::PacketPort {
      public:
        Share(SharedPort& owner, bool receives) : owner_(owner), receives_(receives) {}

        [[nodiscard]] std::size_t rx_burst(std::span<rte_mbuf*> frames) noexcept override {
            return receives_ ? owner_.port_.rx_burst(frames) : 0;
        }
        void tx_burst(std::span<rte_mbuf* const> frames) noexcept override {
            const std::lock_guard lock(owner_.mutex_);
            owner_.port_.tx_burst(frames);
        }
        [[nodiscard]] const std::string& name() const noexcept override {
            return owner_.port_.name();
        }
        [[nodiscard]] provider::PacketPortCounters counters() const noexcept override {
            return owner_.port_.counters();
        }
        [[nodiscard]] int wait_fd() const noexcept override {
            return receives_ ? owner_.port_.wait_fd() : -1;
        }

      private:
        SharedPort& owner_;
        bool receives_;
    };

    Share receiver_;
    Share sender_{*this, false};
    provider::PacketPort& port_;
    std::mutex mutex_;
};

}  // namespace fpvs::slowpath
