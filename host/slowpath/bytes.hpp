// SPDX-License-Identifier: Apache-2.0
// Numbers in packets: network byte order, at any alignment.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

#include "host/model/address.hpp"

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

[[nodiscard]] inline model::Ipv4 load_ipv4(const std::uint8_t* at) noexcept {
    return {load_be32(at)};
}

[[nodiscard]] inline model::Ipv6 load_ipv6(const std::uint8_t* at) noexcept {
    return {{load_be32(at), load_be32(at + 4), load_be32(at + 8), load_be32(at + 12)}};
}

inline void store_ipv6(std::uint8_t* at, const model::Ipv6& address) noexcept {
    for (const std::uint32_t word : address.words) {
        store_be32(at, word);
        at += sizeof word;
    }
}

}  // namespace fpvs::slowpath
