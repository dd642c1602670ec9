// SPDX-License-Identifier: Apache-2.0
// ovf: fill the server of the highest weight until its active connections exceed the weight, then
// let it flow over to the next.  When all are full the connection is refused.
#include "host/schedule/schedulers.hpp"
#include "host/schedule/stateless.hpp"

namespace fpvs::schedule {
namespace {

class Overflow final : public Stateless {
  public:
    std::optional<std::size_t> pick(Servers servers, const Request&) override {
        std::optional<std::size_t> heaviest;
        for (std::size_t i = 0; i < servers.size(); ++i) {
            const ServerState& server = *servers[i];
            const bool full = server.active > static_cast<std::uint32_t>(server.weight);
            if (server.usable() && !full &&
                (!heaviest || server.weight > servers[*heaviest]->weight)) {
                heaviest = i;
            }
        }
        return heaviest;
    }
};

}  // namespace

std::unique_ptr<Scheduler> make_ovf() {
    return std::make_unique<Overflow>();
}

}  // namespace fpvs::schedule
