// SPDX-License-Identifier: Apache-2.0
#include "sim/reference/states.hpp"

#include <array>
#include <cstddef>

#include "host/util/check.hpp"

namespace fpvs::reference {
namespace {

// A row has one word of two letters for each state before.
using Row = std::string_view;

[[nodiscard]] std::size_t column(Row head, State state) {
    const std::size_t place = head.find(state);
    FPVS_CHECK(place != Row::npos);
    return place / 3;
}
[[nodiscard]] State entry(Row row, std::size_t number) {
    return row.substr(3 * number, 2);
}
[[nodiscard]] std::string_view word(std::string_view text, std::size_t number) {
    for (; number > 0; --number) {
        text.remove_prefix(text.find(' ') + 1);
    }
    return text.substr(0, text.find(' '));
}

// --- TCP.  The rows of a table are SYN, FIN, ACK, RST.

constexpr Row kTcp = "NO ES SS SR FW TW CL CW LA LI SA";
constexpr std::string_view kTcpNames =
    "NONE ESTABLISHED SYN_SENT SYN_RECV FIN_WAIT TIME_WAIT CLOSE CLOSE_WAIT LAST_ACK LISTEN SYNACK";
constexpr std::array<std::uint32_t, 11> kTcpSeconds = {
    2, 900, 120, 60, 120, 120, 10, 60, 30, 120, 120};

using TcpTables = std::array<std::array<Row, 4>, 3>;
constexpr TcpTables kTcpTables = {{{"SR ES ES SR SR SR SR SR SR SR SR",  // From the client.
                                    "CL CW SS TW TW TW CL CW LA LI TW",
                                    "ES ES SS ES FW TW CL CW CL LI ES",
                                    "CL CL CL SR CL CL CL CL LA LI SR"},
                                   {"SS ES SS SR SS SS SS SS SS LI SR",  // From the server.
                                    "TW FW SS TW FW TW CL TW LA LI TW",
                                    "ES ES SS ES FW TW CL CW LA ES ES",
                                    "CL CL SS CL CL TW CL CL CL CL CL"},
                                   {"SR ES ES SR SR SR SR SR SR SR SR",  // Only the client is seen.
                                    "CL FW SS TW FW TW CL CW LA LI TW",
                                    "ES ES SS ES FW TW CL CW CL LI ES",
                                    "CL CL CL SR CL CL CL CL LA LI CL"}}};
// With secure_tcp: what a real kernel was seen to do, and as above in the other places.
constexpr TcpTables kSecureTcpTables = {{{"SR ES ES SR SR SR SR SR SR SR SA",
                                          "CL CW SS TW TW TW CL CW LA LI SA",
                                          "ES ES SS SR FW TW CL CW CL LI SA",
                                          "CL CL CL SR CL CL CL CL LA LI CL"},
                                         {"SS ES SS SA SS SS SS SS SS LI SA",
                                          "TW FW SS TW FW TW CL TW LA LI TW",
                                          "ES ES SS ES FW TW CL CW LA ES ES",
                                          "CL CL SS CL CL TW CL CL CL CL CL"},
                                         {"SA ES ES SR SA SA SA SR SR SR SA",
                                          "CL FW SS TW FW TW CL CW LA LI TW",
                                          "ES ES SS ES FW TW CL CW CL LI ES",
                                          "CL CL CL SR CL CL CL CL LA LI CL"}}};

[[nodiscard]] State next_tcp(State before, View view, const Packet& packet, bool secure) {
    const auto& table = (secure ? kSecureTcpTables : kTcpTables)[static_cast<std::size_t>(view)];
    const std::size_t now = column(kTcp, before);
    if (packet.rst) {
        return entry(table[3], now);
    }
    if (packet.syn) {
        return entry(table[0], now);
    }
    if (packet.fin) {
        return entry(table[1], now);
    }
    return packet.ack ? entry(table[2], now) : "CL";
}

// --- SCTP.

constexpr Row kSctp = "NO I1 IN CS CR CW CO CE ES SS SR SA RJ CL";
constexpr std::string_view kSctpNames =
    "NONE INIT1 INIT COOKIE_SENT COOKIE_REPLIED COOKIE_WAIT COOKIE COOKIE_ECHOED ESTABLISHED "
    "SHUTDOWN_SENT SHUTDOWN_RECEIVED SHUTDOWN_ACK_SENT REJECTED CLOSED";
constexpr std::array<std::uint32_t, 14> kSctpSeconds = {
    2, 4, 61, 61, 61, 61, 61, 61, 900, 61, 61, 61, 4, 61};

// Chunk types of RFC 4960 (3.2) in the order of the rows; the first row is for all others.
constexpr std::array<int, 10> kChunks = {-1, 1, 2, 10, 11, 7, 8, 14, 9, 6};

using SctpTables = std::array<std::array<Row, kChunks.size()>, 3>;
constexpr SctpTables kSctpTables = {{{"ES I1 IN CS CR CW CO CE ES SS SR SA RJ CL",   // Client: data
                                      "I1 IN IN CS CR CW CO CE ES SS SR SA I1 I1",   // INIT
                                      "CO I1 IN CS CR CO CO CE ES SS SR SA RJ CL",   // INIT ACK
                                      "CR CR CR CR CR CW CO CE ES SS SR SA CR CR",   // COOKIE ECHO
                                      "ES I1 IN CS CR CW CO ES ES SS SR SA RJ CL",   // COOKIE ACK
                                      "SR I1 IN CS CR CW CO CE SR SS SR SA RJ CL",   // SHUTDOWN
                                      "SA I1 IN CS CR CW CO CE SA SA SA SA RJ CL",   // ... ACK
                                      "CL I1 IN CS CR CW CO CE ES CL CL CL RJ CL",   // ... COMPLETE
                                      "ES I1 IN CS CR CW CO CL ES SS SR SA RJ CL",   // ERROR
                                      "CL CL CL CL CL RJ CL CL CL CL CL CL RJ CL"},  // ABORT
                                     {"ES I1 IN CS CR CW CO CE ES SS SR SA RJ CL",   // Server
                                      "CW CW CW CS CR CW CO CE ES SS SR SA CW CW",
                                      "CS CS CS CS CR CW CO CE ES SS SR SA RJ CL",
                                      "CE I1 IN CS CR CE CE CE ES SS SR SA RJ CL",
                                      "ES I1 IN CS ES CW CO CE ES SS SR SA RJ CL",
                                      "SS I1 IN CS CR CW CO CE SS SS SR SA RJ CL",
                                      "SA I1 IN CS CR CW CO CE SA SA SA SA RJ CL",
                                      "CL I1 IN CS CR CW CO CE ES CL CL CL RJ CL",
                                      "ES I1 IN CS CL CW CO CE ES SS SR SA RJ CL",
                                      "CL RJ RJ CL CL CL CL CL CL CL CL CL RJ CL"},
                                     {"ES ES ES ES ES ES ES ES ES SS SR SA RJ CL",  // Client only
                                      "I1 IN IN CS CR CW CO CE ES SS SR SA I1 I1",
                                      "CO I1 IN CS CR CO CO CE ES SS SR SA RJ CL",
                                      "ES ES ES ES ES ES ES ES ES SS SR SA ES ES",
                                      "ES ES ES ES ES ES ES ES ES SS SR SA RJ CL",
                                      "SR I1 IN CS CR CW CO CE SR SS SR SA RJ CL",
                                      "SA I1 IN CS CR CW CO CE SA SA SA SA RJ CL",
                                      "CL I1 IN CS CR CW CO CE ES CL CL CL RJ CL",
                                      "ES I1 IN CS CR CW CO CE ES SS SR SA RJ CL",
                                      "CL CL CL CL CL RJ CL CL CL CL CL CL RJ CL"}}};

[[nodiscard]] State next_sctp(State before, View view, const Packet& packet) {
    const auto& table = kSctpTables[static_cast<std::size_t>(view)];
    std::size_t row = 0;
    for (std::size_t i = 0; i < kChunks.size(); ++i) {
        if (kChunks[i] == packet.chunk) {
            row = i;
        }
    }
    return entry(table[row], column(kSctp, before));
}

}  // namespace

State next_state(State before, View view, const Packet& packet, bool secure_tcp) {
    switch (packet.protocol) {
        case Protocol::tcp:
            return next_tcp(before, view, packet, secure_tcp);
        case Protocol::sctp:
            return next_sctp(before, view, packet);
        case Protocol::udp:
            break;
    }
    return before;
}

bool is_active(Protocol protocol, State state) {
    if (protocol == Protocol::tcp) {
        return state == "ES" || state == "SS" || state == "SR" || state == "SA";
    }
    return protocol == Protocol::sctp && state == "ES";
}

std::uint32_t seconds_of(Protocol protocol, State state, const Timeouts& timeouts) {
    if (protocol == Protocol::udp) {
        return timeouts.udp_s;
    }
    if (protocol == Protocol::sctp) {
        return kSctpSeconds[column(kSctp, state)];
    }
    if (state == "ES") {
        return timeouts.tcp_s;
    }
    return state == "FW" ? timeouts.tcp_fin_s : kTcpSeconds[column(kTcp, state)];
}

std::string full_name(Protocol protocol, State state) {
    switch (protocol) {
        case Protocol::tcp:
            return std::string(word(kTcpNames, column(kTcp, state)));
        case Protocol::sctp:
            return std::string(word(kSctpNames, column(kSctp, state)));
        case Protocol::udp:
            break;
    }
    return "UDP";
}

}  // namespace fpvs::reference
