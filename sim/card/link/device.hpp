// SPDX-License-Identifier: Apache-2.0
// What a simulated card must be able to do for the host program at the other end of the link.
// LinkServer calls it from the thread that calls service(), with arguments it has checked.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace fpvs::sim::card {

class Device {
  public:
    virtual ~Device() = default;

    // `offset` is a multiple of 4 within the register block.
    [[nodiscard]] virtual std::uint32_t read_register(std::uint32_t offset) = 0;
    virtual void write_register(std::uint32_t offset, std::uint32_t value) = 0;

    // From now on the card's bus reaches `bytes` at `card_address`; both are whole pages and
    // overlap nothing that is mapped.
    virtual void map_memory(std::uint64_t card_address, std::span<std::byte> bytes) = 0;

    // The bytes vanish when this returns: what the card still writes there is dropped and what it
    // reads is zero.  Also called for all that is mapped when the host program has gone.
    virtual void unmap_memory(std::uint64_t card_address) = 0;
};

}  // namespace fpvs::sim::card
