// SPDX-License-Identifier: Apache-2.0
// Which addresses this host has now, on any interface.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <utility>

#include "drivers/kernel/netlink_monitor.hpp"
#include "drivers/kernel/rtnetlink.hpp"
#include "host/model/address.hpp"
#include "host/util/asio.hpp"
#include "host/util/result.hpp"

namespace fpvs::kernel {

class LocalAddresses {
  public:
    // Of the network namespace of the calling thread.
    [[nodiscard]] static Result<std::unique_ptr<LocalAddresses>> open(boost::asio::io_context& io);
    LocalAddresses(const LocalAddresses&) = delete;
    LocalAddresses& operator=(const LocalAddresses&) = delete;

    [[nodiscard]] bool contains(const model::IpAddress& address) const {
        return interfaces_of_.contains(address);
    }
    void on_change(std::function<void()> handler) { handler_ = std::move(handler); }

  private:
    explicit LocalAddresses(Rtnetlink rtnetlink) : rtnetlink_(std::move(rtnetlink)) {}

    [[nodiscard]] Status read();
    void change(const InterfaceAddress& address, bool removed);

    Rtnetlink rtnetlink_;
    std::function<void()> handler_;
    // An address may be on several interfaces; their indices.
    std::map<model::IpAddress, std::set<std::uint32_t>> interfaces_of_;
    std::unique_ptr<NetlinkMonitor> monitor_;  // Ends before what it writes to.
};

}  // namespace fpvs::kernel
