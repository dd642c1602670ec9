// SPDX-License-Identifier: Apache-2.0
// Next hops as the kernel's routing and neighbour tables give them, kept current by its events.
//
// For every address asked for, the cache holds the route's next hop and that hop's MAC.  Packets
// that the card or the slow path sends are invisible to the kernel, so the cache does the kernel's
// part of "in use": a hop that turned stale is confirmed again, one that failed is asked for again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "host/model/limits.hpp"
#include "host/provider/neighbours.hpp"
#include "host/util/asio.hpp"
#include "host/util/result.hpp"

namespace fpvs::kernel {

struct NeighbourCacheCounters {
    std::uint64_t addresses = 0;          // Asked for and not forgotten.
    std::uint64_t addresses_refused = 0;  // Questions that a full cache did not take.
    std::uint64_t confirmations = 0;      // Resolutions and confirmations asked of the kernel.
    std::uint64_t kernel_errors = 0;
};

class NeighbourCache final : public provider::Neighbours {
  public:
    // Works in the network namespace of the calling thread.
    [[nodiscard]] static Result<std::unique_ptr<NeighbourCache>> open(
        boost::asio::io_context& io, std::size_t addresses_max = model::kNeighboursMax);
    ~NeighbourCache() override;

    [[nodiscard]] std::optional<provider::Neighbour> resolve(
        const model::IpAddress& target) override;
    void forget(const model::IpAddress& target) override;
    void on_change(ChangeHandler handler) override;
    [[nodiscard]] NeighbourCacheCounters counters() const;

  private:
    class Keeper;

    explicit NeighbourCache(std::shared_ptr<Keeper> keeper);

    std::shared_ptr<Keeper> keeper_;  // Shared with posted work, which may run after us.
};

}  // namespace fpvs::kernel
