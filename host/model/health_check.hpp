// SPDX-License-Identifier: Apache-2.0
// How a real server is asked whether it serves: keepalived's checkers and their keys.
#pragma once

#include <cstdint>
#include <optional>

#include "host/model/address.hpp"

namespace fpvs::model {

enum class CheckKind : std::uint8_t { tcp };

struct HealthCheck {
    CheckKind kind = CheckKind::tcp;
    std::uint32_t connect_timeout_ms = 5'000;
    std::uint32_t retries = 1;  // Failures after the first before a server is down.
    std::uint32_t delay_before_retry_ms = 1'000;
    std::optional<IpAddress> connect_address;  // Otherwise the server's own.
    std::optional<std::uint16_t> connect_port;
    std::optional<IpAddress> bind_address;

    friend bool operator==(const HealthCheck&, const HealthCheck&) = default;
};

}  // namespace fpvs::model
