// SPDX-License-Identifier: Apache-2.0
// The five rings of a card (hw/abi/rings.hpp) as the host drives them.
//
// The memory is polled, registers are touched as rarely as the protocol allows: a register access
// is a trip over PCIe, or over a socket to the simulator.  All calls belong to one thread.
//
// The first refusal of the card is remembered as `lost()` and ends all traffic: from then on
// nothing is taken, nothing is put, and no register is touched.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "host/provider/card.hpp"
#include "host/util/result.hpp"
#include "hw/abi/rings.hpp"

namespace fpvs::provider {

struct RingGeometry {
    int slots_log2 = 0;
    int slot_bytes_log2 = 0;

    [[nodiscard]] std::uint32_t slots() const { return std::uint32_t{1} << slots_log2; }
    [[nodiscard]] std::size_t slot_bytes() const { return std::size_t{1} << slot_bytes_log2; }
    [[nodiscard]] std::size_t bytes() const { return slots() * slot_bytes(); }
};

// Sizes of the rings.  Frames longer than `frame_slot_bytes_log2` allows are dropped by the card.
struct RingSizes {
    int command_slots_log2 = 9;
    int event_slots_log2 = 10;
    int punt_slots_log2 = 10;
    int inject_slots_log2 = 10;
    int frame_slot_bytes_log2 = 11;
    int control_slots_log2 = 9;
};

class CardRings;

// A ring that the host fills: command, inject.
class ProducerRing {
  public:
    // The next free slot, zeroed in its first beat, or empty: the ring is full or the card lost.
    // Asks the card how far it came only when the ring looks full.
    [[nodiscard]] std::span<std::byte> reserve() noexcept;
    // The reserved slot is complete.  The card hears of it at the next publish().
    void commit() noexcept { ++produced_; }
    // Rings the doorbell if something was committed since the last time.
    void publish() noexcept;
    // Publishes, and waits a short time until the card has taken everything.
    void wait_taken() noexcept;

    [[nodiscard]] const RingGeometry& geometry() const { return geometry_; }
    [[nodiscard]] std::uint64_t card_address() const { return memory_->card_address(); }

  private:
    friend class CardRings;
    CardRings* owner_ = nullptr;
    abi::Ring ring_{};
    RingGeometry geometry_;
    std::unique_ptr<SharedMemory> memory_;
    std::uint32_t produced_ = 0;
    std::uint32_t published_ = 0;
    std::uint32_t taken_ = 0;  // The card's index as last read.
};

// A ring that the card fills: event, punt, control.
class ConsumerRing {
  public:
    // The oldest slot that is complete, or empty.
    [[nodiscard]] std::span<const std::byte> front() const noexcept;
    // Done with the front slot.  The card hears of it once a quarter of the ring has gathered.
    void pop() noexcept;
    // Tells the card of every slot that was popped.
    void give_back() noexcept;

    [[nodiscard]] const RingGeometry& geometry() const { return geometry_; }

  private:
    friend class CardRings;
    CardRings* owner_ = nullptr;
    abi::Ring ring_{};
    RingGeometry geometry_;
    std::unique_ptr<SharedMemory> memory_;
    std::uint32_t consumed_ = 0;
    std::uint32_t given_back_ = 0;
};

class CardRings {
  public:
    // Refuses a card that is not ours (magic, version, abi hash), stops it, gives it rings and
    // starts them.  The card must outlive the result.
    [[nodiscard]] static Result<std::unique_ptr<CardRings>> start(Card& card,
                                                                  const RingSizes& sizes = {});
    // Stops the rings before their memory goes.
    ~CardRings();
    CardRings(const CardRings&) = delete;
    CardRings& operator=(const CardRings&) = delete;

    [[nodiscard]] ProducerRing& commands() { return commands_; }
    [[nodiscard]] ConsumerRing& events() { return events_; }
    [[nodiscard]] ConsumerRing& punts() { return punts_; }
    [[nodiscard]] ProducerRing& injects() { return injects_; }
    [[nodiscard]] ConsumerRing& controls() { return controls_; }

    [[nodiscard]] Card& card() { return card_; }
    [[nodiscard]] const std::optional<Error>& lost() const { return lost_; }
    // The first reason stays.
    void declare_lost(Error reason);

  private:
    friend class ProducerRing;
    friend class ConsumerRing;
    explicit CardRings(Card& card) : card_(card) {}

    [[nodiscard]] Status check_identity();
    // Until the card touches no ring any more.
    [[nodiscard]] Status stop();
    [[nodiscard]] Status allocate(abi::Ring ring,
                                  RingGeometry geometry,
                                  std::unique_ptr<SharedMemory>& memory);
    void write_index(abi::Ring ring, std::uint32_t index) noexcept;

    Card& card_;
    ProducerRing commands_;
    ConsumerRing events_;
    ConsumerRing punts_;
    ProducerRing injects_;
    ConsumerRing controls_;
    std::optional<Error> lost_;
};

}  // namespace fpvs::provider
