// SPDX-License-Identifier: Apache-2.0
// A record of the contract as the host holds it: little-endian 64-bit words.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "hw/abi/field.hpp"

namespace fpvs {
namespace abi {

// Layout is one of the structs of entries.hpp, commands.hpp, events.hpp or rings.hpp.
template <class Layout>
struct Record {
    static constexpr std::size_t kWords = (static_cast<int>(Layout::bits) + 63) / 64;
    std::array<std::uint64_t, kWords> words{};

    template <class F>
    std::uint64_t get() const {
        constexpr int kShift = F::lsb % 64;
        std::uint64_t value = words[F::lsb / 64] >> kShift;
        if (kShift + F::width > 64) {
            value |= words[(F::lsb + F::width - 1) / 64] << (64 - kShift) % 64;
        }
        return value & mask<F>();
    }

    // Bits of `value` beyond the field's width are lost: check ranges before.
    template <class F>
    Record& set(std::uint64_t value) {
        constexpr int kShift = F::lsb % 64;
        value &= mask<F>();
        std::uint64_t& low = words[F::lsb / 64];
        low = (low & ~(mask<F>() << kShift)) | (value << kShift);
        if (kShift + F::width > 64) {
            std::uint64_t& high = words[(F::lsb + F::width - 1) / 64];
            constexpr int kRest = (64 - kShift) % 64;
            high = (high & ~(mask<F>() >> kRest)) | (value >> kRest);
        }
        return *this;
    }

    bool operator==(const Record& other) const { return words == other.words; }

  private:
    template <class F>
    static constexpr std::uint64_t mask() {
        return ~std::uint64_t{0} >> (64 - F::width);
    }
};

}  // namespace abi
}  // namespace fpvs
