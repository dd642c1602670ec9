// SPDX-License-Identifier: Apache-2.0
// The two options that plug interfaces of the kernel into the wire:
//   --port INTERFACE=card:N                   the card's port N carries the interface
//   --standby INTERFACE=DRIVER:DEVICE[@NETNS] a DPDK port does while no card is there
// DRIVER:DEVICE is one of
//   af_packet:IFNAME, af_xdp:IFNAME   frames of an interface of the kernel
//   tap:IFNAME                        an interface that is made, and gone with the daemon
//   pcap:IN[,OUT]                     frames of a capture file, and into another
//   pci:ADDRESS[,OPTIONS]             a NIC that is bound to vfio-pci, such as pci:0000:3b:00.0
//   dpdk:DEVARGS                      any other DPDK device
// With @NETNS the device is opened in that network namespace.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/util/result.hpp"

namespace fpvs::daemon {

struct CardPortOption {
    std::string interface;
    std::uint32_t card_port = 0;

    friend bool operator==(const CardPortOption&, const CardPortOption&) = default;
};

struct StandbyOption {
    std::string interface;
    std::string devargs;               // As DPDK takes them.
    std::optional<std::string> netns;  // As `ip netns` lists it.
    bool is_pci = false;               // `devargs` begins with a PCI address.

    friend bool operator==(const StandbyOption&, const StandbyOption&) = default;
};

[[nodiscard]] Result<CardPortOption> parse_card_port(std::string_view text);
// `index` makes the DPDK device's name unique.
[[nodiscard]] Result<StandbyOption> parse_standby(std::string_view text, std::size_t index);

// One interface of the kernel with all that may carry it.
struct InterfacePlan {
    std::string interface;
    std::optional<std::uint32_t> card_port;
    std::optional<StandbyOption> standby;
};

// Joins the options by interface, in the order they were given.  An interface or a card port that
// is named twice is a mistake.
[[nodiscard]] Result<std::vector<InterfacePlan>> plan_interfaces(
    const std::vector<CardPortOption>& ports, const std::vector<StandbyOption>& standbys);

}  // namespace fpvs::daemon
