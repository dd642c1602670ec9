// SPDX-License-Identifier: Apache-2.0
// Frames on their way to the worker whose they are: a ring into each worker.
//
// A worker that sleeps is woken by the first frame.  A ring that is full takes no more: the newest
// frames are lost, and who wanted to hand them over counts them.
#pragma once

#include <rte_mbuf.h>
#include <rte_ring.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "host/util/result.hpp"

namespace fpvs::slowpath {

// Of each ring: several bursts from each of the others.
constexpr std::size_t kExchangeFrames = 1024;
// A packet is shown to a server's client's worker, and then to its sender's.
constexpr std::uint8_t kHandOversMax = 2;

// What a frame tells of its way, in a word of the mbuf that is its user's.
struct Passage {
    std::uint8_t hand_overs = 0;
    // Of a packet made whole from fragments: see Forwarder::obey_thoroughly().
    std::uint16_t fragment_bytes_max = 0;

    [[nodiscard]] static Passage of(const rte_mbuf& frame) {
        return {.hand_overs = static_cast<std::uint8_t>(frame.hash.usr),
                .fragment_bytes_max = static_cast<std::uint16_t>(frame.hash.usr >> 16)};
    }
    void write_to(rte_mbuf& frame) const {
        frame.hash.usr = std::uint32_t{fragment_bytes_max} << 16 | hand_overs;
    }
};

class Exchange {
  public:
    [[nodiscard]] static Result<std::unique_ptr<Exchange>> make(std::size_t workers);
    // Frees the frames that are left.
    ~Exchange();
    Exchange(const Exchange&) = delete;
    Exchange& operator=(const Exchange&) = delete;

    // Any worker, to another one: how many of the first it took.
    [[nodiscard]] std::size_t put(std::size_t worker, std::span<rte_mbuf* const> frames) noexcept;

    // --- The worker itself.
    [[nodiscard]] std::size_t take(std::size_t worker, std::span<rte_mbuf*> frames) noexcept;
    // False if frames wait already.  Otherwise wait_fd() is readable when some do.
    [[nodiscard]] bool fall_asleep(std::size_t worker) noexcept;
    void wake_up(std::size_t worker) noexcept;
    [[nodiscard]] int wait_fd(std::size_t worker) const { return inlets_[worker]->wake_fd; }

  private:
    struct Inlet {
        ~Inlet();
        rte_ring* ring = nullptr;
        int wake_fd = -1;
        alignas(64) std::atomic<bool> asleep = false;
    };

    Exchange() = default;

    std::vector<std::unique_ptr<Inlet>> inlets_;
};

}  // namespace fpvs::slowpath
