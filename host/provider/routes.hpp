// SPDX-License-Identifier: Apache-2.0
// The seam to routing: the host's whole table, for packets to addresses that nobody named before.
//
// `Neighbours` answers for one address, by asking the kernel; a reply to a client anywhere has to
// be routed without asking.  Whoever routes packets builds a lookup structure of this table.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "host/model/address.hpp"
#include "host/model/prefix.hpp"

namespace fpvs::provider {

struct Route {
    model::Prefix prefix;
    std::optional<model::IpAddress> gateway;  // None: the destinations are on-link.
    // Egress.  0: there is no way out, because the destinations are this host, or not unicast, or
    // because the route refuses them.
    std::uint32_t interface_index = 0;
    std::uint32_t mtu = 0;     // 0: the interface's.
    std::uint32_t metric = 0;  // Of routes with the same prefix the one with the least counts.

    friend bool operator==(const Route&, const Route&) = default;
};

class Routes {
  public:
    // Gets the whole table, both families.  Of routes that are equal in prefix and metric the first
    // counts.
    using ChangeHandler = std::function<void(const std::vector<Route>& routes)>;

    virtual ~Routes() = default;

    // The one listener.  It is called at once with the table as it is, and then, on the thread of
    // the control plane, whenever the table has changed; changes close together come as one.
    virtual void on_change(ChangeHandler handler) = 0;
};

}  // namespace fpvs::provider
