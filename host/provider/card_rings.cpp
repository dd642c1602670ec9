// SPDX-License-Identifier: Apache-2.0
#include "host/provider/card_rings.hpp"

#include <algorithm>
#include <utility>

#include "hw/abi/abi_hash.hpp"
#include "hw/abi/limits.hpp"
#include "hw/abi/registers.hpp"

namespace fpvs::provider {
namespace {

// The card has at most a few frames under way; the bound is for one that is broken.
constexpr int kStopReadsMax = 10000;

// It takes a command in less time than a read does.
constexpr int kTakenReadsMax = 1000;

constexpr int kRecordBytesLog2 = 6;
static_assert(1 << kRecordBytesLog2 == abi::kRecordBytes);

constexpr std::size_t kStampOffset = abi::PuntHeader::stamp::lsb / 8;
static_assert(abi::PuntHeader::stamp::lsb == abi::Event::stamp::lsb && kStampOffset % 4 == 0);

// The stamp is the last word of a slot that the card writes: once it is seen, so is the rest.
std::uint32_t load_stamp(std::span<const std::byte> slot) {
    const auto* stamp = reinterpret_cast<const std::uint32_t*>(slot.data() + kStampOffset);
    return std::atomic_ref<const std::uint32_t>(*stamp).load(std::memory_order_acquire);
}

std::span<std::byte> slot_at(SharedMemory& memory, RingGeometry geometry, std::uint32_t index) {
    const std::size_t position = index & (geometry.slots() - 1);
    return memory.bytes().subspan(position * geometry.slot_bytes(), geometry.slot_bytes());
}

bool valid_slots(int log2) {
    return log2 >= abi::kRingSlotsLog2Min && log2 <= abi::kRingSlotsLog2Max;
}

}  // namespace

std::span<std::byte> ProducerRing::reserve() noexcept {
    if (owner_->lost_) {
        return {};
    }
    if (produced_ - taken_ == geometry_.slots()) {
        publish();
        const auto taken =
            owner_->card_.read_register(abi::ring_register(ring_, abi::reg::ring::card_index));
        if (!taken) {
            owner_->declare_lost(taken.error());
            return {};
        }
        if (produced_ - *taken > geometry_.slots()) {
            owner_->declare_lost({Code::unavailable, "the card's ring index makes no sense", {}});
            return {};
        }
        taken_ = *taken;
        if (produced_ - taken_ == geometry_.slots()) {
            return {};
        }
    }
    const auto slot = slot_at(*memory_, geometry_, produced_);
    std::fill_n(slot.begin(), abi::kBeatBytes, std::byte{0});
    return slot;
}

void ProducerRing::publish() noexcept {
    if (published_ != produced_ && !owner_->lost_) {
        published_ = produced_;
        owner_->write_index(ring_, produced_);
    }
}

void ProducerRing::wait_taken() noexcept {
    publish();
    for (int i = 0; i < kTakenReadsMax && taken_ != produced_ && !owner_->lost_; ++i) {
        const auto taken =
            owner_->card_.read_register(abi::ring_register(ring_, abi::reg::ring::card_index));
        if (!taken) {
            owner_->declare_lost(taken.error());
            return;
        }
        taken_ = *taken;
    }
}

std::span<const std::byte> ConsumerRing::front() const noexcept {
    if (owner_->lost_) {
        return {};
    }
    const auto slot = slot_at(*memory_, geometry_, consumed_);
    if (load_stamp(slot) != abi::ring_stamp(consumed_, geometry_.slots_log2)) {
        return {};
    }
    return slot;
}

void ConsumerRing::pop() noexcept {
    ++consumed_;
    if (consumed_ - given_back_ >= geometry_.slots() / 4) {
        give_back();
    }
}

void ConsumerRing::give_back() noexcept {
    if (given_back_ != consumed_ && !owner_->lost_) {
        given_back_ = consumed_;
        owner_->write_index(ring_, consumed_);
    }
}

Result<std::unique_ptr<CardRings>> CardRings::start(Card& card, const RingSizes& sizes) {
    if (!valid_slots(sizes.command_slots_log2) || !valid_slots(sizes.event_slots_log2) ||
        !valid_slots(sizes.punt_slots_log2) || !valid_slots(sizes.inject_slots_log2) ||
        !valid_slots(sizes.control_slots_log2) ||
        sizes.frame_slot_bytes_log2 < abi::kFrameSlotLog2Min ||
        sizes.frame_slot_bytes_log2 > abi::kFrameSlotLog2Max) {
        return fail(Code::invalid_argument, "ring sizes are outside what a card can do");
    }
    std::unique_ptr<CardRings> rings(new CardRings(card));
    FPVS_TRY_STATUS(rings->check_identity());
    FPVS_TRY_STATUS(rings->stop());

    const auto join = [&rings](auto& ring, abi::Ring which, int slots_log2, int bytes_log2) {
        ring.owner_ = rings.get();
        ring.ring_ = which;
        ring.geometry_ = {slots_log2, bytes_log2};
        return rings->allocate(which, ring.geometry_, ring.memory_);
    };
    const int frame = sizes.frame_slot_bytes_log2;
    FPVS_TRY_STATUS(
        join(rings->commands_, abi::Ring::command, sizes.command_slots_log2, kRecordBytesLog2));
    FPVS_TRY_STATUS(
        join(rings->events_, abi::Ring::event, sizes.event_slots_log2, kRecordBytesLog2));
    FPVS_TRY_STATUS(join(rings->punts_, abi::Ring::punt, sizes.punt_slots_log2, frame));
    FPVS_TRY_STATUS(join(rings->injects_, abi::Ring::inject, sizes.inject_slots_log2, frame));
    FPVS_TRY_STATUS(join(rings->controls_, abi::Ring::control, sizes.control_slots_log2, frame));
    FPVS_TRY_STATUS(card.write_register(abi::reg::run, 1));
    return rings;
}

CardRings::~CardRings() {
    if (lost_) {
        return;
    }
    static_cast<void>(stop());
}

Status CardRings::stop() {
    FPVS_TRY_STATUS(card_.write_register(abi::reg::run, 0));
    // It reads 0 once the card touches no memory of the host any more.
    for (int i = 0; i < kStopReadsMax; ++i) {
        FPVS_TRY(const std::uint32_t run, card_.read_register(abi::reg::run));
        if (run == 0) {
            return {};
        }
    }
    return fail(Code::unavailable, "the card's rings do not come to rest");
}

Status CardRings::check_identity() {
    FPVS_TRY(const std::uint32_t magic, card_.read_register(abi::reg::magic));
    if (magic != abi::kMagic) {
        return fail(Code::mismatch,
                    "this is no FPVS card: its first register reads {:#010x}, not {:#010x}",
                    magic,
                    abi::kMagic);
    }
    FPVS_TRY(const std::uint32_t version, card_.read_register(abi::reg::version));
    if (version != abi::kVersion) {
        return fail(Code::mismatch,
                    "the bitstream speaks version {} of the card's contract, this host {}",
                    version,
                    abi::kVersion);
    }
    FPVS_TRY(const std::uint64_t low, card_.read_register(abi::reg::abi_hash_low));
    FPVS_TRY(const std::uint64_t high, card_.read_register(abi::reg::abi_hash_high));
    if (const std::uint64_t hash = high << 32 | low; hash != abi::kAbiHash) {
        return fail(Code::mismatch,
                    "the bitstream was built for abi {:016x}, this host for {:016x}: "
                    "use the bitstream of this release",
                    hash,
                    abi::kAbiHash);
    }
    return {};
}

Status CardRings::allocate(abi::Ring ring,
                           RingGeometry geometry,
                           std::unique_ptr<SharedMemory>& memory) {
    FPVS_TRY(memory, card_.allocate(geometry.bytes()));
    const std::uint64_t base = memory->card_address();
    const std::pair<std::uint32_t, std::uint32_t> values[] = {
        {abi::reg::ring::base_low, static_cast<std::uint32_t>(base)},
        {abi::reg::ring::base_high, static_cast<std::uint32_t>(base >> 32)},
        {abi::reg::ring::slots_log2, static_cast<std::uint32_t>(geometry.slots_log2)},
        {abi::reg::ring::slot_bytes_log2, static_cast<std::uint32_t>(geometry.slot_bytes_log2)},
    };
    for (const auto& [offset, value] : values) {
        FPVS_TRY_STATUS(card_.write_register(abi::ring_register(ring, offset), value));
    }
    return {};
}

void CardRings::declare_lost(Error reason) {
    if (!lost_) {
        lost_ = std::move(reason);
    }
}

void CardRings::write_index(abi::Ring ring, std::uint32_t index) noexcept {
    // What was written to the ring must be seen before its index.
    std::atomic_thread_fence(std::memory_order_release);
    const auto status =
        card_.write_register(abi::ring_register(ring, abi::reg::ring::host_index), index);
    if (!status) {
        declare_lost(status.error());
    }
}

}  // namespace fpvs::provider
