// SPDX-License-Identifier: Apache-2.0
// sed: the shortest expected delay, (active + 1) / weight.
#include "host/schedule/least.hpp"
#include "host/schedule/schedulers.hpp"
#include "host/schedule/stateless.hpp"

namespace fpvs::schedule {
namespace {

class ShortestExpectedDelay final : public Stateless {
  public:
    std::optional<std::size_t> pick(Servers servers, const Request&) override {
        return least_weighted(servers, expected_delay);
    }
};

}  // namespace

std::unique_ptr<Scheduler> make_sed() {
    return std::make_unique<ShortestExpectedDelay>();
}

}  // namespace fpvs::schedule
