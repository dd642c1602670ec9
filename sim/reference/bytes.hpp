// SPDX-License-Identifier: Apache-2.0
// Packets as bytes: numbers in network order, and the checksums of IP, TCP, UDP and SCTP.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "sim/reference/types.hpp"

namespace fpvs::reference {

using Bytes = std::vector<std::uint8_t>;
using View8 = std::span<const std::uint8_t>;

// The number in `count` bytes from `at` on.
[[nodiscard]] std::uint32_t number(View8 bytes, std::size_t at, std::size_t count);
void put(Bytes& bytes, std::size_t at, std::size_t count, std::uint32_t value);
void append(Bytes& bytes, View8 more);
[[nodiscard]] Address address_at(View8 bytes, std::size_t at, int family);
void put(Bytes& bytes, std::size_t at, const Address& address);

// RFC 1071, over all the bytes: the field of the checksum itself must hold 0.
[[nodiscard]] std::uint16_t checksum(View8 bytes);
// RFC 1624: what a checksum becomes when some of what it covers is replaced.
[[nodiscard]] std::uint16_t updated(std::uint16_t checksum, View8 before, View8 after);
// What TCP, UDP and ICMPv6 put before their bytes for a checksum.
[[nodiscard]] Bytes pseudo_header(const Address& source,
                                  const Address& destination,
                                  std::uint8_t protocol,
                                  std::size_t length);
// RFC 4960 appendix B, as it stands in the SCTP header.
[[nodiscard]] std::uint32_t crc32c(View8 bytes);

}  // namespace fpvs::reference
