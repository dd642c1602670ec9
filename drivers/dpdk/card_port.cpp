// SPDX-License-Identifier: Apache-2.0
#include "drivers/dpdk/card_port.hpp"

#include <rte_mbuf.h>

#include <cstring>
#include <utility>

#include "hw/abi/limits.hpp"
#include "hw/abi/record.hpp"

namespace fpvs::dpdk {

CardPort::CardPort(provider::CardRings& rings, rte_mempool& pool, std::string name)
    : rings_(rings), pool_(pool), name_(std::move(name)) {}

std::size_t CardPort::rx_burst(std::span<rte_mbuf*> frames) noexcept {
    // A quarter is left for the others, or a flood of control traffic would hold them up for ever.
    const std::size_t most = frames.size() - frames.size() / 4;
    const std::size_t control = drain(rings_.controls(), frames.first(most));
    const std::size_t count = control + drain(rings_.punts(), frames.subspan(control));
    counters_.rx_frames += count;
    return count;
}

std::size_t CardPort::drain(provider::ConsumerRing& ring, std::span<rte_mbuf*> frames) noexcept {
    std::size_t count = 0;
    // Slots that yield no frame count too, or a card gone mad would hold us here.
    for (std::size_t turn = 0; turn < frames.size(); ++turn) {
        const auto slot = ring.front();
        if (slot.empty()) {
            break;
        }
        if (rte_mbuf* frame = take(slot)) {
            frames[count++] = frame;
        } else {
            ++counters_.rx_dropped;
        }
        ring.pop();
    }
    return count;
}

rte_mbuf* CardPort::take(std::span<const std::byte> slot) noexcept {
    abi::Record<abi::PuntHeader> header;
    std::memcpy(header.words.data(), slot.data(), abi::kBeatBytes);
    const auto length = static_cast<std::uint16_t>(header.get<abi::PuntHeader::length_bytes>());
    const std::uint64_t port = header.get<abi::PuntHeader::port>();
    const std::uint64_t reason = header.get<abi::PuntHeader::reason>();
    if (length < abi::kFrameBytesMin || length > slot.size() - abi::kBeatBytes ||
        port >= abi::kPortsMax || reason >= abi::kReasonsMax) {
        return nullptr;
    }
    rte_mbuf* frame = ::rte_pktmbuf_alloc(&pool_);
    if (frame == nullptr) {
        return nullptr;
    }
    char* data = ::rte_pktmbuf_append(frame, length);
    if (data == nullptr) {
        ::rte_pktmbuf_free(frame);
        return nullptr;
    }
    std::memcpy(data, slot.data() + abi::kBeatBytes, length);
    frame->port = static_cast<std::uint16_t>(port);
    ++punts_by_reason_[reason];
    counters_.rx_bytes += length;
    return frame;
}

void CardPort::tx_burst(std::span<rte_mbuf* const> frames) noexcept {
    for (rte_mbuf* frame : frames) {
        if (put(*frame)) {
            ++counters_.tx_frames;
            counters_.tx_bytes += frame->pkt_len;
        } else {
            ++counters_.tx_dropped;
        }
        ::rte_pktmbuf_free(frame);
    }
    rings_.injects().publish();
}

bool CardPort::put(const rte_mbuf& frame) noexcept {
    provider::ProducerRing& ring = rings_.injects();
    if (frame.nb_segs != 1 || frame.pkt_len < abi::kFrameBytesMin ||
        frame.pkt_len > ring.geometry().slot_bytes() - abi::kBeatBytes) {
        return false;
    }
    const auto slot = ring.reserve();
    if (slot.empty()) {
        return false;
    }
    abi::Record<abi::InjectHeader> header;
    header.set<abi::InjectHeader::port>(frame.port);
    header.set<abi::InjectHeader::length_bytes>(frame.pkt_len);
    std::memcpy(slot.data(), header.words.data(), abi::kBeatBytes);
    std::memcpy(
        slot.data() + abi::kBeatBytes, rte_pktmbuf_mtod(&frame, const void*), frame.pkt_len);
    ring.commit();
    return true;
}

}  // namespace fpvs::dpdk
