// SPDX-License-Identifier: Apache-2.0
// Virtual addresses on the kernel's interfaces, by rtnetlink.
#pragma once

#include "drivers/kernel/rtnetlink.hpp"
#include "host/provider/address_owner.hpp"

namespace fpvs::kernel {

class AddressOwner final : public provider::AddressOwner {
  public:
    // Works in the network namespace that the socket was opened in.
    explicit AddressOwner(Rtnetlink rtnetlink) : rtnetlink_(std::move(rtnetlink)) {}

    [[nodiscard]] Status add(const std::string& interface,
                             const model::IpAddress& address,
                             std::uint8_t prefix_length) override {
        FPVS_TRY(const Interface found, rtnetlink_.interface(interface));
        return rtnetlink_.add_address({found.index, address, prefix_length});
    }
    [[nodiscard]] Status remove(const std::string& interface,
                                const model::IpAddress& address,
                                std::uint8_t prefix_length) override {
        FPVS_TRY(const Interface found, rtnetlink_.interface(interface));
        return rtnetlink_.remove_address({found.index, address, prefix_length});
    }

  private:
    Rtnetlink rtnetlink_;
};

}  // namespace fpvs::kernel
