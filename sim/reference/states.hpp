// SPDX-License-Identifier: Apache-2.0
// The states of connections: which one a packet leads to, how long it lasts, whether it counts as
// active.  README.md says where each table comes from.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "sim/reference/types.hpp"

namespace fpvs::reference {

// Two letters of a table's head.
using State = std::string_view;

inline constexpr State kNoState = "NO";

// Who sent the packet, and whether the director sees both sides of the connection.
enum class View : std::uint8_t { from_client, from_server, client_only };

[[nodiscard]] State next_state(State before, View view, const Packet& packet, bool secure_tcp);
[[nodiscard]] bool is_active(Protocol protocol, State state);
[[nodiscard]] std::uint32_t seconds_of(Protocol protocol, State state, const Timeouts& timeouts);
// As `ipvsadm -Lnc` shows it.
[[nodiscard]] std::string full_name(Protocol protocol, State state);

}  // namespace fpvs::reference
