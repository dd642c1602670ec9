// SPDX-License-Identifier: Apache-2.0
#include "drivers/kernel/local_addresses.hpp"

#include "host/util/log.hpp"

namespace fpvs::kernel {

Result<std::unique_ptr<LocalAddresses>> LocalAddresses::open(boost::asio::io_context& io) {
    FPVS_TRY(auto rtnetlink, Rtnetlink::open());
    std::unique_ptr<LocalAddresses> addresses(new LocalAddresses(std::move(rtnetlink)));
    LocalAddresses* const self = addresses.get();
    const auto on_loss = [self] {
        if (const Status status = self->read(); !status) {
            log::warn("kernel", "{}", status.error().message);
        } else if (self->handler_) {
            self->handler_();
        }
    };
    // Listened to before they are read, so that none is missed in between.
    FPVS_TRY(addresses->monitor_,
             NetlinkMonitor::open(
                 io,
                 {.on_address = [self](const InterfaceAddress& address,
                                       bool removed) { self->change(address, removed); },
                  .on_loss = on_loss}));
    FPVS_TRY_STATUS(addresses->read());
    return addresses;
}

Status LocalAddresses::read() {
    std::map<model::IpAddress, std::set<std::uint32_t>> found;
    for (const model::Family family : {model::Family::ipv4, model::Family::ipv6}) {
        FPVS_TRY(const auto addresses, rtnetlink_.all_addresses(family));
        for (const InterfaceAddress& address : addresses) {
            found[address.address].insert(address.interface_index);
        }
    }
    interfaces_of_ = std::move(found);
    return {};
}

void LocalAddresses::change(const InterfaceAddress& address, bool removed) {
    const bool had = contains(address.address);
    std::set<std::uint32_t>& interfaces = interfaces_of_[address.address];
    if (removed) {
        interfaces.erase(address.interface_index);
    } else {
        interfaces.insert(address.interface_index);
    }
    if (interfaces.empty()) {
        interfaces_of_.erase(address.address);
    }
    if (handler_ && contains(address.address) != had) {
        handler_();
    }
}

}  // namespace fpvs::kernel
