// SPDX-License-Identifier: Apache-2.0
// nq: the first idle server, else as sed, so that nobody queues while somebody idles.
#include "host/schedule/least.hpp"
#include "host/schedule/schedulers.hpp"
#include "host/schedule/stateless.hpp"

namespace fpvs::schedule {
namespace {

class NeverQueue final : public Stateless {
  public:
    std::optional<std::size_t> pick(Servers servers, const Request&) override {
        for (std::size_t i = 0; i < servers.size(); ++i) {
            if (servers[i]->usable() && servers[i]->active == 0) {
                return i;
            }
        }
        return least_weighted(servers, expected_delay);
    }
};

}  // namespace

std::unique_ptr<Scheduler> make_nq() {
    return std::make_unique<NeverQueue>();
}

}  // namespace fpvs::schedule
