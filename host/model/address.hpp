// SPDX-License-Identifier: Apache-2.0
// Addresses as values.  Numbers are in host order; byte order appears only where packets do.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace fpvs::model {

struct Ipv4 {
    std::uint32_t value = 0;  // 192.0.2.1 is 0xc0000201.

    friend auto operator<=>(const Ipv4&, const Ipv4&) = default;
};

struct Ipv6 {
    std::array<std::uint32_t, 4> words{};  // 2001:db8::1 is {0x20010db8, 0, 0, 1}.

    friend auto operator<=>(const Ipv6&, const Ipv6&) = default;
};

enum class Family : std::uint8_t { ipv4 = 4, ipv6 = 6 };

// An address of either family.  IPv4 comes before IPv6.
struct IpAddress {
    Family family = Family::ipv4;
    std::array<std::uint32_t, 4> words{};  // IPv4 has its number in the first, and 0 in the others.

    constexpr IpAddress() = default;
    // Either kind is an address: no word is needed to say so.
    constexpr IpAddress(Ipv4 address)
        : words{address.value} {}      // NOLINT(google-explicit-constructor)
    constexpr IpAddress(Ipv6 address)  // NOLINT(google-explicit-constructor)
        : family(Family::ipv6), words(address.words) {}
    // 0.0.0.0 or ::.
    [[nodiscard]] static constexpr IpAddress any(Family family) {
        return family == Family::ipv4 ? IpAddress(Ipv4{}) : IpAddress(Ipv6{});
    }

    [[nodiscard]] constexpr bool is_ipv4() const { return family == Family::ipv4; }
    [[nodiscard]] constexpr bool is_ipv6() const { return family == Family::ipv6; }
    [[nodiscard]] constexpr bool is_any() const {
        return (words[0] | words[1] | words[2] | words[3]) == 0;
    }
    // Of an address of that family only.
    [[nodiscard]] constexpr Ipv4 ipv4() const { return {words[0]}; }
    [[nodiscard]] constexpr Ipv6 ipv6() const { return {words}; }

    friend constexpr auto operator<=>(const IpAddress&, const IpAddress&) = default;
};

// For tables that nobody outside can fill: it is not keyed.
struct AddressHash {
    [[nodiscard]] std::size_t operator()(const IpAddress& address) const {
        constexpr std::uint64_t kOdd = 0x9e3779b97f4a7c15u;  // 2^64 / golden ratio.
        std::uint64_t value = 0;
        for (const std::uint32_t word : address.words) {
            value = (value ^ word) * kOdd;
            value ^= value >> 32;
        }
        return value;
    }
};

struct MacAddress {
    std::array<std::uint8_t, 6> octets{};

    friend auto operator<=>(const MacAddress&, const MacAddress&) = default;
    // The address as the number that a frame carries, first octet most significant.
    [[nodiscard]] std::uint64_t value() const;
    [[nodiscard]] static MacAddress from_value(std::uint64_t value);
};

[[nodiscard]] std::optional<Ipv4> parse_ipv4(std::string_view text);
[[nodiscard]] std::optional<Ipv6> parse_ipv6(std::string_view text);
[[nodiscard]] std::optional<IpAddress> parse_address(std::string_view text);  // Of either family.
[[nodiscard]] std::optional<MacAddress> parse_mac(std::string_view text);
[[nodiscard]] std::string to_string(Ipv4 address);
[[nodiscard]] std::string to_string(Ipv6 address);  // RFC 5952.
[[nodiscard]] std::string to_string(const IpAddress& address);
[[nodiscard]] std::string to_string(MacAddress address);

}  // namespace fpvs::model
