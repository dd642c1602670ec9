// SPDX-License-Identifier: Apache-2.0
#include "sim/card/axi_memory.hpp"

#include <atomic>
#include <cstring>

namespace fpvs::sim::card {
namespace {

constexpr std::uint64_t kBoundaryBytes = 4096;  // No AXI burst crosses it.
constexpr std::size_t kBurstsMax = 64;

// The last word of a beat is written last and released: a slot's stamp lies there, and a host
// thread that sees the stamp must see the rest (hw/abi/rings.hpp).
void write_beat(std::byte* target, const void* source) {
    constexpr std::size_t kBody = kAxiBeatBytes - sizeof(std::uint32_t);
    std::uint32_t stamp = 0;
    std::memcpy(target, source, kBody);
    std::memcpy(&stamp, static_cast<const std::byte*>(source) + kBody, sizeof stamp);
    std::atomic_ref(*reinterpret_cast<std::uint32_t*>(target + kBody))
        .store(stamp, std::memory_order_release);
}

}  // namespace

bool AxiPace::stalls() {
    return timing_.stall_percent != 0 && random_() % 100 < timing_.stall_percent;
}

std::uint32_t AxiPace::latency_cycles() {
    return timing_.latency_cycles_max == 0
               ? 0
               : static_cast<std::uint32_t>(random_() % (timing_.latency_cycles_max + 1));
}

void AxiRules::report(std::string_view what) {
    if (violation_.empty()) {
        violation_ = what;
    }
}

void AxiRules::check(const AxiAddress& shown, bool ready) {
    if (waiting_.valid && (!shown.valid || shown.address != waiting_.address ||
                           shown.beats_less_one != waiting_.beats_less_one)) {
        report("an address changed before it was taken");
    }
    if (shown.valid) {
        const std::uint64_t last =
            shown.address + (std::uint64_t{shown.beats_less_one} + 1) * kAxiBeatBytes - 1;
        if (shown.address % kAxiBeatBytes != 0) {
            report("an address is not that of a whole beat");
        }
        if (shown.address / kBoundaryBytes != last / kBoundaryBytes) {
            report("a burst crosses a 4 KiB boundary");
        }
    }
    waiting_ = ready ? AxiAddress{} : shown;
}

void AxiReadMemory::offer_next() {
    rvalid_ = false;
    if (bursts_.empty() || bursts_.front().due_cycle > cycle_ || pace_.stalls()) {
        return;
    }
    Burst& burst = bursts_.front();
    const std::byte* source = memory_.find(burst.address, kAxiBeatBytes);
    if (source != nullptr) {
        // Pairs with the host's release of its index: the doorbell came after the slot's bytes.
        std::atomic_thread_fence(std::memory_order_acquire);
        std::memcpy(rdata_.data(), source, kAxiBeatBytes);
    } else {
        rdata_.fill(std::byte{0xee});  // Nobody may rely on what a failed read carries.
    }
    rvalid_ = true;
    rresp_ = source != nullptr ? kAxiOkay : kAxiDecodeError;
    rlast_ = burst.beats_left == 1;
    burst.address += kAxiBeatBytes;
    if (--burst.beats_left == 0) {
        bursts_.pop_front();
    }
}

bool AxiReadMemory::clock(const AxiAddress& ar, bool rready) {
    ++cycle_;
    rules_.check(ar, arready_);
    const bool asked = ar.valid && arready_;
    const bool given = rvalid_ && rready;
    if (asked) {
        bursts_.push_back(
            {ar.address, ar.beats_less_one + std::uint32_t{1}, cycle_ + pace_.latency_cycles()});
    }
    if (given || !rvalid_) {
        offer_next();
    }
    arready_ = bursts_.size() < kBurstsMax && !pace_.stalls();
    return asked || given;
}

void AxiWriteMemory::store(const Data& w) {
    Burst& burst = bursts_.front();
    std::byte* target = memory_.find(burst.address, kAxiBeatBytes);
    if (target != nullptr) {
        write_beat(target, w.data);
    } else {
        burst.response = kAxiDecodeError;
    }
    burst.address += kAxiBeatBytes;
    --burst.beats_left;
    if (w.last != (burst.beats_left == 0)) {
        rules_.report("WLAST is not on the last beat of its burst");
    }
    if (burst.beats_left == 0) {
        replies_.push_back({cycle_ + pace_.latency_cycles(), burst.response});
        bursts_.pop_front();
    }
}

bool AxiWriteMemory::clock(const AxiAddress& aw, const Data& w, bool bready) {
    ++cycle_;
    rules_.check(aw, awready_);
    const bool asked = aw.valid && awready_;
    const bool given = w.valid && wready_;
    const bool replied = bvalid_ && bready;
    if (asked) {
        bursts_.push_back({aw.address, aw.beats_less_one + std::uint32_t{1}, kAxiOkay});
    }
    if (given) {
        store(w);
    }
    if (replied || !bvalid_) {
        bvalid_ = !replies_.empty() && replies_.front().due_cycle <= cycle_ && !pace_.stalls();
        if (bvalid_) {
            bresp_ = replies_.front().response;
            replies_.pop_front();
        }
    }
    awready_ = bursts_.size() < kBurstsMax && replies_.size() < kBurstsMax && !pace_.stalls();
    // A beat is taken only for a burst whose address is known.
    wready_ = !bursts_.empty() && !pace_.stalls();
    return asked || given || replied;
}

}  // namespace fpvs::sim::card
