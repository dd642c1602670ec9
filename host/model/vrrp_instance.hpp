// SPDX-License-Identifier: Apache-2.0
// One `vrrp_instance` block: who may own the virtual addresses, and how that is agreed.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "host/model/address.hpp"

namespace fpvs::model {

enum class VrrpAuthentication : std::uint8_t { none = 0, password = 1 };

struct VirtualAddress {
    Ipv4 address;
    std::uint8_t prefix_length = 32;
    std::string interface;  // Empty: the instance's own.

    friend bool operator==(const VirtualAddress&, const VirtualAddress&) = default;
};

struct VrrpInstance {
    std::string name;
    std::string interface;
    std::uint8_t virtual_router_id = 0;  // 1 to 255.
    std::uint8_t version = 2;            // 2 or 3.
    std::uint8_t priority = 100;         // 1 to 254; 255 owns the addresses.
    std::uint32_t advert_interval_cs = 100;
    bool initial_master = false;  // `state MASTER`: only a hint, the election decides.
    bool preempt = true;
    VrrpAuthentication authentication = VrrpAuthentication::none;
    std::string password;  // At most 8 octets go on the wire.
    std::vector<VirtualAddress> addresses;

    friend bool operator==(const VrrpInstance&, const VrrpInstance&) = default;
};

}  // namespace fpvs::model
