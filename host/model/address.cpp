// SPDX-License-Identifier: Apache-2.0
#include "host/model/address.hpp"

#include <arpa/inet.h>
#include <fmt/core.h>

#include <charconv>
#include <cstring>

namespace fpvs::model {

std::uint64_t MacAddress::value() const {
    std::uint64_t value = 0;
    for (const std::uint8_t octet : octets) {
        value = value << 8 | octet;
    }
    return value;
}

MacAddress MacAddress::from_value(std::uint64_t value) {
    MacAddress mac;
    for (std::size_t i = mac.octets.size(); i-- > 0; value >>= 8) {
        mac.octets[i] = static_cast<std::uint8_t>(value);
    }
    return mac;
}

std::optional<Ipv4> parse_ipv4(std::string_view text) {
    in_addr address{};
    if (inet_pton(AF_INET, std::string(text).c_str(), &address) != 1) {
        return std::nullopt;
    }
    return Ipv4{ntohl(address.s_addr)};
}

std::optional<Ipv6> parse_ipv6(std::string_view text) {
    in6_addr address{};
    if (inet_pton(AF_INET6, std::string(text).c_str(), &address) != 1) {
        return std::nullopt;
    }
    Ipv6 parsed;
    for (std::size_t i = 0; i < parsed.words.size(); ++i) {
        std::uint32_t word = 0;
        std::memcpy(&word, &address.s6_addr[4 * i], sizeof word);
        parsed.words[i] = ntohl(word);
    }
    return parsed;
}

std::optional<IpAddress> parse_address(std::string_view text) {
    if (const auto address = parse_ipv4(text)) {
        return *address;
    }
    if (const auto address = parse_ipv6(text)) {
        return *address;
    }
    return std::nullopt;
}

std::optional<MacAddress> parse_mac(std::string_view text) {
    constexpr std::size_t kTextLength = 17;  // aa:bb:cc:dd:ee:ff
    if (text.size() != kTextLength) {
        return std::nullopt;
    }
    MacAddress mac;
    for (std::size_t i = 0; i < mac.octets.size(); ++i) {
        const char* first = text.data() + 3 * i;
        if (i > 0 && first[-1] != ':') {
            return std::nullopt;
        }
        const auto [end, error] = std::from_chars(first, first + 2, mac.octets[i], 16);
        if (error != std::errc() || end != first + 2) {
            return std::nullopt;
        }
    }
    return mac;
}

std::string to_string(Ipv4 address) {
    return fmt::format("{}.{}.{}.{}",
                       address.value >> 24,
                       address.value >> 16 & 0xff,
                       address.value >> 8 & 0xff,
                       address.value & 0xff);
}

std::string to_string(Ipv6 address) {
    in6_addr octets{};
    for (std::size_t i = 0; i < address.words.size(); ++i) {
        const std::uint32_t word = htonl(address.words[i]);
        std::memcpy(&octets.s6_addr[4 * i], &word, sizeof word);
    }
    std::array<char, INET6_ADDRSTRLEN> text{};
    return inet_ntop(AF_INET6, &octets, text.data(), text.size());
}

std::string to_string(const IpAddress& address) {
    return address.is_ipv4() ? to_string(address.ipv4()) : to_string(address.ipv6());
}

std::string to_string(MacAddress address) {
    const auto& o = address.octets;
    return fmt::format(
        "{:02x}:{:02x}:{:02x}:{:02x}:{:02x}:{:02x}", o[0], o[1], o[2], o[3], o[4], o[5]);
}

}  // namespace fpvs::model
