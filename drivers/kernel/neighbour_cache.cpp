// SPDX-License-Identifier: Apache-2.0
#include "drivers/kernel/neighbour_cache.hpp"

#include <chrono>
#include <map>
#include <mutex>
#include <set>
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
constexpr std::size_t kRefreshesPerTurn = 256;  // A few milliseconds.

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
    struct HopState {
        std::optional<model::MacAddress> mac;  // None: not known to be right.
        std::set<model::IpAddress> targets;    // Never empty.
    };
    [[nodiscard]] static Hop hop_of(const provider::Neighbour& way) {
        return {way.interface_index, way.next_hop};
    }

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

    // Asks the kernel for the route, for the next hop unless its answer is known, and publishes.
    void refresh(const model::IpAddress& target) {
        if (!wanted(target)) {
            leave_hop(target);
            return;
        }
        const std::optional<provider::Neighbour> way = way_to(target);
        if (!way) {
            leave_hop(target);
            publish(target, std::nullopt);
            return;
        }
        const Hop hop = join_hop(target, *way);
        if (!hops_.at(hop).mac) {
            look_at(hop);
        }
        publish(target, answer(target));
    }

    void look_at(const Hop& hop) { learn(hop, entry_of(hop)); }

    // What the kernel says about a next hop holds for every target behind it.
    void learn(const Hop& hop, const std::optional<NeighbourEntry>& entry) {
        const auto known = hops_.find(hop);
        if (known == hops_.end()) {
            return;
        }
        if (!entry || entry->stale || (!entry->mac && !entry->probing)) {
            confirm(hop);
        }
        const auto mac = entry ? entry->mac : std::nullopt;
        if (known->second.mac == mac) {
            return;
        }
        known->second.mac = mac;
        for (const model::IpAddress& target : known->second.targets) {
            publish(target, answer(target));
        }
    }

    // None while the MAC is not known.
    [[nodiscard]] std::optional<provider::Neighbour> answer(const model::IpAddress& target) const {
        std::optional<provider::Neighbour> answer = ways_.at(target);
        const auto& mac = hops_.at(hop_of(*answer)).mac;
        if (!mac) {
            return std::nullopt;
        }
        answer->mac = *mac;
        return answer;
    }

    // Everything but the MAC.
    [[nodiscard]] std::optional<provider::Neighbour> way_to(const model::IpAddress& target) {
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

    Hop join_hop(const model::IpAddress& target, const provider::Neighbour& way) {
        const Hop hop = hop_of(way);
        const auto place = ways_.find(target);
        if (place != ways_.end() && hop_of(place->second) != hop) {
            leave_hop(target);
        }
        ways_.insert_or_assign(target, way);
        hops_[hop].targets.insert(target);
        return hop;
    }

    void leave_hop(const model::IpAddress& target) {
        const auto place = ways_.find(target);
        if (place == ways_.end()) {
            return;
        }
        const auto hop = hops_.find(hop_of(place->second));
        hop->second.targets.erase(target);
        if (hop->second.targets.empty()) {
            hops_.erase(hop);
        }
        ways_.erase(place);
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
        learn({entry.interface_index, entry.address}, entry);
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

    // Next hops first: a target only looks at its own if that is not known.
    void refresh_all() {
        stale_hops_.clear();
        for (const auto& [hop, users] : hops_) {
            stale_hops_.push_back(hop);
        }
        stale_targets_ = select([](const auto&) { return true; });
        if (!std::exchange(sweeping_, true)) {
            sweep();
        }
    }

    // In turns, between which other work of the io_context goes on.
    void sweep() {
        for (std::size_t i = 0; i < kRefreshesPerTurn; ++i) {
            if (!stale_hops_.empty()) {
                const Hop hop = stale_hops_.back();
                stale_hops_.pop_back();
                look_at(hop);
            } else if (!stale_targets_.empty()) {
                const model::IpAddress target = stale_targets_.back();
                stale_targets_.pop_back();
                refresh(target);
            } else {
                sweeping_ = false;
                return;
            }
        }
        boost::asio::post(io_, [self = shared_from_this()] {
            if (!self->stopped_) {
                self->sweep();
            }
        });
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
    bool sweeping_ = false;
    std::vector<Hop> stale_hops_;  // What is left of a sweep.
    std::vector<model::IpAddress> stale_targets_;
    std::vector<model::IpAddress> round_;  // What is left of this round of retries.

    mutable std::mutex mutex_;
    std::map<model::IpAddress, std::optional<provider::Neighbour>> targets_;
    NeighbourCacheCounters counters_;
    // Only on the io_context's thread: where a target goes, without the MAC, and what its next hop
    // is, which it may share with all others.
    std::map<model::IpAddress, provider::Neighbour> ways_;
    std::map<Hop, HopState> hops_;
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
