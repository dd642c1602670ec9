// SPDX-License-Identifier: Apache-2.0
#include "drivers/dpdk/tap_port.hpp"

#include <rte_mbuf.h>

#include <algorithm>
#include <utility>

namespace fpvs::dpdk {

TapPort::TapPort(kernel::Tap tap, std::uint16_t number, rte_mempool& pool)
    : tap_(std::move(tap)), number_(number), pool_(pool) {}

TapPort::~TapPort() {
    ::rte_pktmbuf_free(spare_);
}

std::size_t TapPort::rx_burst(std::span<rte_mbuf*> frames) noexcept {
    std::size_t count = 0;
    while (count < frames.size()) {
        if (spare_ == nullptr) {
            spare_ = ::rte_pktmbuf_alloc(&pool_);
            if (spare_ == nullptr) {
                break;
            }
        }
        const std::size_t room = ::rte_pktmbuf_tailroom(spare_);
        const std::size_t length = tap_.read({rte_pktmbuf_mtod(spare_, std::uint8_t*), room});
        if (length == 0) {
            break;
        }
        // A frame that fills the buffer may have been cut.
        if (length == room) {
            ++counters_.rx_dropped;
            continue;
        }
        rte_mbuf* frame = std::exchange(spare_, nullptr);
        ::rte_pktmbuf_append(frame, static_cast<std::uint16_t>(length));
        frame->port = number_;
        frames[count++] = frame;
        counters_.rx_bytes += length;
    }
    counters_.rx_frames += count;
    return count;
}

void TapPort::tx_burst(std::span<rte_mbuf* const> frames) noexcept {
    for (rte_mbuf* frame : frames) {
        const bool sent =
            frame->nb_segs == 1 &&
            tap_.write({rte_pktmbuf_mtod(frame, const std::uint8_t*), frame->data_len});
        if (sent) {
            ++counters_.tx_frames;
            counters_.tx_bytes += frame->pkt_len;
        } else {
            ++counters_.tx_dropped;
        }
        ::rte_pktmbuf_free(frame);
    }
}

provider::PacketPortCounters TapPort::counters() const noexcept {
    return counters_;
}

}  // namespace fpvs::dpdk
