// SPDX-License-Identifier: Apache-2.0
// One cache of neighbours for several users, the workers and a card: an address is forgotten when
// the last of them that asked for it has no more need of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <optional>

#include "host/model/limits.hpp"
#include "host/provider/neighbours.hpp"

namespace fpvs::slowpath {

class SharedNeighbours {
  public:
    // The cache must outlive us.  Listen to it directly: what changes is for all workers.
    SharedNeighbours(provider::Neighbours& neighbours, std::size_t workers)
        : neighbours_(neighbours) {
        for (std::size_t worker = 0; worker < workers; ++worker) {
            shares_.emplace_back(*this, std::uint32_t{1} << worker);
        }
    }

    [[nodiscard]] provider::Neighbours& of(std::size_t worker) { return shares_[worker]; }

  private:
    using Workers = std::uint32_t;  // A bit each.
    static_assert(model::kWorkersMax < 32);

    class Share final : public provider::Neighbours {
      public:
        Share(SharedNeighbours& owner, Workers self) : owner_(owner), self_(self) {}

        [[nodiscard]] std::optional<provider::Neighbour> resolve(
            const model::IpAddress& target) override {
            const std::lock_guard lock(owner_.mutex_);
            owner_.users_[target] |= self_;
            return owner_.neighbours_.resolve(target);
        }
        void forget(const model::IpAddress& target) override {
            const std::lock_guard lock(owner_.mutex_);
            const auto users = owner_.users_.find(target);
            if (users != owner_.users_.end() && (users->second &= ~self_) == 0) {
                owner_.users_.erase(users);
                owner_.neighbours_.forget(target);
            }
        }
        void on_change(ChangeHandler handler) override {
            owner_.neighbours_.on_change(std::move(handler));
        }

      private:
        SharedNeighbours& owner_;
        Workers self_;
    };

    provider::Neighbours& neighbours_;
    std::deque<Share> shares_;
    std::mutex mutex_;
    std::map<model::IpAddress, Workers> users_;
};

}  // namespace fpvs::slowpath
