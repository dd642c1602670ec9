// SPDX-License-Identifier: Apache-2.0
// Tells what changes in the kernel's interfaces, addresses, routes and neighbours, as it happens.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "drivers/kernel/rtnetlink.hpp"
#include "host/util/asio.hpp"
#include "host/util/result.hpp"

namespace fpvs::kernel {

// Handlers run on the io_context's thread; one that is empty is not subscribed to.
struct NetlinkEvents {
    std::function<void(const Interface& interface, bool removed)> on_interface = {};
    std::function<void(const InterfaceAddress& address, bool removed)> on_address = {};
    std::function<void()> on_route = {};
    std::function<void(const NeighbourEntry& neighbour)> on_neighbour = {};  // Removed: no mac.
    // Events were lost (the kernel's queue overflowed): read again whatever is cached.
    std::function<void()> on_loss = {};
};

class NetlinkMonitor {
  public:
    // Of the network namespace of the calling thread.
    [[nodiscard]] static Result<std::unique_ptr<NetlinkMonitor>> open(boost::asio::io_context& io,
                                                                      NetlinkEvents events);
    ~NetlinkMonitor();

  private:
    struct State;

    explicit NetlinkMonitor(std::shared_ptr<State> state);

    std::shared_ptr<State> state_;  // Shared with the read under way, which may end after us.
};

}  // namespace fpvs::kernel
