// SPDX-License-Identifier: Apache-2.0
#include "host/engine/sctp_state.hpp"

#include <array>
#include <cstddef>

namespace fpvs::engine {
namespace {

constexpr SctpState kI1 = SctpState::init1;
constexpr SctpState kIn = SctpState::init;
constexpr SctpState kCs = SctpState::cookie_sent;
constexpr SctpState kCr = SctpState::cookie_replied;
constexpr SctpState kCw = SctpState::cookie_wait;
constexpr SctpState kCo = SctpState::cookie;
constexpr SctpState kCe = SctpState::cookie_echoed;
constexpr SctpState kEs = SctpState::established;
constexpr SctpState kSs = SctpState::shutdown_sent;
constexpr SctpState kSr = SctpState::shutdown_received;
constexpr SctpState kSa = SctpState::shutdown_ack_sent;
constexpr SctpState kRj = SctpState::rejected;
constexpr SctpState kCl = SctpState::closed;

enum Event : std::uint8_t {
    event_data,
    event_init,
    event_init_ack,
    event_cookie_echo,
    event_cookie_ack,
    event_shutdown,
    event_shutdown_ack,
    event_shutdown_complete,
    event_error,
    event_abort,
    event_count
};

using Row = std::array<SctpState, kSctpStateCount>;

// Rows are events in their order, columns the state before.
constexpr std::array<std::array<Row, event_count>, kTcpPathCount> kTransitions = {{
    // NO   I1   IN   CS   CR   CW   CO   CE   ES   SS   SR   SA   RJ   CL
    // from the client, both ways seen.
    {{{kEs, kI1, kIn, kCs, kCr, kCw, kCo, kCe, kEs, kSs, kSr, kSa, kRj, kCl},
      {kI1, kIn, kIn, kCs, kCr, kCw, kCo, kCe, kEs, kSs, kSr, kSa, kI1, kI1},
      {kCo, kI1, kIn, kCs, kCr, kCo, kCo, kCe, kEs, kSs, kSr, kSa, kRj, kCl},
      {kCr, kCr, kCr, kCr, kCr, kCw, kCo, kCe, kEs, kSs, kSr, kSa, kCr, kCr},
      {kEs, kI1, kIn, kCs, kCr, kCw, kCo, kEs, kEs, kSs, kSr, kSa, kRj, kCl},
      {kSr, kI1, kIn, kCs, kCr, kCw, kCo, kCe, kSr, kSs, kSr, kSa, kRj, kCl},
      {kSa, kI1, kIn, kCs, kCr, kCw, kCo, kCe, kSa, kSa, kSa, kSa, kRj, kCl},
      {kCl, kI1, kIn, kCs, kCr, kCw, kCo, kCe, kEs, kCl, kCl, kCl, kRj, kCl},
      {kEs, kI1, kIn, kCs, kCr, kCw, kCo, kCl, kEs, kSs, kSr, kSa, kRj, kCl},
      {kCl, kCl, kCl, kCl, kCl, kRj, kCl, kCl, kCl, kCl, kCl, kCl, kRj, kCl}}},
    // NO   I1   IN   CS   CR   CW   CO   CE   ES   SS   SR   SA   RJ   CL
    // from the server.
    {{{kEs, kI1, kIn, kCs, kCr, kCw, kCo, kCe, kEs, kSs, kSr, kSa, kRj, kCl},
      {kCw, kCw, kCw, kCs, kCr, kCw, kCo, kCe, kEs, kSs, kSr, kSa, kCw, kCw},
      {kCs, kCs, kCs, kCs, kCr, kCw, kCo, kCe, kEs, kSs, kSr, kSa, kRj, kCl},
      {kCe, kI1, kIn, kCs, kCr, kCe, kCe, kCe, kEs, kSs, kSr, kSa, kRj, kCl},
      {kEs, kI1, kIn, kCs, kEs, kCw, kCo, kCe, kEs, kSs, kSr, kSa, kRj, kCl},
      {kSs, kI1, kIn, kCs, kCr, kCw, kCo, kCe, kSs, kSs, kSr, kSa, kRj, kCl},
      {kSa, kI1, kIn, kCs, kCr, kCw, kCo, kCe, kSa, kSa, kSa, kSa, kRj, kCl},
      {kCl, kI1, kIn, kCs, kCr, kCw, kCo, kCe, kEs, kCl, kCl, kCl, kRj, kCl},
      {kEs, kI1, kIn, kCs, kCl, kCw, kCo, kCe, kEs, kSs, kSr, kSa, kRj, kCl},
      {kCl, kRj, kRj, kCl, kCl, kCl, kCl, kCl, kCl, kCl, kCl, kCl, kRj, kCl}}},
    // NO   I1   IN   CS   CR   CW   CO   CE   ES   SS   SR   SA   RJ   CL
    // from the client, one way seen: its COOKIE ECHO is the last of the handshake.
    {{{kEs, kEs, kEs, kEs, kEs, kEs, kEs, kEs, kEs, kSs, kSr, kSa, kRj, kCl},
      {kI1, kIn, kIn, kCs, kCr, kCw, kCo, kCe, kEs, kSs, kSr, kSa, kI1, kI1},
      {kCo, kI1, kIn, kCs, kCr, kCo, kCo, kCe, kEs, kSs, kSr, kSa, kRj, kCl},
      {kEs, kEs, kEs, kEs, kEs, kEs, kEs, kEs, kEs, kSs, kSr, kSa, kEs, kEs},
      {kEs, kEs, kEs, kEs, kEs, kEs, kEs, kEs, kEs, kSs, kSr, kSa, kRj, kCl},
      {kSr, kI1, kIn, kCs, kCr, kCw, kCo, kCe, kSr, kSs, kSr, kSa, kRj, kCl},
      {kSa, kI1, kIn, kCs, kCr, kCw, kCo, kCe, kSa, kSa, kSa, kSa, kRj, kCl},
      {kCl, kI1, kIn, kCs, kCr, kCw, kCo, kCe, kEs, kCl, kCl, kCl, kRj, kCl},
      {kEs, kI1, kIn, kCs, kCr, kCw, kCo, kCe, kEs, kSs, kSr, kSa, kRj, kCl},
      {kCl, kCl, kCl, kCl, kCl, kRj, kCl, kCl, kCl, kCl, kCl, kCl, kRj, kCl}}},
}};

constexpr std::array<std::uint32_t, kSctpStateCount> kTimeoutSeconds = {
    2, 4, 61, 61, 61, 61, 61, 61, 900, 61, 61, 61, 4, 61};

constexpr std::array<std::string_view, kSctpStateCount> kNames = {"NONE",
                                                                  "INIT1",
                                                                  "INIT",
                                                                  "COOKIE_SENT",
                                                                  "COOKIE_REPLIED",
                                                                  "COOKIE_WAIT",
                                                                  "COOKIE",
                                                                  "COOKIE_ECHOED",
                                                                  "ESTABLISHED",
                                                                  "SHUTDOWN_SENT",
                                                                  "SHUTDOWN_RECEIVED",
                                                                  "SHUTDOWN_ACK_SENT",
                                                                  "REJECTED",
                                                                  "CLOSED"};

[[nodiscard]] Event event_of(std::uint8_t chunk) {
    switch (chunk) {
        case sctp_chunk::kInit:
            return event_init;
        case sctp_chunk::kInitAck:
            return event_init_ack;
        case sctp_chunk::kCookieEcho:
            return event_cookie_echo;
        case sctp_chunk::kCookieAck:
            return event_cookie_ack;
        case sctp_chunk::kShutdown:
            return event_shutdown;
        case sctp_chunk::kShutdownAck:
            return event_shutdown_ack;
        case sctp_chunk::kShutdownComplete:
            return event_shutdown_complete;
        case sctp_chunk::kError:
            return event_error;
        case sctp_chunk::kAbort:
            return event_abort;
        default:
            return event_data;
    }
}

}  // namespace

SctpState next_state(SctpState state, TcpPath path, std::uint8_t chunk) {
    return kTransitions[static_cast<std::size_t>(path)][event_of(chunk)]
                       [static_cast<std::size_t>(state)];
}

std::uint32_t timeout_ms(SctpState state) {
    constexpr std::uint32_t kMsPerSecond = 1000;
    return kTimeoutSeconds[static_cast<std::size_t>(state)] * kMsPerSecond;
}

std::string_view name(SctpState state) {
    return kNames[static_cast<std::size_t>(state)];
}

}  // namespace fpvs::engine
