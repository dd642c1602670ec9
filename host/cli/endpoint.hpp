// SPDX-License-Identifier: Apache-2.0
// Addresses and ports as ipvsadm reads and prints them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "host/cli/names.hpp"
#include "host/control/api.pb.h"

namespace fpvs::cli {

namespace api = control::api;

struct Endpoint {
    std::string address;  // In the usual form of its family.
    bool is_ipv6 = false;
    std::optional<std::uint16_t> port;
};

// "192.0.2.1", "192.0.2.1:80", "db:mysql", "[2001:db8::1]:80", "2001:db8::1".
[[nodiscard]] std::optional<Endpoint> parse_endpoint(const std::string& text,
                                                     api::Protocol protocol,
                                                     Names& names);

struct EndpointStyle {
    bool numeric = true;
    bool fits_column = false;  // Names are cut to the column of a list.
};

[[nodiscard]] std::string endpoint_text(const std::string& address,
                                        std::uint32_t port,
                                        api::Protocol protocol,
                                        EndpointStyle style,
                                        Names& names);

[[nodiscard]] bool is_ipv6(const std::string& address);
// For getservbyname: "tcp".
[[nodiscard]] const char* protocol_name(api::Protocol protocol);

// strtol's decimal numbers, as ipvsadm takes them: blanks and a sign may lead, nothing may follow.
[[nodiscard]] std::optional<std::int64_t> parse_number(const std::string& text,
                                                       std::int64_t min,
                                                       std::int64_t max);

}  // namespace fpvs::cli
