// SPDX-License-Identifier: Apache-2.0
// The states that a director gives SCTP associations by watching their chunks go by: IPVS's names
// and times, with the transitions of RFC 4960 as somebody between the two ends sees them.
//
// What is not expected in a state changes nothing: an INIT never disturbs an association (5.2.2),
// SHUTDOWN is ignored in a handshake (9.2), SHUTDOWN COMPLETE counts only in a shutdown (8.5.1).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "host/engine/tcp_state.hpp"

namespace fpvs::engine {

// Chunk types that decide anything (RFC 4960 3.2); every other is as data.
namespace sctp_chunk {
constexpr std::uint8_t kInit = 1;
constexpr std::uint8_t kInitAck = 2;
constexpr std::uint8_t kAbort = 6;
constexpr std::uint8_t kShutdown = 7;
constexpr std::uint8_t kShutdownAck = 8;
constexpr std::uint8_t kError = 9;
constexpr std::uint8_t kCookieEcho = 10;
constexpr std::uint8_t kCookieAck = 11;
constexpr std::uint8_t kShutdownComplete = 14;
}  // namespace sctp_chunk

// Named from the server's side.
enum class SctpState : std::uint8_t {
    none,
    init1,
    init,
    cookie_sent,
    cookie_replied,
    cookie_wait,
    cookie,
    cookie_echoed,
    established,
    shutdown_sent,
    shutdown_received,
    shutdown_ack_sent,
    rejected,
    closed,
};
constexpr std::size_t kSctpStateCount = 14;

// The state after a packet whose deciding chunk is of this type; `path` as for TCP.
[[nodiscard]] SctpState next_state(SctpState state, TcpPath path, std::uint8_t chunk);
[[nodiscard]] constexpr bool counts_as_active(SctpState state) {
    return state == SctpState::established;
}
[[nodiscard]] std::uint32_t timeout_ms(SctpState state);
[[nodiscard]] std::string_view name(SctpState state);

}  // namespace fpvs::engine
