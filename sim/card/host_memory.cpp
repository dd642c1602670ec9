// SPDX-License-Identifier: Apache-2.0
#include "sim/card/host_memory.hpp"

namespace fpvs::sim::card {

void HostMemory::map(std::uint64_t card_address, std::span<std::byte> bytes) {
    pieces_[card_address] = bytes;
}

void HostMemory::unmap(std::uint64_t card_address) {
    pieces_.erase(card_address);
}

std::byte* HostMemory::find(std::uint64_t card_address, std::size_t size_bytes) const {
    auto after = pieces_.upper_bound(card_address);
    if (after == pieces_.begin()) {
        return nullptr;
    }
    const auto& [start, bytes] = *--after;
    const std::uint64_t offset = card_address - start;
    if (offset > bytes.size() || bytes.size() - offset < size_bytes) {
        return nullptr;
    }
    return bytes.data() + offset;
}

}  // namespace fpvs::sim::card
