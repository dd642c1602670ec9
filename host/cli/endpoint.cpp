// SPDX-License-Identifier: Apache-2.0
#include "host/cli/endpoint.hpp"

#include <arpa/inet.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <limits>

namespace fpvs::cli {
namespace {

constexpr std::size_t kColumnWidth = 28;
constexpr std::int64_t kPortMax = std::numeric_limits<std::uint16_t>::max();

std::optional<std::string> canonical_ipv6(const std::string& text) {
    in6_addr address{};
    std::array<char, INET6_ADDRSTRLEN> canonical{};
    if (inet_pton(AF_INET6, text.c_str(), &address) != 1) {
        return std::nullopt;
    }
    inet_ntop(AF_INET6, &address, canonical.data(), canonical.size());
    return std::string(canonical.data());
}

std::optional<std::string> canonical_ipv4(const std::string& text, Names& names) {
    in_addr address{};
    std::array<char, INET_ADDRSTRLEN> canonical{};
    // inet_aton takes the short forms too: 10.1 is 10.0.0.1.
    if (!text.empty() && inet_aton(text.c_str(), &address) != 0) {
        inet_ntop(AF_INET, &address, canonical.data(), canonical.size());
        return std::string(canonical.data());
    }
    return text.empty() ? std::nullopt : names.address_of(text);
}

std::optional<std::uint16_t> parse_port(const std::string& text,
                                        api::Protocol protocol,
                                        Names& names) {
    if (const auto number = parse_number(text, 0, kPortMax)) {
        return static_cast<std::uint16_t>(*number);
    }
    return text.empty() ? std::nullopt : names.port_of(text, protocol_name(protocol));
}

std::optional<Endpoint> parse_bracketed(const std::string& text,
                                        api::Protocol protocol,
                                        Names& names) {
    const std::size_t closing = text.find("]:");
    if (closing == std::string::npos) {
        return std::nullopt;
    }
    const auto address = canonical_ipv6(text.substr(1, closing - 1));
    const auto port = parse_port(text.substr(closing + 2), protocol, names);
    if (!address || !port) {
        return std::nullopt;
    }
    return Endpoint{.address = *address, .is_ipv6 = true, .port = port};
}

}  // namespace

std::optional<Endpoint> parse_endpoint(const std::string& text,
                                       api::Protocol protocol,
                                       Names& names) {
    if (text.starts_with('[')) {
        return parse_bracketed(text, protocol, names);
    }
    if (const auto address = canonical_ipv6(text)) {
        return Endpoint{.address = *address, .is_ipv6 = true, .port = {}};
    }
    const std::size_t colon = text.rfind(':');
    const auto address = canonical_ipv4(text.substr(0, colon), names);
    if (!address) {
        return std::nullopt;
    }
    Endpoint endpoint{.address = *address, .is_ipv6 = false, .port = {}};
    if (colon != std::string::npos) {
        endpoint.port = parse_port(text.substr(colon + 1), protocol, names);
        if (!endpoint.port) {
            return std::nullopt;
        }
    }
    return endpoint;
}

std::string endpoint_text(const std::string& address,
                          std::uint32_t port,
                          api::Protocol protocol,
                          EndpointStyle style,
                          Names& names) {
    std::string host = is_ipv6(address) ? "[" + address + "]" : address;
    std::string service = std::to_string(port);
    bool named = false;
    if (!style.numeric) {
        if (const auto name = names.host_name(address)) {
            host = *name;
            named = true;
        }
        // Port 0 is no port, whatever a services file says.
        if (port != 0) {
            service = names.port_name(static_cast<std::uint16_t>(port), protocol_name(protocol))
                          .value_or(service);
        }
    }
    std::string text = host + ":" + service;
    if (named && style.fits_column && text.size() > kColumnWidth) {
        text.resize(kColumnWidth);
    }
    return text;
}

bool is_ipv6(const std::string& address) {
    return address.find(':') != std::string::npos;
}

const char* protocol_name(api::Protocol protocol) {
    switch (protocol) {
        case api::UDP:
            return "udp";
        case api::SCTP:
            return "sctp";
        default:
            return "tcp";
    }
}

std::optional<std::int64_t> parse_number(const std::string& text,
                                         std::int64_t min,
                                         std::int64_t max) {
    errno = 0;
    char* end = nullptr;
    const long long value = std::strtoll(text.c_str(), &end, 10);
    if (text.empty() || errno != 0 || end != text.c_str() + text.size() || value < min ||
        value > max) {
        return std::nullopt;
    }
    return value;
}

}  // namespace fpvs::cli
