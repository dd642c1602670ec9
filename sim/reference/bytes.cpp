// SPDX-License-Identifier: Apache-2.0
#include "sim/reference/bytes.hpp"

#include <algorithm>

namespace fpvs::reference {
namespace {

// The sum of 16-bit words, an odd byte at the end padded with zero.
[[nodiscard]] std::uint32_t ones_complement_sum(View8 bytes) {
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        sum += i % 2 == 0 ? bytes[i] * 256u : bytes[i];
    }
    while (sum > 0xffff) {
        sum = sum % 0x10000 + sum / 0x10000;
    }
    return static_cast<std::uint32_t>(sum);
}

}  // namespace

std::uint32_t number(View8 bytes, std::size_t at, std::size_t count) {
    std::uint32_t value = 0;
    for (std::size_t i = at; i < at + count; ++i) {
        value = value << 8 | bytes[i];
    }
    return value;
}

void put(Bytes& bytes, std::size_t at, std::size_t count, std::uint32_t value) {
    for (std::size_t i = at + count; i-- > at; value >>= 8) {
        bytes[i] = static_cast<std::uint8_t>(value);
    }
}

void append(Bytes& bytes, View8 more) {
    bytes.insert(bytes.end(), more.begin(), more.end());
}

Address address_at(View8 bytes, std::size_t at, int family) {
    Address address = {.family = family};
    for (std::size_t i = 0; i < address.size(); ++i) {
        address.bytes[i] = bytes[at + i];
    }
    return address;
}

void put(Bytes& bytes, std::size_t at, const Address& address) {
    std::copy_n(address.bytes.begin(), address.size(), bytes.begin() + static_cast<long>(at));
}

std::uint16_t checksum(View8 bytes) {
    return static_cast<std::uint16_t>(~ones_complement_sum(bytes));
}

std::uint16_t updated(std::uint16_t checksum, View8 before, View8 after) {
    const auto inverse = [](std::uint32_t word) { return 0xffffu - word; };
    std::uint32_t sum =
        inverse(checksum) + inverse(ones_complement_sum(before)) + ones_complement_sum(after);
    while (sum > 0xffff) {
        sum = sum % 0x10000 + sum / 0x10000;
    }
    return static_cast<std::uint16_t>(inverse(sum));
}

Bytes pseudo_header(const Address& source,
                    const Address& destination,
                    std::uint8_t protocol,
                    std::size_t length) {
    Bytes bytes(source.size() * 2 + (source.family == 4 ? 4 : 8));
    put(bytes, 0, source);
    put(bytes, source.size(), destination);
    put(bytes, bytes.size() - 1, 1, protocol);
    if (source.family == 4) {
        put(bytes, bytes.size() - 2, 2, static_cast<std::uint32_t>(length));
        put(bytes, bytes.size() - 4, 2, protocol);
    } else {
        put(bytes, bytes.size() - 8, 4, static_cast<std::uint32_t>(length));
    }
    return bytes;
}

std::uint32_t crc32c(View8 bytes) {
    constexpr std::uint32_t kReflectedPolynomial = 0x82f63b78;
    std::uint32_t remainder = 0xffffffff;
    for (const std::uint8_t byte : bytes) {
        remainder ^= byte;
        for (int bit = 0; bit < 8; ++bit) {
            remainder = remainder >> 1 ^ (remainder % 2 == 1 ? kReflectedPolynomial : 0);
        }
    }
    remainder = ~remainder;
    // The lowest byte goes first on the wire.
    return remainder << 24 | (remainder & 0xff00) << 8 | (remainder >> 8 & 0xff00) |
           remainder >> 24;
}

}  // namespace fpvs::reference
