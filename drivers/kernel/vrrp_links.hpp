// SPDX-License-Identifier: Apache-2.0
// VRRP on the kernel's interfaces: a raw socket for adverts, a packet socket for gratuitous ARP,
// netlink for the state of the interface.
//
// Headers go out as they are given (IP_HDRINCL).  Sockets are bound to the interface and opened
// again when an interface of that name comes back with another index.
#pragma once

#include "drivers/kernel/virtual_interface.hpp"
#include "host/provider/vrrp_link.hpp"
#include "host/util/asio.hpp"

namespace fpvs::kernel {

class VrrpLinks final : public provider::VrrpLinks {
  public:
    explicit VrrpLinks(boost::asio::io_context& io) : io_(io) {}

    [[nodiscard]] Result<std::unique_ptr<provider::VirtualInterface>> make_virtual(
        const provider::VirtualInterfacePlan& plan) override {
        return VirtualInterface::make(plan);
    }
    // In the network namespace of the calling thread, which must be that of the io_context's too.
    [[nodiscard]] Result<std::unique_ptr<provider::VrrpLink>> open(
        const std::string& interface, provider::VrrpLinkEvents events) override;

  private:
    boost::asio::io_context& io_;
};

}  // namespace fpvs::kernel
