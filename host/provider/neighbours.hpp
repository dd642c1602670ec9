// SPDX-License-Identifier: Apache-2.0
// The seam to routing and address resolution: where a packet for an address of either family goes
// next.
//
// The answer comes from a cache that the kernel keeps current, so asking is cheap and never blocks.
// The first question about an address starts its resolution; ask once when a server becomes known
// and the answer is there by the time of its first packet.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "host/model/address.hpp"

namespace fpvs::provider {

struct Neighbour {
    model::MacAddress mac;  // Of the next hop.
    // The target itself when it is on-link, else the gateway, which may be an IPv6 router of an
    // IPv4 target (RFC 8950).
    model::IpAddress next_hop;
    model::IpAddress source;            // The address that the host would send from.
    std::uint32_t interface_index = 0;  // Egress.
    std::string interface;

    friend bool operator==(const Neighbour&, const Neighbour&) = default;
};

class Neighbours {
  public:
    // Called when the answer about an address that was asked for changes, also to and from none.
    using ChangeHandler = std::function<void(const model::IpAddress& target,
                                             const std::optional<Neighbour>& neighbour)>;

    virtual ~Neighbours() = default;

    // None while the address is unresolved, unreachable, local to this host, or refused because the
    // cache is full.  May be called from any thread.
    [[nodiscard]] virtual std::optional<Neighbour> resolve(const model::IpAddress& target) = 0;

    // Ends the upkeep of an address that nobody will ask for again.  May be called from any thread.
    virtual void forget(const model::IpAddress& target) = 0;

    // The one listener; it runs on the thread of the control plane.  Set it before the first
    // question.
    virtual void on_change(ChangeHandler handler) = 0;
};

}  // namespace fpvs::provider
