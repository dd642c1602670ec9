// SPDX-License-Identifier: Apache-2.0
// Numbers and addresses in network byte order, in vectors and spans of octets.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "host/model/address.hpp"

namespace fpvs::vrrp {

[[nodiscard]] constexpr std::size_t address_bytes(model::Family family) {
    return family == model::Family::ipv4 ? 4 : 16;
}

[[nodiscard]] inline std::uint16_t be16_at(std::span<const std::uint8_t> bytes,
                                           std::size_t offset) {
    return static_cast<std::uint16_t>(bytes[offset] << 8 | bytes[offset + 1]);
}

[[nodiscard]] inline model::IpAddress address_at(std::span<const std::uint8_t> bytes,
                                                 std::size_t offset,
                                                 model::Family family) {
    const auto word = [&](std::size_t index) {
        const std::size_t at = offset + 4 * index;
        return std::uint32_t{be16_at(bytes, at)} << 16 | be16_at(bytes, at + 2);
    };
    if (family == model::Family::ipv4) {
        return model::Ipv4{word(0)};
    }
    return model::Ipv6{{word(0), word(1), word(2), word(3)}};
}

inline void append_be16(std::vector<std::uint8_t>& bytes, std::uint32_t value) {
    bytes.push_back(static_cast<std::uint8_t>(value >> 8));
    bytes.push_back(static_cast<std::uint8_t>(value));
}

inline void append_be32(std::vector<std::uint8_t>& bytes, std::uint32_t value) {
    append_be16(bytes, value >> 16);
    append_be16(bytes, value & 0xffff);
}

inline void append(std::vector<std::uint8_t>& bytes, const model::IpAddress& address) {
    for (std::size_t i = 0; i < address_bytes(address.family) / 4; ++i) {
        append_be32(bytes, address.words[i]);
    }
}

inline void append(std::vector<std::uint8_t>& bytes, const model::MacAddress& mac) {
    bytes.insert(bytes.end(), mac.octets.begin(), mac.octets.end());
}

inline void put_be16(std::span<std::uint8_t> bytes, std::size_t offset, std::uint16_t value) {
    bytes[offset] = static_cast<std::uint8_t>(value >> 8);
    bytes[offset + 1] = static_cast<std::uint8_t>(value);
}

}  // namespace fpvs::vrrp
