// SPDX-License-Identifier: Apache-2.0
// The simulated card as a process: joins the host's link, the ports and the clock in one loop that
// sleeps when nothing moves.
#pragma once

#include <cstdint>
#include <memory>
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
    // One port for each of the card's.
    [[nodiscard]] static Result<std::unique_ptr<Simcard>> create(
        std::vector<std::unique_ptr<Port>> ports);

    // Serves one host program over a connected link until it goes.  The card keeps its state.
    [[nodiscard]] Status serve(kernel::UniqueFd link);
    // Lives without a host until one connects to the listening socket; returns its connection.
    [[nodiscard]] Result<kernel::UniqueFd> await_host(int listener);

    // What the host does over the link.
    [[nodiscard]] std::uint32_t read_register(std::uint32_t offset) override;
    void write_register(std::uint32_t offset, std::uint32_t value) override;
    void map_memory(std::uint64_t card_address, std::span<std::byte> bytes) override;
    void unmap_memory(std::uint64_t card_address) override;

  private:
    Simcard(std::vector<std::unique_ptr<Port>> ports, kernel::UniqueFd epoll);

    // One turn of the loop: true if `wanted` is readable.
    [[nodiscard]] Result<bool> turn(int wanted);
    void take_frames();
    void take_frames(int port);
    void give_frames();
    void lose(int port);
    void refresh_links();
    [[nodiscard]] Status watch(int fd);
    void unwatch(int fd);

    kernel::UniqueFd epoll_;
    VerilatedCard card_;
    std::vector<std::unique_ptr<Port>> ports_;
    Frame frame_;
    std::uint64_t links_due_cycle_ = 0;
    bool started_ = false;  // The rings have run.
};

}  // namespace fpvs::sim::card
