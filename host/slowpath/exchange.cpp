// SPDX-License-Identifier: Apache-2.0
#include "host/slowpath/exchange.hpp"

#include <rte_errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

namespace fpvs::slowpath {

Result<std::unique_ptr<Exchange>> Exchange::make(std::size_t workers) {
    static std::atomic<int> made = 0;  // DPDK's rings have names of their own in the process.
    const std::string prefix = "fpvs_exchange_" + std::to_string(made++) + "_";
    std::unique_ptr<Exchange> exchange(new Exchange);
    for (std::size_t worker = 0; worker < workers; ++worker) {
        auto inlet = std::make_unique<Inlet>();
        inlet->ring = ::rte_ring_create((prefix + std::to_string(worker)).c_str(),
                                        kExchangeFrames,
                                        SOCKET_ID_ANY,
                                        RING_F_SC_DEQ | RING_F_EXACT_SZ);
        if (inlet->ring == nullptr) {
            return fail(Code::exhausted, "no ring into a worker: {}", ::rte_strerror(rte_errno));
        }
        inlet->wake_fd = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
        if (inlet->wake_fd < 0) {
            return fail(Code::exhausted, "no eventfd for a worker: {}", std::strerror(errno));
        }
        exchange->inlets_.push_back(std::move(inlet));
    }
    return exchange;
}

Exchange::~Exchange() = default;

Exchange::Inlet::~Inlet() {
    if (ring != nullptr) {
        void* frame = nullptr;
        while (::rte_ring_dequeue(ring, &frame) == 0) {
            ::rte_pktmbuf_free(static_cast<rte_mbuf*>(frame));
        }
        ::rte_ring_free(ring);
    }
    if (wake_fd >= 0) {
        ::close(wake_fd);
    }
}

std::size_t Exchange::put(std::size_t worker, std::span<rte_mbuf* const> frames) noexcept {
    Inlet& inlet = *inlets_[worker];
    // DPDK's signature: the array of pointers is only read.
    auto* const objects = reinterpret_cast<void* const*>(frames.data());
    const std::size_t taken = ::rte_ring_enqueue_burst(
        inlet.ring, objects, static_cast<unsigned>(frames.size()), nullptr);
    // Either we see that it sleeps, or it sees the frames before it does (fall_asleep()).
    std::atomic_thread_fence(std::memory_order_seq_cst);
    if (inlet.asleep.load(std::memory_order_relaxed)) {
        const std::uint64_t one = 1;
        static_cast<void>(::write(inlet.wake_fd, &one, sizeof one));
    }
    return taken;
}

std::size_t Exchange::take(std::size_t worker, std::span<rte_mbuf*> frames) noexcept {
    return ::rte_ring_dequeue_burst(inlets_[worker]->ring,
                                    reinterpret_cast<void**>(frames.data()),
                                    static_cast<unsigned>(frames.size()),
                                    nullptr);
}

bool Exchange::fall_asleep(std::size_t worker) noexcept {
    Inlet& inlet = *inlets_[worker];
    inlet.asleep.store(true, std::memory_order_relaxed);
    std::atomic_thread_fence(std::memory_order_seq_cst);
    return ::rte_ring_empty(inlet.ring) != 0;
}

void Exchange::wake_up(std::size_t worker) noexcept {
    Inlet& inlet = *inlets_[worker];
    inlet.asleep.store(false, std::memory_order_relaxed);
    std::uint64_t wakes = 0;
    static_cast<void>(::read(inlet.wake_fd, &wakes, sizeof wakes));
}

}  // namespace fpvs::slowpath
