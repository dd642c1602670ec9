// SPDX-License-Identifier: Apache-2.0
// A daemon of connection synchronisation, as `ipvsadm --start-daemon` asks for it.
#pragma once

#include <cstdint>
#include <string>

#include "host/model/address.hpp"

namespace fpvs::model {

enum class SyncRole : std::uint8_t { master, backup };

struct SyncDaemon {
    SyncRole role = SyncRole::master;
    std::string interface;
    std::uint8_t sync_id = 0;
    // Defaults are IPVS's.
    std::uint16_t message_bytes_max = 1472;
    IpAddress group = Ipv4{0xe0000051};  // 224.0.0.81
    std::uint16_t port = 8848;
    std::uint8_t ttl = 1;

    friend bool operator==(const SyncDaemon&, const SyncDaemon&) = default;
};

// A daemon that follows the state of a VRRP instance: a master's while that is master, else a
// backup's.  Without an instance this director is both.
struct SyncFollower {
    SyncDaemon daemon;  // Of either role.
    std::string instance;

    friend bool operator==(const SyncFollower&, const SyncFollower&) = default;
};

}  // namespace fpvs::model
