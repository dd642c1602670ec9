// SPDX-License-Identifier: Apache-2.0
// Addresses as values.  Numbers are in host order; byte order appears only where packets do.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace fpvs::model {

struct Ipv4 {
    std::uint32_t value = 0;  // 192.0.2.1 is 0xc0000201.

    friend auto operator<=>(const Ipv4&, const Ipv4&) = default;
};

struct MacAddress {
    std::array<std::uint8_t, 6> octets{};

    friend auto operator<=>(const MacAddress&, const MacAddress&) = default;
    // The address as the number that a frame carries, first octet most significant.
    [[nodiscard]] std::uint64_t value() const;
    [[nodiscard]] static MacAddress from_value(std::uint64_t value);
};

[[nodiscard]] std::optional<Ipv4> parse_ipv4(std::string_view text);
[[nodiscard]] std::optional<MacAddress> parse_mac(std::string_view text);
[[nodiscard]] std::string to_string(Ipv4 address);
[[nodiscard]] std::string to_string(MacAddress address);

}  // namespace fpvs::model
