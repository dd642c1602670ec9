// SPDX-License-Identifier: Apache-2.0
// What is remembered of one connection, or of one persistence template: one cache line.
#pragma once

#include <cstdint>

#include "host/engine/flow_key.hpp"
#include "host/engine/packet.hpp"
#include "host/engine/sctp_state.hpp"
#include "host/engine/tcp_state.hpp"

namespace fpvs::engine {

// The director's end of a FULLNAT connection towards its server.
struct LocalEnd {
    std::uint16_t address_index = 0;  // Into the service's local addresses.
    std::uint16_t port = 0;           // 0: none.
};

struct alignas(64) Connection {
    FlowKey key;
    std::uint64_t deadline_ms = 0;  // When it expires if nothing happens.
    std::uint32_t timeout_ms = 0;   // What a packet arms the timer with.
    std::uint32_t generation = 0;
    ServerIndex server = kNoIndex;
    std::uint32_t control = kNoIndex;  // The template that bound it.
    union {
        std::uint32_t controlled = 0;  // A template: connections that it bound.
        LocalEnd local;                // A connection.
    };
    std::uint32_t timer_previous = kNoIndex;
    std::uint32_t timer_next = kNoIndex;
    std::uint16_t timer_slot = 0;
    std::uint16_t server_port = 0;
    std::uint8_t state = 0;  // Of its protocol: TcpState or SctpState; UDP has none.
    model::Forwarding forwarding = model::Forwarding::direct_routing;
    std::uint8_t refused_at_s = 0;  // When the card refused it, modulo 256.
    bool in_use : 1 = false;
    bool findable : 1 = false;  // In the hash; a template that lost its server is not.
    bool timer_armed : 1 = false;
    bool active : 1 = false;   // Counted as ActiveConn.
    bool assured : 1 = false;  // A template: a connection of it got to ESTABLISHED.
    bool offloaded : 1 = false;
    bool offload_refused : 1 = false;
    bool replies_findable : 1 = false;         // In the hash of replies as well.
    std::uint32_t unanswered_queries : 8 = 0;  // Of the card, about its activity.
    // Engine::epoch_ while nothing about its next ordinary packet needs a decision; else 0.
    std::uint32_t settled_in : 24 = 0;

    [[nodiscard]] TcpState tcp_state() const { return static_cast<TcpState>(state); }
    [[nodiscard]] SctpState sctp_state() const { return static_cast<SctpState>(state); }
    // Both directions come by the director.
    [[nodiscard]] bool two_way() const {
        return forwarding == model::Forwarding::nat || forwarding == model::Forwarding::full_nat;
    }
};
static_assert(sizeof(Connection) == 64);

}  // namespace fpvs::engine
