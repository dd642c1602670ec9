// SPDX-License-Identifier: Apache-2.0
// What the recorded scenarios do not reach; tests/conformance/sched has the rest.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include "host/schedule/scheduler.hpp"

namespace fpvs::schedule {
namespace {

constexpr std::uint64_t kDayMs = 24ull * 3600 * 1000;

// A service's list of servers.  Servers are named by the order in which they were added, from 0.
class Service {
  public:
    explicit Service(std::string_view scheduler) : scheduler_(make_scheduler(scheduler)) {
        scheduler_->start(list_);
    }

    ServerState& add(std::int32_t weight) {
        auto server = std::make_unique<ServerState>();
        server->index = static_cast<std::uint32_t>(owned_.size());
        server->key = {.address = {0xc0a87100 + server->index}, .port = 80};
        server->weight = weight;
        server->last_weight = weight;
        list_.insert(list_.begin(), server.get());
        owned_.push_back(std::move(server));
        scheduler_->server_added(list_);
        return *owned_.back();
    }
    void edit(ServerState& server, std::int32_t weight) {
        server.weight = weight;
        server.last_weight = weight == 0 ? server.last_weight : weight;
        scheduler_->server_edited(list_);
    }
    void remove(const ServerState& server) {
        const auto place = std::find(list_.begin(), list_.end(), &server);
        const auto position = static_cast<std::size_t>(place - list_.begin());
        list_.erase(place);
        scheduler_->server_removed(list_, position);
    }
    // The name of the server that takes the connection; -1: none.
    int pick(const Request& request = {}) {
        const auto position = scheduler_->pick(list_, request);
        return position ? static_cast<int>(list_.at(*position)->index) : -1;
    }
    std::string picks(int count) {
        std::string names;
        for (int i = 0; i < count; ++i) {
            const int name = pick();
            names += name < 0 ? "-" : std::to_string(name);
        }
        return names;
    }

  private:
    std::unique_ptr<Scheduler> scheduler_;
    std::vector<std::unique_ptr<ServerState>> owned_;
    std::vector<const ServerState*> list_;
};

TEST(Schedulers, every_name_makes_a_scheduler_that_survives_an_empty_list) {
    for (const std::string_view name : scheduler_names()) {
        Service service(name);
        EXPECT_EQ(service.pick(), -1) << name;
        ServerState& server = service.add(1);
        EXPECT_EQ(service.pick(), 0) << name;
        service.remove(server);
        EXPECT_EQ(service.pick(), -1) << name;
    }
    EXPECT_EQ(make_scheduler("nosuch"), nullptr);
    EXPECT_EQ(make_scheduler(""), nullptr);
}

TEST(Schedulers, none_chooses_a_server_that_is_overloaded_or_has_no_weight) {
    for (const std::string_view name : scheduler_names()) {
        Service service(name);
        service.add(5).overloaded = true;
        service.add(0);
        for (std::uint32_t client = 0; client < 50; ++client) {
            EXPECT_EQ(service.pick({.client_address = {client},
                                    .destination = {client},
                                    .hash_fallback = client % 2 == 0}),
                      -1)
                << name;
        }
    }
}

TEST(RoundRobin, the_turn_survives_removal_of_servers_before_at_and_after_it) {
    Service service("rr");
    std::vector<ServerState*> servers;
    for (int i = 0; i < 5; ++i) {
        servers.push_back(&service.add(1));
    }
    EXPECT_EQ(service.picks(3), "432");
    service.remove(*servers[2]);  // The last chosen.
    EXPECT_EQ(service.pick(), 1);
    service.remove(*servers[4]);
    EXPECT_EQ(service.picks(3), "031");
    service.remove(*servers[0]);
    EXPECT_EQ(service.picks(3), "313");
}

// Level 5 is none that weights 5 and 10 have; the nearest is 6, which takes the heavier alone.
TEST(WeightedRoundRobin, a_change_moves_the_level_to_one_that_the_new_weights_have) {
    Service service("wrr");
    service.add(5);
    ServerState& other = service.add(3);
    EXPECT_EQ(service.picks(3), "100") << "the end of the first, flat round, then level 5";
    service.edit(other, 10);
    EXPECT_EQ(service.picks(6), "110110");
}

TEST(WeightedRoundRobin, rounds_that_take_nobody_cost_nothing_and_change_nothing) {
    Service service("wrr");
    ServerState& heavy = service.add(65535);
    service.add(1);
    service.add(2);
    heavy.overloaded = true;
    EXPECT_EQ(service.picks(9), "212212212");
}

TEST(WeightedRoundRobin, when_all_are_overloaded_the_next_search_begins_at_the_top) {
    Service service("wrr");
    ServerState& first = service.add(3);
    ServerState& second = service.add(1);
    EXPECT_EQ(service.picks(3), "100");
    first.overloaded = second.overloaded = true;
    EXPECT_EQ(service.picks(2), "--");
    first.overloaded = second.overloaded = false;
    EXPECT_EQ(service.picks(4), "0010");
}

TEST(MaglevHash, weights_share_the_clients_and_a_quiesced_server_keeps_its_places) {
    Service service("mh");
    ServerState& light = service.add(1);
    service.add(3);
    const auto survey = [&service] {
        std::vector<int> picks;
        for (std::uint32_t client = 0; client < 4000; ++client) {
            picks.push_back(service.pick({.client_address = {0x0a000000 + client}}));
        }
        return picks;
    };
    const std::vector<int> before = survey();
    EXPECT_NEAR(std::count(before.begin(), before.end(), 1), 3000, 150);
    service.edit(light, 0);
    const std::vector<int> quiesced = survey();
    for (std::size_t i = 0; i < before.size(); ++i) {
        ASSERT_EQ(quiesced[i], before[i] == 0 ? -1 : 1);
    }
    service.edit(light, 1);
    EXPECT_EQ(survey(), before);
}

TEST(MaglevHash, a_thousand_servers_of_one_weight_all_get_places) {
    Service service("mh");
    for (int i = 0; i < 1000; ++i) {
        service.add(7);
    }
    std::vector<bool> seen(1000, false);
    for (std::uint32_t client = 0; client < 60000; ++client) {
        seen.at(static_cast<std::size_t>(service.pick({.client_address = {client}}))) = true;
    }
    EXPECT_GT(std::count(seen.begin(), seen.end(), true), 990);
}

TEST(LocalityBased, lblc_keeps_the_server_of_a_destination_until_others_have_room) {
    Service service("lblc");
    ServerState& first = service.add(2);
    ServerState& second = service.add(2);
    const Request request = {.destination = {7}};
    EXPECT_EQ(service.pick(request), 1);
    second.active = 3;
    first.active = 1;
    EXPECT_EQ(service.pick(request), 1) << "the other one is half full";
    first.active = 0;
    EXPECT_EQ(service.pick(request), 0);
    EXPECT_EQ(service.pick(request), 0) << "and stays there";
}

TEST(LocalityBased, lblc_forgets_a_destination_after_a_day) {
    Service service("lblc");
    ServerState& server = service.add(2);
    EXPECT_EQ(service.pick({.destination = {7}, .now_ms = 1}), 0);
    service.add(2);
    server.active = 1;
    EXPECT_EQ(service.pick({.destination = {7}, .now_ms = kDayMs}), 0);
    EXPECT_EQ(service.pick({.destination = {7}, .now_ms = 3 * kDayMs}), 1);
}

TEST(LocalityBased, lblcr_lets_servers_join_and_after_a_day_drops_the_busiest) {
    Service service("lblcr");
    ServerState& first = service.add(2);
    ServerState& second = service.add(2);
    EXPECT_EQ(service.pick({.destination = {7}, .now_ms = 1}), 1);
    second.active = 3;
    EXPECT_EQ(service.pick({.destination = {7}, .now_ms = 2}), 0);
    first.active = 4;
    EXPECT_EQ(service.pick({.destination = {7}, .now_ms = 3}), 1) << "both are its servers";
    // A look within the day keeps the destination; the set did not change since.
    EXPECT_EQ(service.pick({.destination = {7}, .now_ms = kDayMs - 10}), 1);
    EXPECT_EQ(service.pick({.destination = {7}, .now_ms = kDayMs + 10}), 1) << "now first is gone";
    first.active = 0;
    second.active = 2;
    EXPECT_EQ(service.pick({.destination = {7}, .now_ms = kDayMs + 11}), 1);
}

}  // namespace
}  // namespace fpvs::schedule
