// SPDX-License-Identifier: Apache-2.0
// The seam to a SmartNIC: a register block and memory that both sides see.
//
// Everything above it (rings, tables, counters) is arithmetic of hw/abi on these two, so the same
// code runs an Alveo through XRT, the Verilated card through the same XRT calls, and the
// in-process fake of the tests.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "host/util/result.hpp"

namespace fpvs::provider {

// Host memory that the card masters.  It is coherent: no call makes a write visible.
class SharedMemory {
  public:
    virtual ~SharedMemory() = default;
    [[nodiscard]] virtual std::span<std::byte> bytes() = 0;
    // The address that the card uses for the first byte.
    [[nodiscard]] virtual std::uint64_t card_address() const = 0;
};

// What was loaded, as its file says it.
struct Bitstream {
    std::string path;
    std::string platform;  // Vendor:board:name:version, as the xclbin carries it.
    std::string uuid;
    bool simulated = false;
};

// All calls are thread safe.  After the card has died every call fails with Code::unavailable and
// the sentence says how it was noticed; nothing throws and nothing blocks for longer than a second.
class Card {
  public:
    virtual ~Card() = default;
    [[nodiscard]] virtual Result<std::uint32_t> read_register(std::uint32_t offset) = 0;
    [[nodiscard]] virtual Status write_register(std::uint32_t offset, std::uint32_t value) = 0;
    // Page-aligned and zeroed.
    [[nodiscard]] virtual Result<std::unique_ptr<SharedMemory>> allocate(
        std::size_t size_bytes) = 0;
    [[nodiscard]] virtual const Bitstream& bitstream() const = 0;
};

}  // namespace fpvs::provider
