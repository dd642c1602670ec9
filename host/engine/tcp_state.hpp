// SPDX-License-Identifier: Apache-2.0
// The states that a director gives TCP connections by watching them go by, as IPVS does: no
// sequence numbers, and often only one of the two directions.
#pragma once

#include <cstdint>
#include <string_view>

#include "host/model/timeouts.hpp"

namespace fpvs::engine {

enum class TcpState : std::uint8_t {
    none,
    established,
    syn_sent,
    syn_recv,
    fin_wait,
    time_wait,
    close,
    close_wait,
    last_ack,
    listen,
    synack,
};
constexpr std::size_t kTcpStateCount = 11;

// Which packets of the connection come by, and from whom this one is.
enum class TcpPath : std::uint8_t {
    from_client,  // Both directions pass (NAT).
    from_server,
    one_way,  // Only the client's packets pass: direct routing, tunnels.
};
constexpr std::size_t kTcpPathCount = 3;

// The state after a segment with these flags.  RST counts before SYN, SYN before FIN, FIN before
// ACK; a segment with none of them closes.  `secure`: by the table of secure_tcp.
[[nodiscard]] TcpState next_state(TcpState state,
                                  TcpPath path,
                                  std::uint8_t flags,
                                  bool secure = false);

// Connections in these states count as ActiveConn.
[[nodiscard]] bool counts_as_active(TcpState state);

[[nodiscard]] std::uint32_t timeout_ms(TcpState state, const model::ConnectionTimeouts& timeouts);

[[nodiscard]] std::string_view name(TcpState state);

}  // namespace fpvs::engine
