// SPDX-License-Identifier: Apache-2.0
// dh: the destination address chooses: for caches, each of which shall see the same sites again.
#include "host/schedule/address_hash.hpp"
#include "host/schedule/schedulers.hpp"
#include "host/schedule/stateless.hpp"

namespace fpvs::schedule {
namespace {

class DestinationHash final : public Stateless {
  public:
    // The servers have the buckets in turn, whatever their weights.
    std::optional<std::size_t> pick(Servers servers, const Request& request) override {
        if (servers.empty()) {
            return std::nullopt;
        }
        const std::size_t position = bucket_of(request.destination, 0) % servers.size();
        return servers[position]->usable() ? std::optional(position) : std::nullopt;
    }
    std::optional<Choices> choices(Servers servers, const Request& request, std::size_t) override {
        return Choices{.by = Choices::By::nothing, .positions = {pick(servers, request)}};
    }
};

}  // namespace

std::unique_ptr<Scheduler> make_dh() {
    return std::make_unique<DestinationHash>();
}

}  // namespace fpvs::schedule
