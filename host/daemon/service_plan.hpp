// SPDX-License-Identifier: Apache-2.0
// The edits that lead from one configuration of virtual services to the next.
//
// Only differences are applied, so what did not change keeps its connections and counters.  A real
// server that its checks hold down is not in the table; it comes and goes by edits of its own.
#pragma once

#include <set>
#include <utility>
#include <vector>

#include "host/model/virtual_service.hpp"

namespace fpvs::daemon {

struct Edit {
    enum class Kind {
        add_service,
        edit_service,
        delete_service,
        add_server,
        edit_server,
        delete_server,
        add_local_address,
        delete_local_address,
    };
    Kind kind = Kind::add_service;
    model::ServiceKey service;
    model::ServiceSettings service_settings = {};  // add_service, edit_service
    model::ServerKey server = {};                  // *_server
    model::ServerSettings server_settings = {};    // add_server, edit_server
    model::IpAddress local_address = {};           // *_local_address

    friend bool operator==(const Edit&, const Edit&) = default;
};

using DownServers = std::set<std::pair<model::ServiceKey, model::ServerKey>>;

// In the order of the files, as keepalived does it: a service, then its servers.  Departures come
// first, so that a table that is nearly full has room for the new.
[[nodiscard]] std::vector<Edit> plan_edits(const std::vector<model::VirtualServiceConfig>& before,
                                           const std::vector<model::VirtualServiceConfig>& after,
                                           const DownServers& down);

}  // namespace fpvs::daemon
