// SPDX-License-Identifier: Apache-2.0
// lblc: a destination address keeps its server, for caches that shall see the same sites again,
// until that server has too much to do; then the server that wlc would choose becomes its server.
#include "host/schedule/destination_cache.hpp"
#include "host/schedule/least.hpp"
#include "host/schedule/schedulers.hpp"
#include "host/schedule/stateless.hpp"

namespace fpvs::schedule {
namespace {

class LocalityBasedLeastConnection final : public Stateless {
  public:
    std::optional<std::size_t> pick(Servers servers, const Request& request) override {
        model::ServerKey* known =
            cache_.find(request.destination, request.now_ms, request.destination_idle_ms);
        if (known != nullptr) {
            const auto position = position_of(servers, *known);
            if (position && servers[*position]->weight > 0 &&
                !should_share(*servers[*position], servers)) {
                return position;
            }
        }
        const auto position = least_weighted(servers, connection_load);
        if (position && known != nullptr) {
            *known = servers[*position]->key;
        } else if (position) {
            cache_.insert(request.destination, servers[*position]->key, request.now_ms);
        }
        return position;
    }

  private:
    DestinationCache<model::ServerKey> cache_;
};

}  // namespace

std::unique_ptr<Scheduler> make_lblc() {
    return std::make_unique<LocalityBasedLeastConnection>();
}

}  // namespace fpvs::schedule
