// SPDX-License-Identifier: Apache-2.0
// What the card's bus reaches: pieces of host memory, each at the card address the host chose.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>

namespace fpvs::sim::card {

class HostMemory {
  public:
    // The caller owns the bytes and keeps them until unmap; pieces do not overlap.
    void map(std::uint64_t card_address, std::span<std::byte> bytes);
    void unmap(std::uint64_t card_address);

    // Where `size_bytes` from `card_address` on lie, or null where not all of them are mapped.
    [[nodiscard]] std::byte* find(std::uint64_t card_address, std::size_t size_bytes) const;

  private:
    std::map<std::uint64_t, std::span<std::byte>> pieces_;
};

}  // namespace fpvs::sim::card
