// SPDX-License-Identifier: Apache-2.0
#include "drivers/kernel/neighbour_cache.hpp"

#include <chrono>
#include <map>
#include <mutex>
#include <utility>
#include <vector>

#include <boost/asio/post.hpp>

#include "drivers/kernel/netlink_monitor.hpp"
#include "drivers/kernel/rtnetlink.hpp"
#include "host/util/log.hpp"

namespace fpvs::kernel {
namespace {

using namespace std::chrono_literals;

// One edit of the routing table comes as several events; they are answered together.
constexpr auto kRouteSettleTime = 20ms;
// How often an address without an answer is tried again.  The kernel's own effort (three
// requests, one a second) is longer, so this never hurries it.
constexpr auto kRetryInterval = 1s;
constexpr std::size_t kRetriesPerTurn = 256;

}  // namespace

// Everything but the lifetime.  The maps are written on the io_context's thread only, except that
// resolve() and forget() insert and erase targets from any thread; the mutex guards both maps.
class NeighbourCache::Keeper : public std::enable_shared_from_this<Keeper> {
  public:
    Keeper(boost::asio::io_context& io, Rtnetlink rtnetlink, std::size_t addresses_max)
        : io_(io),
          rtnetlink_(std::move(rtnetlink)),
          addresses_max_(addresses_max),
          settle_timer_(io),
          retry_timer_(io) {}

    [[nodiscard]] Status start() {
        NetlinkEvents events;
        events.on_interface = [this](const Interface&, bool) { routes_changed(); };
        events.on_address = [this](const InterfaceAddress&, bool) { routes_changed(); };
        events.on_route = [this] { routes_changed(); };
        events.on_neighbour = [this](const NeighbourEntry& entry) { neighbour_changed(entry); };
        events.on_loss = [this] { routes_changed(); };
        FPVS_TRY(monitor_, NetlinkMonitor::open(io_, std::move(events)));
        return {};
    }

    void stop() {
        stopped_ = true;
        monitor_.reset();
        settle_timer_.cancel();
        retry_timer_.cancel();
    }

    std::optional<provider::Neighbour> resolve(const model::IpAddress& target) {
        {
            const std::lock_guard lock(mutex_);
            if (const auto found = targets_.find(target); found != targets_.end()) {
                return found->second;
            }
            if (targets_.size() >= addresses_max_) {
                ++counters_.addresses_refused;
                return std::nullopt;
            }
            targets_.emplace(target, std::nullopt);
        }
        boost::asio::post(io_, [self = shared_from_this(), target] { self->begin(target); });
        return std::nullopt;
    }

    void forget(const model::IpAddress& target) {
        {
            const std::lock_guard lock(mutex_);
            targets_.erase(target);
        }
        boost::asio::post(io_, [self = shared_from_this(), target] { self->release(target); });
    }

    void on_change(ChangeHandler handler) { handler_ = std::move(handler); }

    NeighbourCacheCounters counters() const {
        const std::lock_guard lock(mutex_);
        NeighbourCacheCounters counters = counters_;
        counters.addresses = targets_.size();
        return counters;
    }

  private:
    struct Hop {
        std::uint32_t interface_index = 0;
        model::IpAddress address;
        friend auto operator<=>(const Hop&, const Hop&) = default;
    };

    void begin(const model::IpAddress& target) {
        if (!stopped_) {
            refresh(target);
            schedule_retry();
        }
    }

    // After forget(); a new question may have come meanwhile.
    void release(const model::IpAddress& target) {
        if (!wanted(target)) {
            leave_hop(target);
        }
    }

    [[nodiscard]] bool wanted(const model::IpAddress& target) const {
        const std::lock_guard lock(mutex_);
        return targets_.contains(target);
    }

    // Asks the kernel for the route and its next hop and publishes the answer.
    void refresh(const model::IpAddress& target) {
        if (!wanted(target)) {
            leave_hop(target);
            return;
        }
        std::optional<provider::Neighbour> answer = route_of(target);
        if (!answer) {
            leave_hop(target);
            publish(target, std::nullopt);
            return;
        }
        const Hop hop{answer->interface_index, answer->next_hop};
        join_hop(target, hop);
        const auto entry = entry_of(hop);
        if (!entry || entry->stale || (!entry->mac && !entry->probing)) {
            confirm(hop);
        }
        if (!entry || !entry->mac) {
            publish(target, std::nullopt);
            return;
        }
        answer->mac = *entry->mac;
        publish(target, answer);
    }

    // Everything but the MAC.
    [[nodiscard]] std::optional<provider::Neighbour> route_of(const model::IpAddress& target) {
        const auto route = rtnetlink_.route_to(target);
        if (!route) {
            failed(route.error());
            return std::nullopt;
        }
        if (!*route) {
            return std::nullopt;
        }
        const auto interface = rtnetlink_.interface((*route)->interface_index);
        if (!interface || !interface->up) {
            return std::nullopt;
        }
        return provider::Neighbour{.mac = {},
                                   .next_hop = (*route)->address,
                                   .source = (*route)->source,
                                   .interface_index = interface->index,
                                   .interface = interface->name};
    }

    [[nodiscard]] std::optional<NeighbourEntry> entry_of(const Hop& hop) {
        auto entry = rtnetlink_.neighbour(hop.interface_index, hop.address);
        if (!entry) {
            failed(entry.error());
            return std::nullopt;
        }
        return *entry;
    }

    void confirm(const Hop& hop) {
        {
            const std::lock_guard lock(mutex_);
            ++counters_.confirmations;
        }
        if (const auto status = rtnetlink_.use_neighbour(hop.interface_index, hop.address);
            !status) {
            failed(status.error());
        }
    }

    void failed(const Error& error) {
        const std::lock_guard lock(mutex_);
        ++counters_.kernel_errors;
        log::debug("neighbours", "{}", error.text());
    }

    void join_hop(const model::IpAddress& target, const Hop& hop) {
        const auto [place, fresh] = hop_of_.try_emplace(target, hop);
        if (!fresh) {
            if (place->second == hop) {
                return;
            }
            leave_hop(target);
            hop_of_.emplace(target, hop);
        }
        targets_of_[hop].push_back(target);
    }

    void leave_hop(const model::IpAddress& target) {
        const auto place = hop_of_.find(target);
        if (place == hop_of_.end()) {
            return;
        }
        const auto users = targets_of_.find(place->second);
        std::erase(users->second, target);
        if (users->second.empty()) {
            targets_of_.erase(users);
        }
        hop_of_.erase(place);
    }

    void publish(const model::IpAddress& target, const std::optional<provider::Neighbour>& answer) {
        {
            const std::lock_guard lock(mutex_);
            const auto place = targets_.find(target);
            if (place == targets_.end() || place->second == answer) {
                return;
            }
            place->second = answer;
        }
        log::debug("neighbours",
                   "target={} mac={}",
                   model::to_string(target),
                   answer ? model::to_string(answer->mac) : "none");
        if (handler_) {
            handler_(target, answer);
        }
        if (!answer) {
            schedule_retry();
        }
    }

    void neighbour_changed(const NeighbourEntry& entry) {
        const auto users = targets_of_.find(Hop{entry.interface_index, entry.address});
        if (users == targets_of_.end()) {
            return;
        }
        const std::vector<model::IpAddress> targets =
            users->second;  // A refresh edits the original.
        for (const model::IpAddress& target : targets) {
            refresh(target);
        }
    }

    void routes_changed() {
        if (std::exchange(settling_, true)) {
            return;
        }
        settle_timer_.expires_after(kRouteSettleTime);
        settle_timer_.async_wait([self = shared_from_this()](const auto& error) {
            self->settling_ = false;
            if (!error && !self->stopped_) {
                self->refresh_all();
            }
        });
    }

    void refresh_all() {
        for (const model::IpAddress& target : select([](const auto&) { return true; })) {
            refresh(target);
        }
    }

    void schedule_retry() {
        if (stopped_ || std::exchange(retrying_, true)) {
            return;
        }
        retry_timer_.expires_after(kRetryInterval);
        retry_timer_.async_wait([self = shared_from_this()](const auto& error) {
            self->retrying_ = false;
            if (!error && !self->stopped_) {
                self->retry();
            }
        });
    }

    // A round over all unanswered addresses takes as many turns as it needs.
    void retry() {
        if (round_.empty()) {
            round_ = select([](const auto& answer) { return !answer; });
        }
        for (std::size_t i = 0; i < kRetriesPerTurn && !round_.empty(); ++i) {
            const model::IpAddress target = round_.back();
            round_.pop_back();
            refresh(target);
        }
        if (!round_.empty() || !select([](const auto& answer) { return !answer; }).empty()) {
            schedule_retry();
        }
    }

    template <class Predicate>
    [[nodiscard]] std::vector<model::IpAddress> select(Predicate predicate) const {
        const std::lock_guard lock(mutex_);
        std::vector<model::IpAddress> chosen;
        for (const auto& [address, answer] : targets_) {
            if (predicate(answer)) {
                chosen.push_back(address);
            }
        }
        return chosen;
    }

    boost::asio::io_context& io_;
    Rtnetlink rtnetlink_;
    const std::size_t addresses_max_;
    boost::asio::steady_timer settle_timer_;
    boost::asio::steady_timer retry_timer_;
    std::unique_ptr<NetlinkMonitor> monitor_;
    ChangeHandler handler_;
    bool stopped_ = false;
    bool settling_ = false;
    bool retrying_ = false;
    std::vector<model::IpAddress> round_;  // What is left of this round of retries.

    mutable std::mutex mutex_;
    std::map<model::IpAddress, std::optional<provider::Neighbour>> targets_;
    NeighbourCacheCounters counters_;
    // Which targets share a next hop; both ways, and only on the io_context's thread.
    std::map<model::IpAddress, Hop> hop_of_;
    std::map<Hop, std::vector<model::IpAddress>> targets_of_;
};

Result<std::unique_ptr<NeighbourCache>> NeighbourCache::open(boost::asio::io_context& io,
                                                             std::size_t addresses_max) {
    FPVS_TRY(auto rtnetlink, Rtnetlink::open());
    auto keeper = std::make_shared<Keeper>(io, std::move(rtnetlink), addresses_max);
    FPVS_TRY_STATUS(keeper->start());
    return std::unique_ptr<NeighbourCache>(new NeighbourCache(std::move(keeper)));
}

NeighbourCache::NeighbourCache(std::shared_ptr<Keeper> keeper) : keeper_(std::move(keeper)) {}

NeighbourCache::~NeighbourCache() {
    keeper_->stop();
}

std::optional<provider::Neighbour> NeighbourCache::resolve(const model::IpAddress& target) {
    return keeper_->resolve(target);
}

void NeighbourCache::forget(const model::IpAddress& target) {
    keeper_->forget(target);
}

void NeighbourCache::on_change(ChangeHandler handler) {
    keeper_->on_change(std::move(handler));
}

NeighbourCacheCounters NeighbourCache::counters() const {
    return keeper_->counters();
}

}  // namespace fpvs::kernel
