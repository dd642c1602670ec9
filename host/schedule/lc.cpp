// SPDX-License-Identifier: Apache-2.0
// lc: the server with the fewest connections, weights aside.
#include "host/schedule/least.hpp"
#include "host/schedule/schedulers.hpp"
#include "host/schedule/stateless.hpp"

namespace fpvs::schedule {
namespace {

class LeastConnection final : public Stateless {
  public:
    std::optional<std::size_t> pick(Servers servers, const Request&) override {
        std::optional<std::size_t> least;
        for (std::size_t i = 0; i < servers.size(); ++i) {
            if (servers[i]->usable() &&
                (!least || connection_load(*servers[i]) < connection_load(*servers[*least]))) {
                least = i;
            }
        }
        return least;
    }
};

}  // namespace

std::unique_ptr<Scheduler> make_lc() {
    return std::make_unique<LeastConnection>();
}

}  // namespace fpvs::schedule
