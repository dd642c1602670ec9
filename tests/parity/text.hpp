// SPDX-License-Identifier: Apache-2.0
// The reference's words as a person reads them.
#pragma once

#include <arpa/inet.h>
#include <fmt/core.h>

#include <array>
#include <string>

#include "sim/reference/ipvs.hpp"

namespace fpvs::parity {

[[nodiscard]] inline std::string to_text(const reference::Address& address) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    inet_ntop(address.family == 4 ? AF_INET : AF_INET6,
              address.bytes.data(),
              text.data(),
              static_cast<socklen_t>(text.size()));
    return text.data();
}

[[nodiscard]] inline std::string to_text(const reference::Endpoint& endpoint) {
    return fmt::format("[{}]:{}", to_text(endpoint.address), endpoint.port);
}

}  // namespace fpvs::parity
