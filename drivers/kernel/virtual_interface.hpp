// SPDX-License-Identifier: Apache-2.0
// A virtual router's interface: a private macvlan with the router's MAC address (RFC 9568 7.3), set
// so that it alone answers for the addresses it has.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "drivers/kernel/rtnetlink.hpp"
#include "host/provider/vrrp_link.hpp"
#include "host/util/result.hpp"

namespace fpvs::kernel {

class VirtualInterface final : public provider::VirtualInterface {
  public:
    // In the network namespace of the calling thread.  Takes the place of one that an earlier run
    // left behind.
    [[nodiscard]] static Result<std::unique_ptr<provider::VirtualInterface>> make(
        const provider::VirtualInterfacePlan& plan);
    // Removes it, and sets the interface below back.
    ~VirtualInterface() override;

  private:
    explicit VirtualInterface(Rtnetlink rtnetlink) : rtnetlink_(std::move(rtnetlink)) {}

    // Writes a setting of the kernel's and remembers what it was.
    void set_for_now(const std::string& path, const std::string& value);

    Rtnetlink rtnetlink_;
    std::uint32_t index_ = 0;
    std::vector<std::pair<std::string, std::string>> settings_before_;  // By path.
};

}  // namespace fpvs::kernel
