// SPDX-License-Identifier: Apache-2.0
#include "host/health/pool.hpp"

#include <algorithm>
#include <limits>
#include <string>
#include <utility>

#include "host/health/endpoint.hpp"
#include "host/util/log.hpp"

namespace fpvs::health {
namespace {

constexpr const char* kComponent = "health";

// What IPVS can hold; keepalived limits the sum likewise.
std::int32_t effective_weight(const model::RealServerConfig& server, const ServerState& state) {
    constexpr std::int64_t kMax = std::numeric_limits<std::int32_t>::max();
    const std::int64_t change = std::clamp(state.weight_change, -kMax, kMax);
    return static_cast<std::int32_t>(
        std::clamp<std::int64_t>(server.settings.weight + change, 0, kMax));
}

}  // namespace

Pool::Pool(model::VirtualServiceConfig config, const StateOf& state_of, PoolEvents& events)
    : config_(std::move(config)) {
    for (const model::RealServerConfig& server : config_.servers) {
        states_[server.key] = state_of(server.key);
    }
    const std::uint32_t quorum = config_.quorum.weight;
    if (live_weight() < std::int64_t{quorum} + config_.quorum.hysteresis) {
        log::info(kComponent,
                  "Starting with quorum down {}-{}={} > {} for VS {}",
                  quorum,
                  config_.quorum.hysteresis,
                  std::int64_t{quorum} - config_.quorum.hysteresis,
                  live_weight(),
                  endpoint(config_.key));
        events.push_back({.kind = PoolEvent::Kind::quorum_down});
        begun_ = true;
        log_pool_change();
    }
    update_quorum(events);
    begun_ = true;
    update_table();
}

void Pool::configure(const model::VirtualServiceConfig& config,
                     const StateOf& state_of,
                     PoolEvents& events) {
    std::map<model::ServerKey, ServerState> before;
    before.swap(states_);
    if (config != config_) {  // A comparison costs less than a copy.
        config_ = config;
    }
    for (const model::RealServerConfig& server : config_.servers) {
        const auto known = before.find(server.key);
        const ServerState now = state_of(server.key);
        states_[server.key] = known != before.end() ? known->second : now;
        apply_state(server, now, events);
    }
    update_quorum(events);
    update_table();
}

void Pool::server_changed(const model::ServerKey& server,
                          const ServerState& state,
                          PoolEvents& events) {
    const auto found = std::find_if(config_.servers.begin(),
                                    config_.servers.end(),
                                    [&](const auto& known) { return known.key == server; });
    if (found != config_.servers.end()) {
        apply_state(*found, state, events);
        update_quorum(events);
        update_table();
    }
}

void Pool::apply_state(const model::RealServerConfig& server,
                       const ServerState& state,
                       PoolEvents& events) {
    ServerState& known = states_[server.key];
    const std::string name = endpoint(config_.key, server.key);
    const std::int32_t weight_before = effective_weight(server, known);
    const std::int32_t weight = effective_weight(server, state);
    if (weight != weight_before) {
        log::info(kComponent,
                  "Changing weight from {} to {} for {}active service {} of VS {}",
                  weight_before,
                  weight,
                  known.up ? "" : "in",
                  name,
                  endpoint(config_.key));
    }
    if (state.up != known.up) {
        if (server.inhibit_on_failure) {
            log::info(kComponent,
                      "{} service {} of VS {}",
                      state.up ? "Enabling" : "Disabling",
                      name,
                      endpoint(config_.key));
        } else {
            log::info(kComponent,
                      "{} service {} {} VS {}",
                      state.up ? "Adding" : "Removing",
                      name,
                      state.up ? "to" : "from",
                      endpoint(config_.key));
        }
        events.push_back(
            {.kind = state.up ? PoolEvent::Kind::server_up : PoolEvent::Kind::server_down,
             .server = server.key});
    }
    known = state;
}

std::int64_t Pool::live_weight() const {
    std::int64_t weight = 0;
    for (const model::RealServerConfig& server : config_.servers) {
        const ServerState& state = states_.at(server.key);
        weight += state.up ? effective_weight(server, state) : 0;
    }
    return weight;
}

void Pool::update_quorum(PoolEvents& events) {
    const std::int64_t weight = live_weight();
    const std::int64_t quorum = config_.quorum.weight;
    const std::int64_t hysteresis = config_.quorum.hysteresis;
    if (!quorum_up_ && weight >= quorum + hysteresis) {
        quorum_up_ = true;
        log::info(kComponent,
                  "Gained quorum {}+{}={} <= {} for VS {}",
                  quorum,
                  hysteresis,
                  quorum + hysteresis,
                  weight,
                  endpoint(config_.key));
        events.push_back({.kind = PoolEvent::Kind::quorum_up});
        log_pool_change();
    } else if (quorum_up_ && (weight == 0 || weight < quorum - hysteresis)) {
        quorum_up_ = false;
        log::warn(kComponent,
                  "Lost quorum {}-{}={} > {} for VS {}",
                  quorum,
                  hysteresis,
                  quorum - hysteresis,
                  weight,
                  endpoint(config_.key));
        events.push_back({.kind = PoolEvent::Kind::quorum_down});
        log_pool_change();
    }
}

void Pool::log_pool_change() const {
    if (!config_.sorry_server || !begun_) {
        return;
    }
    const model::SorryServer& server = *config_.sorry_server;
    const std::string_view verb = server.inhibit ? (quorum_up_ ? "Disabling" : "Enabling")
                                                 : (quorum_up_ ? "Removing" : "Adding");
    log::info(kComponent,
              "{} sorry server {} {} VS {}",
              verb,
              endpoint(config_.key, server.key),
              quorum_up_ ? "from" : "to",
              endpoint(config_.key));
    log::info(kComponent,
              "{} the pool for VS {}",
              quorum_up_ ? "Adding alive servers to" : "Removing alive servers from",
              endpoint(config_.key));
}

void Pool::update_table() {
    PoolTable table;
    for (const model::RealServerConfig& server : config_.servers) {
        const ServerState& state = states_.at(server.key);
        const bool serves = state.up && !sorry();
        // One that is inhibited stays without weight, alive or not.
        if (serves || server.inhibit_on_failure) {
            PoolEntry entry{.key = server.key, .settings = server.settings};
            entry.settings.weight = serves ? effective_weight(server, state) : 0;
            table.push_back(entry);
        }
    }
    if (config_.sorry_server && (sorry() || config_.sorry_server->inhibit)) {
        PoolEntry entry{.key = config_.sorry_server->key,
                        .settings = config_.sorry_server->settings};
        entry.settings.weight = sorry() ? entry.settings.weight : 0;
        table.push_back(entry);
    }
    if (table != table_) {
        table_ = std::move(table);
    }
}

bool Pool::server_up(const model::ServerKey& server) const {
    const auto found = states_.find(server);
    return found != states_.end() && found->second.up;
}

}  // namespace fpvs::health
