// SPDX-License-Identifier: Apache-2.0
// What the recorded scenarios do not reach; tests/conformance/sched has the rest.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include "host/schedule/address_hash.hpp"
#include "host/schedule/scheduler.hpp"
#include "host/schedule/table_based.hpp"
#include "host/schedule/twos.hpp"

namespace fpvs::schedule {
namespace {

constexpr std::uint64_t kDayMs = 24ull * 3600 * 1000;

// A service's list of servers.  Servers are named by the order in which they were added, from 0.
class Service {
  public:
    explicit Service(std::string_view scheduler, std::uint64_t seed = 0)
        : Service(make_scheduler(scheduler, seed)) {}
    explicit Service(std::unique_ptr<Scheduler> scheduler) : scheduler_(std::move(scheduler)) {
        scheduler_->start(list_);
    }

    ServerState& add(std::int32_t weight) {
        return add(weight, model::Ipv4{0xc0a87100 + static_cast<std::uint32_t>(owned_.size())});
    }
    ServerState& add(std::int32_t weight, const model::IpAddress& address) {
        auto server = std::make_unique<ServerState>();
        server->index = static_cast<std::uint32_t>(owned_.size());
        server->key = {.address = address, .port = 80};
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
    [[nodiscard]] Servers servers() const { return list_; }
    // The name of the server that takes the connection; -1: none.
    int pick(const Request& request = {}) {
        const auto position = scheduler_->pick(list_, request);
        return position ? static_cast<int>(list_.at(*position)->index) : -1;
    }
    [[nodiscard]] std::optional<Choices> choices(const Request& request, std::size_t max = 4096) {
        return scheduler_->choices(list_, request, max);
    }
    void chosen(int name) { scheduler_->chosen(list_, *owned_.at(static_cast<std::size_t>(name))); }
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
            EXPECT_EQ(service.pick({.client_address = model::Ipv4{client},
                                    .destination = model::Ipv4{client},
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
            picks.push_back(service.pick({.client_address = model::Ipv4{0x0a000000 + client}}));
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
        seen.at(static_cast<std::size_t>(service.pick({.client_address = model::Ipv4{client}}))) =
            true;
    }
    EXPECT_GT(std::count(seen.begin(), seen.end(), true), 990);
}

// What a kernel chose (tests/data/sched/scripted.json, ipv6-sh-* and ipv6-mh-*): clients fd00:1::1
// and on, from port 40000 on.
TEST(Ipv6, hashes_choose_as_the_kernel_did) {
    struct Recorded {
        const char* scheduler;
        bool hash_port;
        std::vector<std::int32_t> weights;
        const char* picks;
    };
    const std::vector<Recorded> all = {
        {"sh",
         false,
         {1, 1, 1},
         "1011102021212101020201021210101010211120210122210202120212102010"},
        {"sh", true, {1, 2, 3}, "2220011222211222200112222112200002222111122001122221111220022220"},
        {"mh",
         false,
         {1, 1, 1},
         "1202002122220211011002200102002000122201010111001112112102112211"},
        {"mh", true, {1, 2, 3}, "2222222222222220000111122222211112222112222112211111122002222222"},
    };
    for (const Recorded& recorded : all) {
        Service service(recorded.scheduler);
        const std::vector<std::string> addresses = {"fd00:d::11", "fd00:d::142", "fd00:d::13"};
        for (std::size_t i = 0; i < addresses.size(); ++i) {
            service.add(recorded.weights[i], *model::parse_address(addresses[i]));
        }
        std::string picks;
        for (std::uint32_t i = 0; i < std::string_view(recorded.picks).size(); ++i) {
            picks += std::to_string(
                service.pick({.client_address = model::Ipv6{{0xfd000001, 0, 0, 1 + i}},
                              .client_port = static_cast<std::uint16_t>(40000 + i),
                              .hash_port = recorded.hash_port}));
        }
        EXPECT_EQ(picks, recorded.picks) << recorded.scheduler;
    }
}

// Both fold to 7; what is remembered is the whole address.
TEST(Ipv6, dh_folds_a_destination_and_lblc_does_not) {
    const Request one = {.destination = model::Ipv6{{0, 0, 0, 7}}};
    const Request other = {.destination = model::Ipv6{{7, 0, 0, 0}}};
    for (int servers = 1; servers < 7; ++servers) {
        Service service("dh");
        for (int i = 0; i < servers; ++i) {
            service.add(1);
        }
        const int choice = service.pick({.destination = model::Ipv4{7}});
        EXPECT_EQ(service.pick(one), choice);
        EXPECT_EQ(service.pick(other), choice);
    }
    Service service("lblc");
    service.add(10);
    ServerState& second = service.add(10);
    EXPECT_EQ(service.pick(one), 1);
    second.active = 1;
    EXPECT_EQ(service.pick(other), 0);
    EXPECT_EQ(service.pick(one), 1);
}

// Counts how often its table is made.
class CountingTable final : public TableBased {
  public:
    explicit CountingTable(int& fills) : fills_(fills) {}

  private:
    void fill(Entrants entrants) override {
        ++fills_;
        size_ = entrants.size();
    }
    std::optional<std::size_t> choose(Servers servers, const Request&) const override {
        EXPECT_EQ(size_, servers.size()) << "an old table";
        return servers.empty() ? std::nullopt : std::optional<std::size_t>(0);
    }

    int& fills_;
    std::size_t size_ = 0;
};

TEST(TableBased, the_table_is_made_once_for_many_edits_and_always_before_it_is_used) {
    int fills = 0;
    Service service(std::make_unique<CountingTable>(fills));
    EXPECT_EQ(service.pick(), -1);
    for (int i = 0; i < 100; ++i) {
        service.add(1);
    }
    EXPECT_EQ(fills, 1);
    EXPECT_EQ(service.picks(2), "9999");
    EXPECT_EQ(fills, 2);
    ServerState& last = service.add(1);
    service.edit(last, 5);
    service.remove(last);
    EXPECT_EQ(service.pick(), 99);
    EXPECT_EQ(fills, 3);
}

// Weights 3, 2 and 5 in the list's order: draws 0 to 3 hit the first, 4 and 5 the second, 6 to 10
// the third.
TEST(PowerOfTwoChoices, draws_hit_servers_by_weight_and_the_less_loaded_is_taken) {
    Service service("twos");
    ServerState& third = service.add(5);
    ServerState& second = service.add(2);
    ServerState& first = service.add(3);
    const Servers servers = service.servers();
    EXPECT_EQ(total_weight(servers), 10u);
    const std::vector<std::size_t> hits = {0, 0, 0, 0, 1, 1, 2, 2, 2, 2, 2};
    for (std::uint64_t draw = 0; draw < hits.size(); ++draw) {
        EXPECT_EQ(better_of_two(servers, draw, draw), hits[draw]) << draw;
        EXPECT_EQ(better_of_two(servers, draw, 10), hits[draw]) << "equally loaded: the first draw";
    }
    // Loads for their weights: 256 / 3, 2 * 256 / 2 and 3 inactive / 5.
    first.active = 1;
    second.active = 2;
    third.inactive = 3;
    EXPECT_EQ(better_of_two(servers, 1, 4), 0u);
    EXPECT_EQ(better_of_two(servers, 4, 1), 0u);
    EXPECT_EQ(better_of_two(servers, 4, 9), 2u);
    EXPECT_EQ(better_of_two(servers, 9, 0), 2u);
    // Now 0 to 2 hit the second, 3 to 7 the third: the first takes nothing any more.
    first.overloaded = true;
    EXPECT_EQ(total_weight(servers), 7u);
    EXPECT_EQ(better_of_two(servers, 0, 2), 1u);
    EXPECT_EQ(better_of_two(servers, 2, 3), 2u);
}

// The first server of the list is hit by one draw more: 4, 2 and 5 of 11.
TEST(PowerOfTwoChoices, unloaded_servers_share_by_weight_and_a_seed_gives_the_same_again) {
    constexpr std::uint64_t kSeed = 20261122;
    constexpr int kPicks = 11'000;
    std::vector<int> counts(3, 0);
    std::vector<int> order;
    for (int turn = 0; turn < 2; ++turn) {
        Service service("twos", kSeed);
        for (const std::int32_t weight : {5, 2, 3}) {
            service.add(weight);
        }
        for (int i = 0; i < kPicks; ++i) {
            const int picked = service.pick();
            if (turn == 0) {
                ++counts.at(static_cast<std::size_t>(picked));
                order.push_back(picked);
            } else {
                ASSERT_EQ(picked, order[static_cast<std::size_t>(i)]) << "pick " << i;
            }
        }
    }
    // Five standard deviations are 261.
    EXPECT_NEAR(counts[2], 4000, 261);
    EXPECT_NEAR(counts[1], 2000, 261);
    EXPECT_NEAR(counts[0], 5000, 261);
}

// The busier of two servers of one weight is taken only when both draws hit it.
TEST(PowerOfTwoChoices, a_loaded_server_gets_the_square_of_its_share) {
    constexpr int kPicks = 10'000;
    Service service("twos", 7);
    ServerState& busy = service.add(1000);
    service.add(1000);
    busy.active = 1;
    int busy_picks = 0;
    for (int i = 0; i < kPicks; ++i) {
        busy_picks += service.pick() == 0 ? 1 : 0;
    }
    EXPECT_NEAR(busy_picks, kPicks / 4, 217);  // Five standard deviations.
}

TEST(LocalityBased, lblc_keeps_the_server_of_a_destination_until_others_have_room) {
    Service service("lblc");
    ServerState& first = service.add(2);
    ServerState& second = service.add(2);
    const Request request = {.destination = model::Ipv4{7}};
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
    EXPECT_EQ(service.pick({.destination = model::Ipv4{7}, .now_ms = 1}), 0);
    service.add(2);
    server.active = 1;
    EXPECT_EQ(service.pick({.destination = model::Ipv4{7}, .now_ms = kDayMs}), 0);
    EXPECT_EQ(service.pick({.destination = model::Ipv4{7}, .now_ms = 3 * kDayMs}), 1);
}

TEST(LocalityBased, lblcr_lets_servers_join_and_after_a_day_drops_the_busiest) {
    Service service("lblcr");
    ServerState& first = service.add(2);
    ServerState& second = service.add(2);
    EXPECT_EQ(service.pick({.destination = model::Ipv4{7}, .now_ms = 1}), 1);
    second.active = 3;
    EXPECT_EQ(service.pick({.destination = model::Ipv4{7}, .now_ms = 2}), 0);
    first.active = 4;
    EXPECT_EQ(service.pick({.destination = model::Ipv4{7}, .now_ms = 3}), 1)
        << "both are its servers";
    // A look within the day keeps the destination; the set did not change since.
    EXPECT_EQ(service.pick({.destination = model::Ipv4{7}, .now_ms = kDayMs - 10}), 1);
    EXPECT_EQ(service.pick({.destination = model::Ipv4{7}, .now_ms = kDayMs + 10}), 1)
        << "now first is gone";
    first.active = 0;
    second.active = 2;
    EXPECT_EQ(service.pick({.destination = model::Ipv4{7}, .now_ms = kDayMs + 11}), 1);
}

// --- Choices ahead of time.

// What a device does with them: by sequence, by bucket, or as the scheduler says where it has none.
TEST(Choices, are_those_that_would_be_made) {
    for (const std::string_view name : {"rr", "wrr", "sh", "dh"}) {
        SCOPED_TRACE(name);
        Service service(name);
        for (const std::int32_t weight : {3, 0, 2, 5}) {
            service.add(weight);
        }
        (void)service.picks(4);  // Somewhere on the way.
        const Request request{.destination = model::Ipv4{0x0a080002}, .hash_fallback = true};
        const auto choices = service.choices(request);
        ASSERT_TRUE(choices);
        for (std::uint32_t client = 0; client < 100; ++client) {
            Request one = request;
            one.client_address = model::Ipv4{0x0a010000 + client * 7919};
            const std::size_t place =
                choices->by == Choices::By::sequence ? client % choices->positions.size()
                : choices->by == Choices::By::source ? bucket_of(one.client_address, 0)
                                                     : 0;
            const auto position = choices->positions.at(place);
            ASSERT_EQ(position ? static_cast<int>(service.servers()[*position]->index) : -1,
                      service.pick(one))
                << client;
        }
    }
}

TEST(Choices, of_a_sequence_are_one_round) {
    Service service("wrr");
    for (const std::int32_t weight : {3, 2, 1}) {
        service.add(weight);
    }
    EXPECT_EQ(service.choices({})->positions.size(), 6U);
    EXPECT_FALSE(service.choices({}, 5)) << "longer than asked for";
    EXPECT_EQ(service.choices({})->positions.size(), 6U) << "asking changes nothing";
    Service none("wrr");
    none.add(0);
    EXPECT_TRUE(none.choices({})->positions.empty());
}

TEST(Choices, of_mh_leave_what_depends_on_the_client_to_it) {
    Service service("mh");
    for (const std::int32_t weight : {1, 1, 1}) {
        service.add(weight);
    }
    const auto all = service.choices({.hash_fallback = true});
    ASSERT_TRUE(all);
    EXPECT_EQ(all->positions.size(), 4093U);
    EXPECT_EQ(std::count(all->positions.begin(), all->positions.end(), std::nullopt), 0);
    ServerState& quiesced = service.add(1);
    service.edit(quiesced, 0);
    const auto some = service.choices({.hash_fallback = true});
    EXPECT_GT(std::count(some->positions.begin(), some->positions.end(), std::nullopt), 900);
}

TEST(Choices, other_schedulers_have_none) {
    for (const std::string_view name : scheduler_names()) {
        Service service(name);
        service.add(1);
        const bool table =
            name == "rr" || name == "wrr" || name == "sh" || name == "dh" || name == "mh";
        EXPECT_EQ(service.choices({}).has_value(), table) << name;
    }
}

TEST(Choices, that_a_device_made_are_followed) {
    for (const std::string_view name : {"rr", "wrr"}) {
        SCOPED_TRACE(name);
        Service told(name);
        Service here(name);
        for (const std::int32_t weight : {3, 2, 1}) {
            told.add(weight);
            here.add(weight);
        }
        for (int i = 0; i < 10; ++i) {
            told.chosen(here.pick());
            const std::string next = here.picks(1);
            EXPECT_EQ(told.picks(1), next);
        }
    }
}

}  // namespace
}  // namespace fpvs::schedule
