// SPDX-License-Identifier: Apache-2.0
// Random operations on a director, as data: they can be played, printed, and left out one by one
// until only those remain that make a failure.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "sim/reference/ipvs.hpp"

namespace fpvs::parity {

struct Operation {
    enum class Kind : std::uint8_t {
        add_service,
        edit_service,
        delete_service,
        add_server,
        edit_server,
        delete_server,
        add_local_address,     // FULLNAT's pool.
        delete_local_address,  // "
        zero,
        set,
        set_timeouts,
        wait,
        packet,  // From anywhere to anywhere.
        reply,   // From the server of a connection to its client: of the one numbered `number`.
        error,   // An ICMP error is looked up that quotes a packet, or a reply.
    };
    Kind kind = Kind::packet;
    reference::ServiceId service;
    reference::ServerId server;
    reference::ServiceSettings service_settings;
    reference::ServerSettings server_settings;
    std::string setting;
    int value = 0;
    reference::Timeouts timeouts;
    std::uint64_t wait_ms = 0;
    reference::Packet packet;
    std::uint32_t number = 0;
    reference::Address local_address;
};

// A few services, servers and clients, so that things meet.
class Generator {
  public:
    explicit Generator(std::uint32_t seed) : random_(seed) {}
    [[nodiscard]] std::vector<Operation> operations(std::size_t count);

  private:
    [[nodiscard]] std::uint32_t below(std::uint32_t bound) { return random_() % bound; }
    template <class List>
    [[nodiscard]] auto one_of(const List& list) {
        return list[below(static_cast<std::uint32_t>(std::size(list)))];
    }
    [[nodiscard]] Operation::Kind kind();
    [[nodiscard]] Operation operation(Operation::Kind kind);
    [[nodiscard]] int family() { return below(3) == 0 ? 6 : 4; }
    [[nodiscard]] reference::Protocol protocol();
    [[nodiscard]] reference::ServiceId service();
    [[nodiscard]] reference::ServerId server(int family);
    [[nodiscard]] reference::ServiceSettings service_settings(int family);
    [[nodiscard]] reference::ServerSettings server_settings();
    void choose_setting(Operation& operation);
    [[nodiscard]] reference::Packet packet();
    void choose_flags(reference::Packet& packet);

    std::mt19937 random_;
};

// One line a person can read.
[[nodiscard]] std::string describe(const Operation& operation);

}  // namespace fpvs::parity
