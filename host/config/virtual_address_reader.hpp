// SPDX-License-Identifier: Apache-2.0
// The lines of `virtual_ipaddress` and `virtual_ipaddress_excluded`: ADDRESS[/LENGTH] [dev NAME]...
#pragma once

#include <vector>

#include "host/config/diagnostics.hpp"
#include "host/config/statement.hpp"
#include "host/model/vrrp_instance.hpp"

namespace fpvs::config {

// Appends those of the block, each once and at most `limit`.
void read_virtual_addresses(const Statement& block,
                            std::size_t limit,
                            std::vector<model::VirtualAddress>& addresses,
                            Diagnostics& diagnostics);

}  // namespace fpvs::config
