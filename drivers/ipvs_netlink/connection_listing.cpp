// SPDX-License-Identifier: Apache-2.0
#include "drivers/ipvs_netlink/connection_listing.hpp"

#include <fmt/core.h>

namespace fpvs::ipvs_netlink {

std::string connection_heading() {
    return "Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Expires PEName PEData\n";
}

std::string connection_line(const model::ConnectionView& connection) {
    return fmt::format("{:<3} {:08X} {:04X} {:08X} {:04X} {:08X} {:04X} {:<11} {:7}\n",
                       connection.protocol == model::Protocol::tcp ? "TCP" : "UDP",
                       connection.client_address.ipv4().value,
                       connection.client_port,
                       connection.virtual_address.ipv4().value,
                       connection.virtual_port,
                       connection.server_address.ipv4().value,
                       connection.server_port,
                       connection.state,
                       connection.expires_s);
}

}  // namespace fpvs::ipvs_netlink
