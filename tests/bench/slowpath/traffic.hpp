// SPDX-License-Identifier: Apache-2.0
// The connections that a benchmark plays, and a port that makes their frames out of nothing.
#pragma once

#include <rte_mbuf.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "host/engine/packet.hpp"
#include "host/provider/packet_port.hpp"

namespace fpvs::bench {

constexpr std::uint32_t kPortsEach = 50'000;  // Connections of one client address.
constexpr std::uint16_t kFirstPort = 1024;

using Frame = std::vector<std::uint8_t>;

[[nodiscard]] model::IpAddress client_of(model::Family family, std::uint32_t connection);
[[nodiscard]] model::IpAddress service_address(model::Family family);
[[nodiscard]] model::IpAddress server_address(model::Family family, std::uint32_t server);

// A TCP segment without payload, as the engine sees it and as it comes by wire: 60 bytes of IPv4,
// 74 of IPv6.
[[nodiscard]] engine::Packet packet_of(model::Family family,
                                       std::uint32_t connection,
                                       std::uint8_t flags);
[[nodiscard]] Frame frame_of(model::Family family, std::uint32_t connection, std::uint8_t flags);
// Its answer from a server.
[[nodiscard]] Frame answer_of(model::Family family, std::uint32_t connection, std::uint32_t server);

enum class Order : std::uint8_t { random, ascending };

// Frames of `count` connections from `first` on, and nowhere to go for those that are sent.  In
// ascending order each connection comes once.
class Traffic final : public provider::PacketPort {
  public:
    Traffic(rte_mempool& pool,
            model::Family family,
            std::uint8_t flags,
            std::uint32_t first,
            std::uint32_t count,
            Order order);

    // In random order, of these connections alone.
    void choose(std::vector<std::uint32_t> connections) { chosen_ = std::move(connections); }
    // Answers to the clients from now on, each by the server that its connection has.
    void answer(model::Family family, std::vector<std::uint8_t> servers);

    std::size_t rx_burst(std::span<rte_mbuf*> frames) noexcept override;
    void tx_burst(std::span<rte_mbuf* const> frames) noexcept override;
    const std::string& name() const noexcept override { return name_; }
    provider::PacketPortCounters counters() const noexcept override { return {}; }

    std::uint64_t sent = 0;

  private:
    std::uint32_t next() noexcept;

    rte_mempool& pool_;
    std::uint32_t first_;
    std::uint32_t count_;
    Order order_;
    std::uint32_t ascending_ = 0;
    std::uint32_t state_ = 0x9e3779b9;
    std::vector<std::uint32_t> chosen_;  // Empty: all.
    std::vector<std::uint8_t> servers_;  // Of each connection; empty: clients' packets.
    std::size_t servers_count_ = 1;
    std::vector<Frame> frames_;  // Of each client address, and server if these answer.
    std::size_t port_offset_;    // Of the client's port.
    std::string name_ = "traffic";
};

}  // namespace fpvs::bench
