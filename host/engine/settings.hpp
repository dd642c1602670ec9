// SPDX-License-Identifier: Apache-2.0
// The switches that IPVS has as sysctls in net.ipv4.vs, under the same names and with the same
// defaults as the kernel's.
#pragma once

#include <optional>
#include <string_view>

#include "host/util/result.hpp"

namespace fpvs::engine {

struct Settings {
    // A packet of a connection whose server is gone ends the connection (else: it is dropped), and
    // a SYN of one whose server has weight 0 is scheduled anew.
    bool expire_nodest_conn = false;
    // A template of a server with weight 0 binds clients no longer.
    bool expire_quiescent_template = false;
    // When a SYN hits a connection that is over: 0 keep its server, 1 schedule anew, and with bit 2
    // also in FIN_WAIT of a connection of which only one direction is seen.
    int conn_reuse_mode = 1;
    // Any TCP packet but a RST may begin a connection.
    bool sloppy_tcp = false;

    // Code::not_found for a name that is none of these.
    [[nodiscard]] Status set(std::string_view setting, int value);
    [[nodiscard]] std::optional<int> get(std::string_view setting) const;
};

}  // namespace fpvs::engine
