// SPDX-License-Identifier: Apache-2.0
#include "host/slowpath/crc32c.hpp"

#include <rte_hash_crc.h>

#include <cstring>

namespace fpvs::slowpath {

// The CRCs of two messages of one length differ by the CRC, without its two inversions, of their
// difference: here four bytes and then zeros.
void change_crc32c(std::uint8_t* at, std::uint32_t change, std::size_t length) noexcept {
    std::uint32_t crc = rte_hash_crc_4byte(__builtin_bswap32(change), 0);
    std::size_t zeros = length - sizeof change;
    for (; zeros >= sizeof(std::uint64_t); zeros -= sizeof(std::uint64_t)) {
        crc = rte_hash_crc_8byte(0, crc);
    }
    for (; zeros != 0; --zeros) {
        crc = rte_hash_crc_1byte(0, crc);
    }
    std::uint32_t stored = 0;
    std::memcpy(&stored, at, sizeof stored);
    stored ^= crc;
    std::memcpy(at, &stored, sizeof stored);
}

}  // namespace fpvs::slowpath
