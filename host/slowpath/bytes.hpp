// SPDX-License-Identifier: Apache-2.0
// Numbers in packets: network byte order, at any alignment.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

namespace fpvs::slowpath {

static_assert(std::endian::native == std::endian::little, "the loads below swap");

[[nodiscard]] inline std::uint16_t load_be16(const std::uint8_t* at) noexcept {
    std::uint16_t raw = 0;
    std::memcpy(&raw, at, sizeof raw);
    return __builtin_bswap16(raw);
}

[[nodiscard]] inline std::uint32_t load_be32(const std::uint8_t* at) noexcept {
    std::uint32_t raw = 0;
    std::memcpy(&raw, at, sizeof raw);
    return __builtin_bswap32(raw);
}

inline void store_be16(std::uint8_t* at, std::uint16_t value) noexcept {
    const std::uint16_t raw = __builtin_bswap16(value);
    std::memcpy(at, &raw, sizeof raw);
}

inline void store_be32(std::uint8_t* at, std::uint32_t value) noexcept {
    const std::uint32_t raw = __builtin_bswap32(value);
    std::memcpy(at, &raw, sizeof raw);
}

}  // namespace fpvs::slowpath
