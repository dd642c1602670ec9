// SPDX-License-Identifier: Apache-2.0
// The options of a TCP header (RFC 9293 3.2).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "host/slowpath/headers.hpp"

namespace fpvs::slowpath {

namespace tcp_option {
constexpr std::uint8_t kEnd = 0;
constexpr std::uint8_t kNoOperation = 1;
constexpr std::uint8_t kSegmentSize = 2;
constexpr std::uint8_t kSack = 5;
constexpr std::size_t kHeaderBytes = 2;  // Kind and length.
}  // namespace tcp_option

[[nodiscard]] inline std::size_t tcp_header_bytes(const std::uint8_t* segment) noexcept {
    return static_cast<std::size_t>(segment[tcp::kDataOffset] >> 4) * 4;
}

// Of a header that is whole.
[[nodiscard]] inline std::span<std::uint8_t> tcp_options(std::uint8_t* segment) noexcept {
    return {segment + tcp::kHeaderBytesMin, segment + tcp_header_bytes(segment)};
}

// Calls `visit` with each option but no-operations, kind and length included, up to the first that
// does not fit.
template <class Visit>
void for_each_tcp_option(std::span<std::uint8_t> options, Visit&& visit) {
    while (!options.empty() && options[0] != tcp_option::kEnd) {
        if (options[0] == tcp_option::kNoOperation) {
            options = options.subspan(1);
            continue;
        }
        const std::size_t length = options.size() > 1 ? options[1] : 0;
        if (length < tcp_option::kHeaderBytes || length > options.size()) {
            return;
        }
        visit(options.first(length));
        options = options.subspan(length);
    }
}

}  // namespace fpvs::slowpath
