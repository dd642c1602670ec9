// SPDX-License-Identifier: Apache-2.0
// FRR's side of an announcement: what its running configuration says, and the commands that make it
// say something else.
//
//     router bgp 65001
//      address-family ipv4 unicast
//       network 192.0.2.1/32 route-map fpvs
//
// The route-map is the mark by which we know our own networks again, after whatever end of the
// daemon; others are never touched.  Where there is none of its name we make one that permits all;
// an operator may write it to set communities or a metric.
#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "host/model/address.hpp"
#include "host/model/announce.hpp"

namespace fpvs::announce {

using Addresses = std::set<model::IpAddress>;

struct FrrState {
    bool has_router = false;  // `router bgp` with our AS, in the default VRF.
    bool has_route_map = false;
    bool needs_route = true;  // `bgp network import-check`: announces only what is routed.
    Addresses announced;

    friend bool operator==(const FrrState&, const FrrState&) = default;
};

[[nodiscard]] FrrState read_running_config(std::string_view text, const model::Announce& announce);

struct FrrEdit {
    std::vector<std::string> commands;  // Empty: all is as it shall be.
    std::size_t announced = 0;          // Addresses that it adds,
    std::size_t withdrawn = 0;          // and takes away.
};
// At most `changes_max` of the changes that lead to `wanted`, withdrawals first.
[[nodiscard]] FrrEdit edit_towards(const Addresses& wanted,
                                   const FrrState& state,
                                   const model::Announce& announce,
                                   std::size_t changes_max);

}  // namespace fpvs::announce
