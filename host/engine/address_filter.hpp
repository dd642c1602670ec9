// SPDX-License-Identifier: Apache-2.0
// A set of addresses that may say yes of one that is not in it, but never no of one that is.
// One thread changes it at a time; any may ask meanwhile.
#pragma once

#include <cstddef>
#include <cstdint>

#include "host/engine/mapped_array.hpp"
#include "host/engine/server_line.hpp"
#include "host/model/address.hpp"

namespace fpvs::engine {

class AddressFilter {
  public:
    AddressFilter() : counts_(std::size_t{1} << kPlacesLog2) {}

    void add(const model::IpAddress& address) {
        counts_[place_of(address)].add(1);
        size_.add(1);
    }
    // It must have been added.
    void remove(const model::IpAddress& address) {
        counts_[place_of(address)].add(~std::uint32_t{0});
        size_.add(~std::uint32_t{0});
    }
    [[nodiscard]] bool may_contain(const model::IpAddress& address) const {
        return size_.get() != 0 && counts_[place_of(address)].get() != 0;
    }

  private:
    // Of a hundred addresses that were not added, four get a yes while 10,000 were.
    static constexpr int kPlacesLog2 = 18;

    [[nodiscard]] static std::size_t place_of(const model::IpAddress& address) {
        constexpr std::uint64_t kOdd = 0x9e3779b97f4a7c15u;  // 2^64 / golden ratio.
        const auto& words = address.words;
        const std::uint64_t folded =
            std::uint64_t{words[0] ^ words[2]} << 32 | (words[1] ^ words[3]);
        return static_cast<std::size_t>((folded ^ folded >> 29) * kOdd >> (64 - kPlacesLog2));
    }

    MappedArray<SharedWord<std::uint32_t>> counts_;
    SharedWord<std::uint32_t> size_;
};

}  // namespace fpvs::engine
