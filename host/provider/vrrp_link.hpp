// SPDX-License-Identifier: Apache-2.0
// The seam between VRRP and an interface: adverts out and in, raw frames out, and what the
// interface is like.  Everything runs on the control plane's thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "host/model/address.hpp"
#include "host/util/result.hpp"

namespace fpvs::provider {

struct LinkState {
    bool up = false;  // Exists, is set up and has carrier.
    model::MacAddress mac;
    // Of both families, each with the oldest first; virtual ones are among them.
    std::vector<model::IpAddress> addresses;

    friend bool operator==(const LinkState&, const LinkState&) = default;
};

class VrrpLink {
  public:
    virtual ~VrrpLink() = default;
    [[nodiscard]] virtual const LinkState& state() const = 0;
    // A whole IP packet to the VRRP group or to a peer, which its header names too; the header goes
    // out as it is.
    [[nodiscard]] virtual Status send_packet(std::span<const std::uint8_t> packet,
                                             const model::IpAddress& destination) = 0;
    // Hands over now what has arrived and waits to be read.
    virtual void receive_pending() = 0;
    // A whole Ethernet frame.
    [[nodiscard]] virtual Status send_frame(std::span<const std::uint8_t> frame) = 0;
};

struct VrrpLinkEvents {
    // A packet of protocol 112, or of 51 around it, to the group or to this host, IP header
    // included, not our own.  Without a handler nothing is listened to.
    std::function<void(std::span<const std::uint8_t> packet)> on_packet;
    std::function<void()> on_state;
};

// An interface with a MAC address of its own on top of another, as long as the object lives.
class VirtualInterface {
  public:
    virtual ~VirtualInterface() = default;
};

struct VirtualInterfacePlan {
    std::string name;
    std::string base;
    model::MacAddress mac;

    friend bool operator==(const VirtualInterfacePlan&, const VirtualInterfacePlan&) = default;
};

class VrrpLinks {
  public:
    virtual ~VrrpLinks() = default;
    [[nodiscard]] virtual Result<std::unique_ptr<VirtualInterface>> make_virtual(
        const VirtualInterfacePlan& plan) = 0;
    [[nodiscard]] virtual Result<std::unique_ptr<VrrpLink>> open(const std::string& interface,
                                                                 VrrpLinkEvents events) = 0;
};

}  // namespace fpvs::provider
