// SPDX-License-Identifier: Apache-2.0
// The simulated card as a process: joins the host's link, the ports and the clock in one loop that
// sleeps when nothing moves.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "drivers/kernel/unique_fd.hpp"
#include "host/util/result.hpp"
#include "sim/card/link/device.hpp"
#include "sim/card/link/server.hpp"
#include "sim/card/port.hpp"
#include "sim/card/verilated_card.hpp"

namespace fpvs::sim::card {

class Simcard final : public Device {
  public:
    enum class Parting { farewell, vanished };

    // One port for each of the card's.
    [[nodiscard]] static Result<std::unique_ptr<Simcard>> create(
        std::vector<std::unique_ptr<Port>> ports, CardIdentity identity = {});

    // Serves one host program over a connected link until it goes.  The card keeps its state, and
    // goes on.  The memory of a host that vanishes stays the card's until the next one shares some:
    // it takes commands and fills rings as a card on a bus does.
    [[nodiscard]] Result<Parting> serve(kernel::UniqueFd link);
    // Lives without a host until one connects to the listening socket; returns its connection, or
    // none if the patience ends before.
    [[nodiscard]] Result<kernel::UniqueFd> await_host(
        int listener, std::optional<std::chrono::seconds> patience = std::nullopt);

    // What the host does over the link.
    [[nodiscard]] std::uint32_t read_register(std::uint32_t offset) override;
    void write_register(std::uint32_t offset, std::uint32_t value) override;
    void map_memory(std::uint64_t card_address, std::span<std::byte> bytes) override;
    void unmap_memory(std::uint64_t card_address) override;

  private:
    Simcard(std::vector<std::unique_ptr<Port>> ports,
            kernel::UniqueFd epoll,
            CardIdentity identity);

    // One turn of the loop: true if `wanted` is readable.
    [[nodiscard]] Result<bool> turn(int wanted);
    void take_frames();
    void take_frames(int port);
    void give_frames();
    void lose(int port);
    void refresh_links();
    void release_vanished_host();
    [[nodiscard]] Status watch(int fd);
    void unwatch(int fd);

    kernel::UniqueFd epoll_;
    const CardIdentity identity_;
    VerilatedCard card_;
    std::unique_ptr<LinkServer> vanished_host_;  // Whose memory the card still has.
    std::vector<std::unique_ptr<Port>> ports_;
    Frame frame_;
    std::uint64_t links_due_cycle_ = 0;
    bool started_ = false;  // The rings have run.
};

}  // namespace fpvs::sim::card
