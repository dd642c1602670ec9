// SPDX-License-Identifier: Apache-2.0
// What is remembered of one connection, or of one persistence template: one cache line.
#pragma once

#include <bit>
#include <cstdint>

#include "host/engine/packet.hpp"
#include "host/engine/tcp_state.hpp"

namespace fpvs::engine {

// The identity of a connection: the client's end and the virtual end.  A template has the masked
// client address and client port 0, and by firewall mark protocol 0 and the mark as address.
struct alignas(8) FlowKey {
    std::uint32_t client_address = 0;
    std::uint32_t virtual_address = 0;
    std::uint16_t client_port = 0;
    std::uint16_t virtual_port = 0;
    std::uint8_t protocol = 0;
    bool is_template = false;
    std::uint16_t padding = 0;  // Makes every bit of the key a bit of a field.

    friend bool operator==(const FlowKey& a, const FlowKey& b) {
        return std::bit_cast<Words>(a) == std::bit_cast<Words>(b);
    }
    [[nodiscard]] std::uint64_t hash(std::uint64_t seed) const;

  private:
    struct Words {
        std::uint64_t first;
        std::uint64_t second;
        bool operator==(const Words&) const = default;
    };
};
static_assert(sizeof(FlowKey) == 16);

// Two multiplications of 64 x 64 to 128 bits, folded: every bit of key and seed reaches every bit.
inline std::uint64_t FlowKey::hash(std::uint64_t seed) const {
    const Words words = std::bit_cast<Words>(*this);
    constexpr std::uint64_t kOdd = 0x9e3779b97f4a7c15u;  // 2^64 / golden ratio.
    using Wide = unsigned __int128;
    const Wide first = static_cast<Wide>(words.first ^ seed) * (words.second ^ kOdd);
    const std::uint64_t folded =
        static_cast<std::uint64_t>(first) ^ static_cast<std::uint64_t>(first >> 64);
    const Wide second = static_cast<Wide>(folded ^ kOdd) * ((words.first + words.second) ^ ~seed);
    return static_cast<std::uint64_t>(second) ^ static_cast<std::uint64_t>(second >> 64);
}

struct alignas(64) Connection {
    FlowKey key;
    std::uint64_t deadline_ms = 0;  // When it expires if nothing happens.
    std::uint32_t timeout_ms = 0;   // What a packet arms the timer with.
    std::uint32_t generation = 0;
    ServerIndex server = kNoIndex;
    std::uint32_t control = kNoIndex;  // The template that bound it.
    std::uint32_t controlled = 0;      // A template: connections that it bound.
    std::uint32_t timer_previous = kNoIndex;
    std::uint32_t timer_next = kNoIndex;
    std::uint16_t timer_slot = 0;
    std::uint16_t server_port = 0;
    TcpState state = TcpState::none;
    model::Forwarding forwarding = model::Forwarding::direct_routing;
    std::uint8_t refused_at_s = 0;  // When the card refused it, modulo 256.
    bool in_use : 1 = false;
    bool findable : 1 = false;  // In the hash; a template that lost its server is not.
    bool timer_armed : 1 = false;
    bool active : 1 = false;   // Counted as ActiveConn.
    bool assured : 1 = false;  // A template: a connection of it got to ESTABLISHED.
    bool offloaded : 1 = false;
    bool offload_refused : 1 = false;
    std::uint8_t unanswered_queries = 0;  // Of the card, about its activity.
};
static_assert(sizeof(Connection) == 64);

}  // namespace fpvs::engine
