// SPDX-License-Identifier: Apache-2.0
// The order of ipvsadm's lists.
//
// It compares IPv4 addresses by the sign of their 32-bit difference, so that 192.168.0.1 comes
// before 10.0.0.1.  That is no order in the strict sense (a < b < c < a is possible); what comes
// out then depends on the sorting, which is a merge sort of halves.  Scripts see this order, so it
// is kept.
#pragma once

#include <vector>

#include "host/control/api.pb.h"

namespace fpvs::cli {

namespace api = control::api;

// Pointers into what is handed in.  Not sorted: as the daemon gave them.
[[nodiscard]] std::vector<const api::Service*> ordered(const api::Services& services, bool sorted);
[[nodiscard]] std::vector<const api::Server*> ordered(const api::Service& service, bool sorted);

}  // namespace fpvs::cli
