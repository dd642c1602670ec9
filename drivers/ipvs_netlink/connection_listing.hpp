// SPDX-License-Identifier: Apache-2.0
// /proc/net/ip_vs_conn as the kernel prints it: a heading, then a line a connection.
#pragma once

#include <string>

#include "host/model/view.hpp"

namespace fpvs::ipvs_netlink {

[[nodiscard]] std::string connection_heading();
[[nodiscard]] std::string connection_line(const model::ConnectionView& connection);

}  // namespace fpvs::ipvs_netlink
