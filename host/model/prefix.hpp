// SPDX-License-Identifier: Apache-2.0
// A block of addresses: 10.0.0.0/8, 2001:db8::/32.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "host/model/address.hpp"

namespace fpvs::model {

struct Prefix {
    IpAddress address;  // The block's first: bits beyond `length` are 0.
    std::uint8_t length = 0;

    [[nodiscard]] bool contains(const IpAddress& candidate) const;

    friend auto operator<=>(const Prefix&, const Prefix&) = default;
};

// "10.0.0.0/8", or an address alone for a block of one.  None where a bit beyond the length is set.
[[nodiscard]] std::optional<Prefix> parse_prefix(std::string_view text);
// Always with the length.
[[nodiscard]] std::string to_string(const Prefix& prefix);

}  // namespace fpvs::model
