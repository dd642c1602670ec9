// SPDX-License-Identifier: Apache-2.0
// The chain of IPv6 headers before the transport's (RFC 8200 4).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace fpvs::slowpath {

// A chain of more is nobody's honest packet.
constexpr std::size_t kExtensionHeadersMax = 8;

struct Ipv6Chain {
    enum class End : std::uint8_t {
        upper,     // `protocol` is none of the headers that are skipped here.
        fragment,  // A fragment header of a packet that is in pieces.
        cut,       // An extension header does not fit the packet.
        too_long,  // More than kExtensionHeadersMax.
    };
    End end = End::upper;
    std::uint8_t protocol = 0;       // Of the header at `offset`.
    std::size_t offset = 0;          // From the first byte of the IPv6 header; at most its length.
    std::size_t next_header_at = 0;  // Where the byte lies that says `protocol`.
};

// Skips hop-by-hop options, routing, destination options, authentication, and the fragment header
// of a packet that is whole (RFC 6946).  `packet` begins with a whole IPv6 header.
[[nodiscard]] Ipv6Chain walk_ipv6(std::span<const std::uint8_t> packet) noexcept;

}  // namespace fpvs::slowpath
