// SPDX-License-Identifier: Apache-2.0
// One `vrrp_instance` block: who may own the virtual addresses, and how that is agreed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "host/model/address.hpp"
#include "host/model/vrrp_group.hpp"
#include "host/model/vrrp_tracking.hpp"

namespace fpvs::model {

// header: the Authentication Header of RFC 2402, as RFC 2338 5.3.6.3 has it.
enum class VrrpAuthentication : std::uint8_t { none = 0, password = 1, header = 2 };

struct VirtualAddress {
    IpAddress address;
    std::uint8_t prefix_length = 32;
    std::string interface;  // Empty: the instance's own.

    friend bool operator==(const VirtualAddress&, const VirtualAddress&) = default;
};

// Gratuitous ARP and unsolicited neighbour advertisements of a master; keepalived's garp_* keywords
// and its defaults.
struct VrrpAnnouncements {
    std::uint32_t repeat = 5;   // A burst when it becomes master,
    std::uint32_t delay_s = 5;  // again after this time; 0: not again,
    std::uint32_t refresh_s = 0;
    std::uint32_t refresh_repeat = 1;  // and so many every refresh_s; 0: never.
    // After the advert of a lower master was answered: a burst and a second one.
    std::uint32_t lower_priority_repeat = 5;
    std::uint32_t lower_priority_delay_s = 5;

    friend bool operator==(const VrrpAnnouncements&, const VrrpAnnouncements&) = default;
};

// An interface of its own, with the MAC address of the virtual router (RFC 9568 7.3).
struct VrrpVirtualMac {
    std::string interface;
    MacAddress mac;
    bool adverts_from_base = false;  // vmac_xmit_base

    friend bool operator==(const VrrpVirtualMac&, const VrrpVirtualMac&) = default;
};

struct VrrpInstance {
    std::string name;
    std::string interface;
    Family family = Family::ipv4;        // Of its adverts and of `addresses`.
    std::uint8_t virtual_router_id = 0;  // 1 to 255.
    std::uint8_t version = 2;            // 2 or 3; IPv6 has 3 only.
    std::uint8_t priority = 100;         // 1 to 254; 255 owns the addresses.
    std::uint32_t advert_interval_cs = 100;
    bool initial_master = false;  // `state MASTER`: only a hint, the election decides.
    bool preempt = true;
    std::uint32_t preempt_delay_ms = 0;
    VrrpAuthentication authentication = VrrpAuthentication::none;
    std::string password;  // At most 8 octets go on the wire.
    // Where adverts come from; none: the interface's own address, of IPv6 the link-local one.
    std::optional<IpAddress> source;
    // To whom they go; empty: to the group.
    std::vector<IpAddress> unicast_peers;
    bool check_unicast_source = false;  // Take adverts of these peers only.
    // Version 3 on IPv4: without the pseudo-header, as RFC 9568 has it (v3_checksum_as_v2).
    bool checksum_of_message_only = false;
    VrrpAnnouncements announcements;
    std::optional<VrrpVirtualMac> virtual_mac = {};
    bool ignores_link = false;  // dont_track_primary
    std::vector<VrrpTrack> tracks = {};
    VrrpNotify notify = {};
    std::vector<VirtualAddress> addresses;
    std::vector<VirtualAddress> excluded_addresses;  // Owned, but not in adverts; of any family.

    friend bool operator==(const VrrpInstance&, const VrrpInstance&) = default;
};

}  // namespace fpvs::model
