// SPDX-License-Identifier: Apache-2.0
// twos: the power of two choices.  Two servers are drawn by lot, the heavier the likelier, and the
// one with fewer connections for its weight takes the connection.
#include "host/schedule/twos.hpp"

#include "host/schedule/least.hpp"
#include "host/schedule/random.hpp"
#include "host/schedule/schedulers.hpp"
#include "host/schedule/stateless.hpp"

namespace fpvs::schedule {
namespace {

// The first usable server at which the sum of the weights so far reaches the draw.  A draw of 0
// falls to the first server as well, which so is hit once more often than its weight says.
std::optional<std::size_t> hit_by(Servers servers, std::uint64_t draw) {
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < servers.size(); ++i) {
        if (servers[i]->usable()) {
            sum += static_cast<std::uint64_t>(servers[i]->weight);
            if (sum >= draw) {
                return i;
            }
        }
    }
    return std::nullopt;
}

class PowerOfTwoChoices final : public Stateless {
  public:
    explicit PowerOfTwoChoices(std::uint64_t seed) : random_(seed) {}

    std::optional<std::size_t> pick(Servers servers, const Request&) override {
        const std::uint64_t total = total_weight(servers);
        if (total == 0) {
            return std::nullopt;
        }
        const std::uint64_t first_draw = random_.below(total + 1);
        return better_of_two(servers, first_draw, random_.below(total + 1));
    }

  private:
    Random random_;
};

}  // namespace

std::uint64_t total_weight(Servers servers) {
    std::uint64_t total = 0;
    for (const ServerState* server : servers) {
        total += server->usable() ? static_cast<std::uint64_t>(server->weight) : 0;
    }
    return total;
}

std::optional<std::size_t> better_of_two(Servers servers,
                                         std::uint64_t first_draw,
                                         std::uint64_t second_draw) {
    const auto first = hit_by(servers, first_draw);
    const auto second = hit_by(servers, second_draw);
    if (!first || !second) {
        return first;
    }
    const ServerState& one = *servers[*first];
    const ServerState& other = *servers[*second];
    // load(one) / weight(one) > load(other) / weight(other) without a division.
    const bool other_is_better = connection_load(one) * static_cast<std::uint64_t>(other.weight) >
                                 connection_load(other) * static_cast<std::uint64_t>(one.weight);
    return other_is_better ? second : first;
}

std::unique_ptr<Scheduler> make_twos(std::uint64_t seed) {
    return std::make_unique<PowerOfTwoChoices>(seed);
}

}  // namespace fpvs::schedule
