// SPDX-License-Identifier: Apache-2.0
#include "host/model/prefix.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <limits>
#include <system_error>

namespace fpvs::model {
namespace {

constexpr unsigned kWordBits = 32;
constexpr unsigned kIpv6Bits = 128;

unsigned bits_of(Family family) {
    return family == Family::ipv4 ? kWordBits : kIpv6Bits;
}

// The bits of the address's word number `index` that a prefix of that length fixes.
std::uint32_t mask(unsigned length, std::size_t index) {
    const unsigned before = static_cast<unsigned>(index) * kWordBits;
    const unsigned bits = std::clamp(length, before, before + kWordBits) - before;
    return bits == 0 ? 0 : std::numeric_limits<std::uint32_t>::max() << (kWordBits - bits);
}

}  // namespace

bool Prefix::contains(const IpAddress& candidate) const {
    if (candidate.family != address.family) {
        return false;
    }
    for (std::size_t i = 0; i < address.words.size(); ++i) {
        if (((candidate.words[i] ^ address.words[i]) & mask(length, i)) != 0) {
            return false;
        }
    }
    return true;
}

std::optional<Prefix> parse_prefix(std::string_view text) {
    const std::size_t slash = text.find('/');
    const auto address = parse_address(text.substr(0, slash));
    if (!address) {
        return std::nullopt;
    }
    unsigned length = bits_of(address->family);
    if (slash != std::string_view::npos) {
        const std::string_view digits = text.substr(slash + 1);
        const unsigned length_max = length;
        const char* const last = digits.data() + digits.size();
        const auto [end, error] = std::from_chars(digits.data(), last, length);
        if (error != std::errc() || end != last || length > length_max) {
            return std::nullopt;
        }
    }
    for (std::size_t i = 0; i < address->words.size(); ++i) {
        if ((address->words[i] & ~mask(length, i)) != 0) {
            return std::nullopt;
        }
    }
    return Prefix{.address = *address, .length = static_cast<std::uint8_t>(length)};
}

std::string to_string(const Prefix& prefix) {
    return fmt::format("{}/{}", to_string(prefix.address), prefix.length);
}

}  // namespace fpvs::model
