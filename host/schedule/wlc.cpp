// SPDX-License-Identifier: Apache-2.0
// wlc: the server with the fewest connections for its weight.  IPVS's default.
#include "host/schedule/least.hpp"
#include "host/schedule/schedulers.hpp"
#include "host/schedule/stateless.hpp"

namespace fpvs::schedule {
namespace {

class WeightedLeastConnection final : public Stateless {
  public:
    std::optional<std::size_t> pick(Servers servers, const Request&) override {
        return least_weighted(servers, connection_load);
    }
};

}  // namespace

std::unique_ptr<Scheduler> make_wlc() {
    return std::make_unique<WeightedLeastConnection>();
}

}  // namespace fpvs::schedule
