// SPDX-License-Identifier: Apache-2.0
// The one message that is ours: the preload library asks for the text of /proc/net/ip_vs_conn.
#pragma once

#include <cstdint>

namespace fpvs::ipvs_netlink {

// A netlink message type that no family has.  Answers carry text as payload, up to NLMSG_DONE.
constexpr std::uint16_t kConnectionListing = 0x7ff0;

}  // namespace fpvs::ipvs_netlink
