// SPDX-License-Identifier: Apache-2.0
#include "host/engine/tcp_state.hpp"

#include <array>
#include <cstddef>

#include "host/engine/packet.hpp"

namespace fpvs::engine {
namespace {

constexpr TcpState kNo = TcpState::none;
constexpr TcpState kEs = TcpState::established;
constexpr TcpState kSs = TcpState::syn_sent;
constexpr TcpState kSr = TcpState::syn_recv;
constexpr TcpState kFw = TcpState::fin_wait;
constexpr TcpState kTw = TcpState::time_wait;
constexpr TcpState kCl = TcpState::close;
constexpr TcpState kCw = TcpState::close_wait;
constexpr TcpState kLa = TcpState::last_ack;
constexpr TcpState kLi = TcpState::listen;
constexpr TcpState kSa = TcpState::synack;

enum Event : std::uint8_t { event_syn, event_fin, event_ack, event_rst, event_count };

using Row = std::array<TcpState, kTcpStateCount>;

using Table = std::array<std::array<Row, event_count>, kTcpPathCount>;

// Rows are events, columns the state before.
constexpr Table kTransitions = {{
    // NO   ES   SS   SR   FW   TW   CL   CW   LA   LI   SA    from the client, both ways seen
    {{{kSr, kEs, kEs, kSr, kSr, kSr, kSr, kSr, kSr, kSr, kSr},
      {kCl, kCw, kSs, kTw, kTw, kTw, kCl, kCw, kLa, kLi, kTw},
      {kEs, kEs, kSs, kEs, kFw, kTw, kCl, kCw, kCl, kLi, kEs},
      {kCl, kCl, kCl, kSr, kCl, kCl, kCl, kCl, kLa, kLi, kSr}}},
    // NO   ES   SS   SR   FW   TW   CL   CW   LA   LI   SA    from the server
    {{{kSs, kEs, kSs, kSr, kSs, kSs, kSs, kSs, kSs, kLi, kSr},
      {kTw, kFw, kSs, kTw, kFw, kTw, kCl, kTw, kLa, kLi, kTw},
      {kEs, kEs, kSs, kEs, kFw, kTw, kCl, kCw, kLa, kEs, kEs},
      {kCl, kCl, kSs, kCl, kCl, kTw, kCl, kCl, kCl, kCl, kCl}}},
    // NO   ES   SS   SR   FW   TW   CL   CW   LA   LI   SA    from the client, one way seen
    {{{kSr, kEs, kEs, kSr, kSr, kSr, kSr, kSr, kSr, kSr, kSr},
      {kCl, kFw, kSs, kTw, kFw, kTw, kCl, kCw, kLa, kLi, kTw},
      {kEs, kEs, kSs, kEs, kFw, kTw, kCl, kCw, kCl, kLi, kEs},
      {kCl, kCl, kCl, kSr, kCl, kCl, kCl, kCl, kLa, kLi, kCl}}},
}};

// With secure_tcp: a handshake counts as done later.
constexpr Table kSecureTransitions = {{
    // NO   ES   SS   SR   FW   TW   CL   CW   LA   LI   SA    from the client, both ways seen
    {{{kSr, kEs, kEs, kSr, kSr, kSr, kSr, kSr, kSr, kSr, kSa},
      {kCl, kCw, kSs, kTw, kTw, kTw, kCl, kCw, kLa, kLi, kSa},
      {kEs, kEs, kSs, kSr, kFw, kTw, kCl, kCw, kCl, kLi, kSa},
      {kCl, kCl, kCl, kSr, kCl, kCl, kCl, kCl, kLa, kLi, kCl}}},
    // NO   ES   SS   SR   FW   TW   CL   CW   LA   LI   SA    from the server
    {{{kSs, kEs, kSs, kSa, kSs, kSs, kSs, kSs, kSs, kLi, kSa},
      {kTw, kFw, kSs, kTw, kFw, kTw, kCl, kTw, kLa, kLi, kTw},
      {kEs, kEs, kSs, kEs, kFw, kTw, kCl, kCw, kLa, kEs, kEs},
      {kCl, kCl, kSs, kCl, kCl, kTw, kCl, kCl, kCl, kCl, kCl}}},
    // NO   ES   SS   SR   FW   TW   CL   CW   LA   LI   SA    from the client, one way seen
    {{{kSa, kEs, kEs, kSr, kSa, kSa, kSa, kSr, kSr, kSr, kSa},
      {kCl, kFw, kSs, kTw, kFw, kTw, kCl, kCw, kLa, kLi, kTw},
      {kEs, kEs, kSs, kEs, kFw, kTw, kCl, kCw, kCl, kLi, kEs},
      {kCl, kCl, kCl, kSr, kCl, kCl, kCl, kCl, kLa, kLi, kCl}}},
}};

constexpr std::array<std::uint32_t, kTcpStateCount> kTimeoutSeconds = {
    2, 900, 120, 60, 120, 120, 10, 60, 30, 120, 120};

constexpr std::array<std::string_view, kTcpStateCount> kNames = {"NONE",
                                                                 "ESTABLISHED",
                                                                 "SYN_SENT",
                                                                 "SYN_RECV",
                                                                 "FIN_WAIT",
                                                                 "TIME_WAIT",
                                                                 "CLOSE",
                                                                 "CLOSE_WAIT",
                                                                 "LAST_ACK",
                                                                 "LISTEN",
                                                                 "SYNACK"};

static_assert(kTransitions[0][event_syn][static_cast<std::size_t>(kNo)] == kSr);
static_assert(kTransitions[1][event_rst][static_cast<std::size_t>(kSa)] == kCl);

}  // namespace

TcpState next_state(TcpState state, TcpPath path, std::uint8_t flags, bool secure) {
    Event event = event_count;
    if ((flags & tcp_flag::kRst) != 0) {
        event = event_rst;
    } else if ((flags & tcp_flag::kSyn) != 0) {
        event = event_syn;
    } else if ((flags & tcp_flag::kFin) != 0) {
        event = event_fin;
    } else if ((flags & tcp_flag::kAck) != 0) {
        event = event_ack;
    } else {
        return TcpState::close;
    }
    const Table& table = secure ? kSecureTransitions : kTransitions;
    return table[static_cast<std::size_t>(path)][event][static_cast<std::size_t>(state)];
}

bool counts_as_active(TcpState state) {
    return state == TcpState::established || state == TcpState::syn_sent ||
           state == TcpState::syn_recv || state == TcpState::synack;
}

std::uint32_t timeout_ms(TcpState state, const model::ConnectionTimeouts& timeouts) {
    constexpr std::uint32_t kMsPerSecond = 1000;
    switch (state) {
        case TcpState::established:
            return timeouts.tcp_s * kMsPerSecond;
        case TcpState::fin_wait:
            return timeouts.tcp_fin_s * kMsPerSecond;
        default:
            return kTimeoutSeconds[static_cast<std::size_t>(state)] * kMsPerSecond;
    }
}

std::string_view name(TcpState state) {
    return kNames[static_cast<std::size_t>(state)];
}

}  // namespace fpvs::engine
