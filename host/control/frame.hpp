// SPDX-License-Identifier: Apache-2.0
// A frame of the control socket: a little-endian u32 length, then that many bytes of a message.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "host/model/limits.hpp"

namespace fpvs::control {

constexpr std::size_t kFrameHeaderBytes = 4;

using FrameHeader = std::array<std::uint8_t, kFrameHeaderBytes>;

[[nodiscard]] constexpr FrameHeader encode_length(std::uint32_t length) {
    return {static_cast<std::uint8_t>(length),
            static_cast<std::uint8_t>(length >> 8),
            static_cast<std::uint8_t>(length >> 16),
            static_cast<std::uint8_t>(length >> 24)};
}

[[nodiscard]] constexpr std::uint32_t decode_length(const FrameHeader& header) {
    return static_cast<std::uint32_t>(header[0]) | static_cast<std::uint32_t>(header[1]) << 8 |
           static_cast<std::uint32_t>(header[2]) << 16 |
           static_cast<std::uint32_t>(header[3]) << 24;
}

}  // namespace fpvs::control
