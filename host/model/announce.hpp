// SPDX-License-Identifier: Apache-2.0
// How a director's virtual addresses are made known to routers, and how far that has come.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "host/model/address.hpp"

namespace fpvs::model {

// `announce { ... }`: FRR announces the address of a service while its servers have a quorum.
struct Announce {
    std::uint32_t bgp_as = 0;                // Of `router bgp`.
    std::string route_map = "fpvs";          // Marks what is ours among FRR's networks.
    std::string vtysh = "/usr/bin/vtysh";    // FRR's shell,
    std::string vty_socket = {};             // and where its daemons listen; empty: as usual.
    std::vector<IpAddress> always = {};      // Without regard to quorums.
    std::vector<IpAddress> never = {};       // Left to VRRP or to somebody else.
    std::uint32_t linger_ms = 2'000;         // Forwarding goes on so long after the withdrawal.
    std::uint32_t look_interval_ms = 2'000;  // Whether FRR still announces what it shall.

    friend bool operator==(const Announce&, const Announce&) = default;
};

struct AnnouncedAddress {
    IpAddress address;
    bool wanted = false;
    bool announced = false;  // As FRR's configuration was when we last looked.

    friend bool operator==(const AnnouncedAddress&, const AnnouncedAddress&) = default;
};

struct AnnounceCounters {
    std::uint64_t looks = 0;      // Times FRR's configuration was read,
    std::uint64_t edits = 0;      // and edited.
    std::uint64_t announced = 0;  // Addresses that FRR was told to announce,
    std::uint64_t withdrawn = 0;  // and not to.
    std::uint64_t failures = 0;   // Of either.

    friend bool operator==(const AnnounceCounters&, const AnnounceCounters&) = default;
};

struct AnnounceView {
    bool configured = false;
    bool drained = false;
    std::string state;  // "in step", "catching up", or the sentence that says what is wrong.
    std::uint32_t bgp_as = 0;
    std::vector<AnnouncedAddress> addresses;
    AnnounceCounters counters;
};

}  // namespace fpvs::model
