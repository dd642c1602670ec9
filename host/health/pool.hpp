// SPDX-License-Identifier: Apache-2.0
// One virtual service's servers: which of them belong in its table, with which weight, by what
// their checks say, by the quorum and by the sorry server.
//
//            weight of live servers >= quorum + hysteresis
//     down ----------------------------------------------> up
//      ^     weight of live servers < quorum - hysteresis,  |
//      |     or there is none                               |
//      +----------------------------------------------------+
//
// The sorry server is in the table while the quorum is down, and then no other server serves.
// Without a sorry server the quorum changes nothing in the table; it is told of and that is all.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <vector>

#include "host/health/board.hpp"
#include "host/model/virtual_service.hpp"
#include "host/util/shared_list.hpp"

namespace fpvs::health {

// What a table should hold.
struct PoolEntry {
    model::ServerKey key;
    model::ServerSettings settings;

    friend bool operator==(const PoolEntry&, const PoolEntry&) = default;
};
using PoolTable = SharedList<PoolEntry>;

// What an operator may want to hear of.
struct PoolEvent {
    enum class Kind : std::uint8_t { server_up, server_down, quorum_up, quorum_down };
    Kind kind = Kind::server_up;
    model::ServerKey server = {};  // server_*

    friend bool operator==(const PoolEvent&, const PoolEvent&) = default;
};
using PoolEvents = std::vector<PoolEvent>;

class Pool {
  public:
    using StateOf = std::function<ServerState(const model::ServerKey& server)>;

    // Says what the quorum is from the start.
    Pool(model::VirtualServiceConfig config, const StateOf& state_of, PoolEvents& events);

    // Servers that stay keep what is known of them.
    void configure(const model::VirtualServiceConfig& config,
                   const StateOf& state_of,
                   PoolEvents& events);
    void server_changed(const model::ServerKey& server,
                        const ServerState& state,
                        PoolEvents& events);

    // Servers in the order of the file, the sorry server last.
    [[nodiscard]] const PoolTable& table() const { return table_; }
    [[nodiscard]] bool quorum_up() const { return quorum_up_; }
    [[nodiscard]] bool server_up(const model::ServerKey& server) const;
    [[nodiscard]] const model::VirtualServiceConfig& config() const { return config_; }

  private:
    [[nodiscard]] std::int64_t live_weight() const;
    [[nodiscard]] bool sorry() const { return config_.sorry_server.has_value() && !quorum_up_; }
    void apply_state(const model::RealServerConfig& server,
                     const ServerState& state,
                     PoolEvents& events);
    void update_quorum(PoolEvents& events);
    void log_pool_change() const;
    void update_table();

    model::VirtualServiceConfig config_;
    std::map<model::ServerKey, ServerState> states_;
    bool quorum_up_ = false;
    bool begun_ = false;  // Before, no sorry server can leave.
    PoolTable table_;     // The same list until something in it is another.
};

}  // namespace fpvs::health
