// SPDX-License-Identifier: Apache-2.0
// ipvsadm's lists, byte for byte; its trailing blanks are real.  Pure functions of what the
// daemon answered.
#pragma once

#include <string>

#include "host/cli/command.hpp"
#include "host/cli/names.hpp"
#include "host/control/api.pb.h"

namespace fpvs::cli {

// `ipvsadm -L`.  With `titled`, the line with the version comes first: a list of one service has
// none.
[[nodiscard]] std::string list_services(const api::Services& services,
                                        const ListStyle& style,
                                        bool titled,
                                        Names& names);
// `ipvsadm -G` of DPVS, without its columns of counts.  Always numeric, as there.
[[nodiscard]] std::string list_local_addresses(const api::Services& services, Names& names);

// `ipvsadm -Lc`: the title, then rows as they come.
[[nodiscard]] std::string connections_title(const ListStyle& style);
[[nodiscard]] std::string connection_row(const api::Connection& connection,
                                         const ListStyle& style,
                                         Names& names);

// `ipvsadm -L --timeout`, `--daemon`.
[[nodiscard]] std::string list_timeouts(const api::Timeouts& timeouts);
[[nodiscard]] std::string list_sync_daemons(const api::SyncDaemons& daemons);

}  // namespace fpvs::cli
