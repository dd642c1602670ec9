// SPDX-License-Identifier: Apache-2.0
// wrr: rounds at falling levels.  A round takes every server whose weight reaches the level; then
// the level falls by the weights' greatest common divisor, and from the lowest it jumps to the top.
#include <algorithm>
#include <cstdint>
#include <numeric>

#include "host/schedule/schedulers.hpp"

namespace fpvs::schedule {
namespace {

class WeightedRoundRobin final : public Scheduler {
  public:
    std::optional<std::size_t> pick(Servers servers, const Request&) override;

    void start(Servers servers) override {
        measure(servers);
        level_ = top_;
    }
    void server_added(Servers servers) override { changed(servers); }
    void server_removed(Servers servers, std::size_t) override { changed(servers); }
    void server_edited(Servers servers) override { changed(servers); }

    std::optional<Choices> choices(Servers servers,
                                   const Request& request,
                                   std::size_t choices_max) override;
    void chosen(Servers servers, const ServerState& server) override;

  private:
    // A device's choices that were not told of are made up for; a sequence is hardly longer.
    static constexpr int kUntoldMax = 4096;

    void measure(Servers servers);
    void changed(Servers servers);

    std::size_t next_ = 0;    // One past the last chosen; 0: the head of the list.
    std::int64_t level_ = 0;  // Servers of at least this weight are taken in this round.
    std::int64_t top_ = 0;    // The highest level; 0: no server has a weight.
    std::int64_t step_ = 1;   // From level to level.
};

void WeightedRoundRobin::measure(Servers servers) {
    std::int64_t divisor = 0;
    std::int64_t heaviest = 0;
    for (const ServerState* server : servers) {
        divisor = std::gcd(divisor, std::int64_t{server->weight});
        heaviest = std::max(heaviest, std::int64_t{server->weight});
    }
    next_ = 0;
    step_ = std::max<std::int64_t>(divisor, 1);
    top_ = heaviest == 0 ? 0 : heaviest - (step_ - 1);
}

// The round goes on at its level, or the nearest that the new weights have.  So servers added one
// by one keep the level of the first: the first round takes each once, whatever the weights.
void WeightedRoundRobin::changed(Servers servers) {
    measure(servers);
    if (level_ > top_ || level_ == 0) {
        level_ = top_;
    } else if (step_ > 1) {
        level_ = level_ / step_ * step_ + 1;
    }
}

std::optional<std::size_t> WeightedRoundRobin::pick(Servers servers, const Request&) {
    std::int64_t heaviest = 0;  // Of those that can take a connection.
    for (const ServerState* server : servers) {
        heaviest = std::max(heaviest, server->usable() ? std::int64_t{server->weight} : 0);
    }
    if (heaviest == 0) {
        // A search that began inside the lowest round ends where it began, every other one at the
        // top of a fresh round.
        if (top_ != 0 && (next_ == 0 || level_ > step_)) {
            next_ = 0;
            level_ = top_;
        }
        return std::nullopt;
    }
    for (;;) {
        for (; next_ < servers.size(); ++next_) {
            if (!servers[next_]->overloaded && servers[next_]->weight >= level_) {
                return next_++;
            }
        }
        next_ = 0;
        level_ -= step_;
        if (level_ <= 0) {
            level_ = top_;
        }
        // Rounds that take nobody are left out.
        if (level_ > heaviest) {
            level_ -= (level_ - heaviest + step_ - 1) / step_ * step_;
        }
    }
}

// The sequence begins anew when the state after its first choice comes again.
std::optional<Choices> WeightedRoundRobin::choices(Servers servers,
                                                   const Request& request,
                                                   std::size_t choices_max) {
    WeightedRoundRobin ahead(*this);
    Choices all{.by = Choices::By::sequence};
    std::optional<std::size_t> position = ahead.pick(servers, request);
    const std::size_t first_next = ahead.next_;
    const std::int64_t first_level = ahead.level_;
    while (position) {
        if (all.positions.size() == choices_max) {
            return std::nullopt;
        }
        all.positions.push_back(position);
        position = ahead.pick(servers, request);
        if (ahead.next_ == first_next && ahead.level_ == first_level) {
            break;
        }
    }
    return all;
}

void WeightedRoundRobin::chosen(Servers servers, const ServerState& server) {
    WeightedRoundRobin ahead(*this);
    for (int i = 0; i < kUntoldMax; ++i) {
        const std::optional<std::size_t> next = ahead.pick(servers, {});
        if (!next) {
            return;
        }
        if (servers[*next] == &server) {
            *this = ahead;
            return;
        }
    }
}

}  // namespace

std::unique_ptr<Scheduler> make_wrr() {
    return std::make_unique<WeightedRoundRobin>();
}

}  // namespace fpvs::schedule
