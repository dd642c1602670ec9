// SPDX-License-Identifier: Apache-2.0
// fo: fail-over, everything to the server of the highest weight.
#include "host/schedule/schedulers.hpp"
#include "host/schedule/stateless.hpp"

namespace fpvs::schedule {
namespace {

class FailOver final : public Stateless {
  public:
    std::optional<std::size_t> pick(Servers servers, const Request&) override {
        std::optional<std::size_t> heaviest;
        for (std::size_t i = 0; i < servers.size(); ++i) {
            if (servers[i]->usable() &&
                (!heaviest || servers[i]->weight > servers[*heaviest]->weight)) {
                heaviest = i;
            }
        }
        return heaviest;
    }
};

}  // namespace

std::unique_ptr<Scheduler> make_fo() {
    return std::make_unique<FailOver>();
}

}  // namespace fpvs::schedule
