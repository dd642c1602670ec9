// SPDX-License-Identifier: Apache-2.0
// The host's side of the five rings, as small as it can be: for tests of the card alone.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <vector>

#include "hw/abi/commands.hpp"
#include "hw/abi/events.hpp"
#include "hw/abi/limits.hpp"
#include "hw/abi/record.hpp"
#include "hw/abi/registers.hpp"
#include "hw/abi/rings.hpp"

namespace fpvs::sim::card {

// Zeroed memory that host and card share.
struct CardMemory {
    std::uint64_t card_address = 0;
    std::span<std::byte> bytes;
};

// How the host reaches a card.
class CardBus {
  public:
    virtual ~CardBus() = default;
    virtual std::uint32_t read_register(std::uint32_t offset) = 0;
    virtual void write_register(std::uint32_t offset, std::uint32_t value) = 0;
    // At `wanted`, if the card's side leaves the choice to us.
    virtual CardMemory share(std::uint64_t wanted, std::size_t size_bytes) = 0;
};

class RingHost {
  public:
    using Bytes = std::vector<std::uint8_t>;

    struct Punted {
        abi::Record<abi::PuntHeader> header;
        Bytes frame;
    };

    explicit RingHost(CardBus& card, int slots_log2 = 6, int frame_slot_log2 = 11)
        : card_(card), slots_log2_(slots_log2), frame_slot_log2_(frame_slot_log2) {
        card_.write_register(abi::reg::run, 0);
        for (int r = 0; r < abi::kRings; ++r) {
            const auto ring = static_cast<abi::Ring>(r);
            Ring& state = rings_.at(static_cast<std::size_t>(r));
            const CardMemory memory =
                card_.share(base(ring), std::size_t{1} << (slots_log2_ + slot_log2(ring)));
            state.bytes = memory.bytes;
            const auto low = static_cast<std::uint32_t>(memory.card_address);
            write(ring, abi::reg::ring::base_low, low);
            write(ring,
                  abi::reg::ring::base_high,
                  static_cast<std::uint32_t>(memory.card_address >> 32));
            write(ring, abi::reg::ring::slots_log2, static_cast<std::uint32_t>(slots_log2_));
            write(
                ring, abi::reg::ring::slot_bytes_log2, static_cast<std::uint32_t>(slot_log2(ring)));
        }
        card_.write_register(abi::reg::run, 1);
        // Writes are posted; a frame on the wire could overtake them.  A read cannot.
        (void)card_.read_register(abi::reg::run);
    }

    [[nodiscard]] std::uint32_t read(abi::Ring ring, std::uint32_t offset) {
        return card_.read_register(abi::ring_register(ring, offset));
    }
    void write(abi::Ring ring, std::uint32_t offset, std::uint32_t value) {
        card_.write_register(abi::ring_register(ring, offset), value);
    }

    void command(const abi::Record<abi::Command>& command) {
        std::memcpy(next_slot(abi::Ring::command).data(), command.words.data(), abi::kRecordBytes);
        doorbell(abi::Ring::command);
    }
    void inject(int port, std::span<const std::uint8_t> frame) {
        abi::Record<abi::InjectHeader> header;
        header.set<abi::InjectHeader::port>(static_cast<std::uint64_t>(port));
        header.set<abi::InjectHeader::length_bytes>(frame.size());
        const std::span<std::byte> slot = next_slot(abi::Ring::inject);
        std::memcpy(slot.data(), header.words.data(), abi::kBeatBytes);
        std::memcpy(slot.subspan(abi::kBeatBytes).data(), frame.data(), frame.size());
        doorbell(abi::Ring::inject);
    }
    // A slot with its header as the caller made it.
    void inject_slot(std::span<const std::uint8_t> slot) {
        std::memcpy(next_slot(abi::Ring::inject).data(), slot.data(), slot.size());
        doorbell(abi::Ring::inject);
    }
    [[nodiscard]] std::optional<abi::Record<abi::Event>> event() {
        if (!next_is_complete(abi::Ring::event)) {
            return std::nullopt;
        }
        abi::Record<abi::Event> event;
        std::memcpy(event.words.data(), next_slot(abi::Ring::event).data(), abi::kRecordBytes);
        doorbell(abi::Ring::event);
        return event;
    }
    // The next frame of the punt ring, or of the control ring.
    [[nodiscard]] std::optional<Punted> punt(abi::Ring ring = abi::Ring::punt) {
        if (!next_is_complete(ring)) {
            return std::nullopt;
        }
        const std::span<std::byte> slot = next_slot(ring);
        Punted punted;
        std::memcpy(punted.header.words.data(), slot.data(), abi::kBeatBytes);
        const auto length = punted.header.get<abi::PuntHeader::length_bytes>();
        const auto* bytes = reinterpret_cast<const std::uint8_t*>(slot.data()) + abi::kBeatBytes;
        punted.frame.assign(bytes, bytes + length);
        doorbell(ring);
        return punted;
    }

  private:
    struct Ring {
        std::span<std::byte> bytes;
        std::uint32_t index = 0;
    };

    [[nodiscard]] int slot_log2(abi::Ring ring) const {
        return ring == abi::Ring::command || ring == abi::Ring::event ? 6 : frame_slot_log2_;
    }
    [[nodiscard]] static std::uint64_t base(abi::Ring ring) {
        return 0x20'0000'0000 + 0x1'0000'0000 * static_cast<std::uint64_t>(ring);
    }
    [[nodiscard]] Ring& state(abi::Ring ring) { return rings_.at(static_cast<std::size_t>(ring)); }
    [[nodiscard]] std::span<std::byte> next_slot(abi::Ring ring) {
        const std::size_t slot_bytes = std::size_t{1} << slot_log2(ring);
        const std::size_t slot = state(ring).index & ((1U << slots_log2_) - 1);
        return state(ring).bytes.subspan(slot * slot_bytes, slot_bytes);
    }
    void doorbell(abi::Ring ring) { write(ring, abi::reg::ring::host_index, ++state(ring).index); }
    [[nodiscard]] bool next_is_complete(abi::Ring ring) {
        std::uint32_t stamp = 0;
        std::memcpy(&stamp, next_slot(ring).subspan(60).data(), sizeof stamp);
        return stamp == abi::ring_stamp(state(ring).index, slots_log2_);
    }

    CardBus& card_;
    int slots_log2_;
    int frame_slot_log2_;
    std::array<Ring, abi::kRings> rings_;
};

}  // namespace fpvs::sim::card
