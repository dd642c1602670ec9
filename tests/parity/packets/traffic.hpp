// SPDX-License-Identifier: Apache-2.0
// Random frames for a director: of clients, replies of servers, ICMP errors about either, whole, in
// fragments and damaged.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "tests/parity/packets/world.hpp"

namespace fpvs::parity {

struct FrameOperation {
    int port = 0;
    reference::Bytes bytes;
    std::uint32_t pause_ms = 0;  // Before it comes.
    std::string what;
};

class Traffic {
  public:
    Traffic(std::mt19937& random, const World& world) : random_(random), world_(world) {}
    [[nodiscard]] std::vector<FrameOperation> operations(std::size_t count);

  private:
    struct Flow {
        int family = 4;
        std::uint8_t protocol = 0;
        reference::Endpoint source;
        reference::Endpoint destination;
        std::uint32_t client = 0;  // Its number.
    };
    [[nodiscard]] std::uint32_t below(std::uint32_t bound) { return random_() % bound; }
    [[nodiscard]] bool one_in(std::uint32_t bound) { return below(bound) == 0; }
    template <class List>
    [[nodiscard]] auto one_of(const List& list) {
        return list[below(static_cast<std::uint32_t>(std::size(list)))];
    }

    [[nodiscard]] Flow from_client();
    [[nodiscard]] Flow from_server();
    [[nodiscard]] reference::Bytes segment(const Flow& flow, std::size_t payload_bytes);
    [[nodiscard]] reference::Bytes tcp(const Flow& flow, std::size_t payload_bytes);
    [[nodiscard]] reference::Bytes udp(const Flow& flow, std::size_t payload_bytes);
    [[nodiscard]] reference::Bytes sctp(const Flow& flow, std::size_t payload_bytes);
    [[nodiscard]] reference::Bytes noise(std::size_t bytes);
    [[nodiscard]] std::size_t payload_size();
    [[nodiscard]] reference::IpPacket packet(const Flow& flow, std::size_t payload_bytes);
    void add_options(reference::IpPacket& packet);
    [[nodiscard]] reference::IpPacket icmp_error(const Flow& about, const reference::Address& from);
    [[nodiscard]] reference::IpPacket echo();
    [[nodiscard]] FrameOperation frame(int port, const reference::IpPacket& packet);
    void damage(FrameOperation& operation);
    void add_fragments(std::vector<FrameOperation>& operations);

    std::mt19937& random_;
    const World& world_;
};

}  // namespace fpvs::parity
