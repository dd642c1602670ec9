// SPDX-License-Identifier: Apache-2.0
// `virtual_server_group NAME { ... }`: addresses, ranges of them and firewall marks that have the
// same real servers behind them.
//
//   192.0.2.1 80               one
//   192.0.2.1-10 80            up to 192.0.2.10; 2001:db8::1-ff likewise
//   192.0.2.1-192.0.2.10 80    the same
//   192.0.2.8/29 80            all of the block
//   fwmark 7 [inet|inet6]
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "host/config/diagnostics.hpp"
#include "host/config/statement.hpp"
#include "host/model/address.hpp"

namespace fpvs::config {

struct ServerGroup {
    struct Member {
        model::IpAddress address;
        std::uint16_t port = 0;
        std::uint32_t firewall_mark = 0;  // Instead of an address and a port.
        std::optional<model::Family> family = {};
    };
    std::string name;
    Position place;
    std::vector<Member> members;
};

[[nodiscard]] ServerGroup read_server_group(const Statement& block, Diagnostics& diagnostics);

}  // namespace fpvs::config
