// SPDX-License-Identifier: Apache-2.0
// The edits that lead from one state of the virtual services to the next.
//
// Only differences are applied, so what did not change keeps its connections and counters.
#pragma once

#include <vector>

#include "host/health/pool.hpp"
#include "host/health/service.hpp"
#include "host/model/config.hpp"
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

// A virtual service as the engine should have it: the servers are those that serve now, or stay
// with weight 0.
struct ServiceTable {
    model::ServiceKey key;
    model::ServiceKey pool;  // Whose servers these are: another's where a group shares them.
    model::ServiceSettings settings = {};
    std::vector<model::IpAddress> local_addresses = {};
    health::PoolTable servers = {};
};

// What this configuration and its checks want.
[[nodiscard]] std::vector<ServiceTable> service_tables(const model::Config& config,
                                                       const health::Service& health);

// The servers of a pool as the table of one of its services has them.
[[nodiscard]] health::PoolTable servers_for(const model::ServiceKey& service,
                                            const model::ServiceKey& pool,
                                            const health::PoolTable& servers);

// In the order of the files, as keepalived does it: a service, then its servers.  Departures come
// first, so that a table that is nearly full has room for the new.
[[nodiscard]] std::vector<Edit> plan_edits(const std::vector<ServiceTable>& before,
                                           const std::vector<ServiceTable>& after);

// The same for the servers of one service, by what its table held and what it should hold.
[[nodiscard]] std::vector<Edit> plan_servers(const model::ServiceKey& service,
                                             const health::PoolTable& before,
                                             const health::PoolTable& after);

}  // namespace fpvs::daemon
