// SPDX-License-Identifier: Apache-2.0
// SCTP's checksum (RFC 9260 appendix A): CRC32c, which lies in the packet least significant byte
// first.
#pragma once

#include <cstddef>
#include <cstdint>

namespace fpvs::slowpath {

// Brings the checksum at `at` up to date after the first four of the `length` bytes it covers have
// changed; `change` is the old of them xor the new, as a number in network byte order.  A CRC is
// linear, so a packet that arrived damaged stays visibly damaged.
void change_crc32c(std::uint8_t* at, std::uint32_t change, std::size_t length) noexcept;

}  // namespace fpvs::slowpath
