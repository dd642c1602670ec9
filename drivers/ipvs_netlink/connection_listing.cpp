// SPDX-License-Identifier: Apache-2.0
#include "drivers/ipvs_netlink/connection_listing.hpp"

#include <fmt/core.h>

#include <cstddef>
#include <string_view>

namespace fpvs::ipvs_netlink {
namespace {

constexpr unsigned kHalfBits = 16;

// "0A000001", or all eight groups of an IPv6 address.
std::string address_text(const model::IpAddress& address) {
    if (address.is_ipv4()) {
        return fmt::format("{:08X}", address.ipv4().value);
    }
    std::string text;
    for (const std::uint32_t word : address.words) {
        text += fmt::format("{}{:04x}:{:04x}",
                            text.empty() ? "" : ":",
                            word >> kHalfBits,
                            word & ((1u << kHalfBits) - 1));
    }
    return text;
}

std::string_view protocol_text(const model::ConnectionView& connection) {
    if (connection.firewall_mark != 0) {
        return "IP";
    }
    switch (connection.protocol) {
        case model::Protocol::tcp:
            return "TCP";
        case model::Protocol::udp:
            return "UDP";
        case model::Protocol::sctp:
            return "SCTP";
    }
    return "IP";
}

// A template by firewall mark has the mark in the place of the address.
model::IpAddress virtual_address(const model::ConnectionView& connection) {
    if (connection.firewall_mark == 0) {
        return connection.virtual_address;
    }
    model::IpAddress address = model::IpAddress::any(connection.client_address.family);
    address.words[0] = connection.firewall_mark;
    return address;
}

}  // namespace

std::string connection_heading() {
    return "Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Expires PEName PEData\n";
}

std::string connection_line(const model::ConnectionView& connection) {
    return fmt::format("{:<3} {} {:04X} {} {:04X} {} {:04X} {:<11} {:7}\n",
                       protocol_text(connection),
                       address_text(connection.client_address),
                       connection.client_port,
                       address_text(virtual_address(connection)),
                       connection.virtual_port,
                       address_text(connection.server_address),
                       connection.server_port,
                       connection.state,
                       connection.expires_s);
}

}  // namespace fpvs::ipvs_netlink
