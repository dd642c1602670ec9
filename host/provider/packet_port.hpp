// SPDX-License-Identifier: Apache-2.0
// The seam to whatever carries frames: a NIC, the card's rings, a TAP device, a capture file.
//
// A frame is one DPDK mbuf, whole Ethernet without FCS, checksums complete.  `mbuf->port` is always
// the director's number of a network port: the one a frame came in by, or is to leave by.  One
// PacketPort may carry several network ports, as the card does.
//
// All calls but the const ones belong to one thread.  Nothing blocks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

struct rte_mbuf;  // NOLINT(readability-identifier-naming): DPDK's name.

namespace fpvs::provider {

constexpr std::size_t kBurstMax = 32;

struct PacketPortCounters {
    std::uint64_t rx_frames = 0;
    std::uint64_t rx_bytes = 0;
    std::uint64_t rx_dropped = 0;  // Too long, malformed by the other side, or no mbuf was free.
    std::uint64_t tx_frames = 0;
    std::uint64_t tx_bytes = 0;
    std::uint64_t tx_dropped = 0;  // No room, too long, or the device is gone.
};

class PacketPort {
  public:
    virtual ~PacketPort() = default;

    // Fills the front of `frames` and returns how many; the caller owns them.
    [[nodiscard]] virtual std::size_t rx_burst(std::span<rte_mbuf*> frames) noexcept = 0;

    // Takes all of `frames`, at most kBurstMax.  What cannot be sent is counted in tx_dropped.
    virtual void tx_burst(std::span<rte_mbuf* const> frames) noexcept = 0;

    [[nodiscard]] virtual const std::string& name() const noexcept = 0;
    [[nodiscard]] virtual PacketPortCounters counters() const noexcept = 0;

    // A descriptor that is readable when frames wait, or -1 where only polling tells.
    [[nodiscard]] virtual int wait_fd() const noexcept { return -1; }
};

}  // namespace fpvs::provider
