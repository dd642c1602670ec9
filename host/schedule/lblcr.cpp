// SPDX-License-Identifier: Apache-2.0
// lblcr: as lblc, but a destination address has a set of servers.  The least loaded of them serves;
// when that one has too much to do, the server that wlc would choose joins the set.  A set that did
// not change for a day loses its most loaded server.
#include <algorithm>
#include <vector>

#include "host/schedule/destination_cache.hpp"
#include "host/schedule/least.hpp"
#include "host/schedule/schedulers.hpp"
#include "host/schedule/stateless.hpp"

namespace fpvs::schedule {
namespace {

struct ServerSet {
    std::vector<model::ServerKey> keys;  // The last that joined first.
    std::uint64_t changed_ms = 0;
};

class LocalityBasedLeastConnectionReplicated final : public Stateless {
  public:
    std::optional<std::size_t> pick(Servers servers, const Request& request) override;

  private:
    // The positions of the set's servers that the service has.
    [[nodiscard]] static std::vector<std::size_t> members(const ServerSet& set, Servers servers);
    static void shrink(ServerSet& set, Servers servers, const Request& request);

    DestinationCache<ServerSet> cache_;
};

std::vector<std::size_t> LocalityBasedLeastConnectionReplicated::members(const ServerSet& set,
                                                                         Servers servers) {
    std::vector<std::size_t> positions;
    for (const model::ServerKey& key : set.keys) {
        if (const auto position = position_of(servers, key)) {
            positions.push_back(*position);
        }
    }
    return positions;
}

void LocalityBasedLeastConnectionReplicated::shrink(ServerSet& set,
                                                    Servers servers,
                                                    const Request& request) {
    if (set.keys.size() < 2 || request.now_ms <= set.changed_ms + request.destination_idle_ms) {
        return;
    }
    const ServerState* most = nullptr;
    for (const std::size_t position : members(set, servers)) {
        const ServerState* server = servers[position];
        if (server->weight > 0 &&
            (most == nullptr ||
             connection_load(*most) * static_cast<std::uint64_t>(server->weight) <
                 connection_load(*server) * static_cast<std::uint64_t>(most->weight))) {
            most = server;
        }
    }
    if (most != nullptr) {
        std::erase(set.keys, most->key);
        set.changed_ms = request.now_ms;
    }
}

std::optional<std::size_t> LocalityBasedLeastConnectionReplicated::pick(Servers servers,
                                                                        const Request& request) {
    ServerSet* set = cache_.find(request.destination, request.now_ms, request.destination_idle_ms);
    if (set != nullptr) {
        const std::vector<std::size_t> positions = members(*set, servers);
        std::vector<const ServerState*> candidates;
        candidates.reserve(positions.size());
        for (const std::size_t position : positions) {
            candidates.push_back(servers[position]);
        }
        const auto least = least_weighted(candidates, connection_load);
        shrink(*set, servers, request);
        if (least && !should_share(*candidates[*least], servers)) {
            return positions[*least];
        }
    }
    const auto position = least_weighted(servers, connection_load);
    if (!position) {
        return std::nullopt;
    }
    const model::ServerKey& key = servers[*position]->key;
    if (set == nullptr) {
        cache_.insert(
            request.destination, {.keys = {key}, .changed_ms = request.now_ms}, request.now_ms);
    } else if (std::find(set->keys.begin(), set->keys.end(), key) == set->keys.end()) {
        set->keys.insert(set->keys.begin(), key);
        set->changed_ms = request.now_ms;
    }
    return position;
}

}  // namespace

std::unique_ptr<Scheduler> make_lblcr() {
    return std::make_unique<LocalityBasedLeastConnectionReplicated>();
}

}  // namespace fpvs::schedule
