// SPDX-License-Identifier: Apache-2.0
// What belongs in a service's table.  The courses of events are those that keepalived 2.2.7 was
// seen to take with the same configurations.
#include "host/health/pool.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <string>

namespace fpvs::health {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Kind = PoolEvent::Kind;

model::ServerKey key(std::uint32_t number) {
    return {.address = model::Ipv4{number}, .port = 80};
}

// Servers 1, 2, ... with these weights.
model::VirtualServiceConfig service_of(const std::vector<std::int32_t>& weights) {
    model::VirtualServiceConfig service{.key = {.address = model::Ipv4{100}, .port = 80}};
    for (const std::int32_t weight : weights) {
        service.servers.push_back(
            {.key = key(static_cast<std::uint32_t>(service.servers.size() + 1)),
             .settings = {.weight = weight}});
    }
    return service;
}

model::SorryServer sorry_server(bool inhibit) {
    return {.key = key(9), .settings = {.weight = 1}, .inhibit = inhibit};
}

ServerState all_up(const model::ServerKey&) {
    return {};
}
ServerState all_down(const model::ServerKey&) {
    return {.up = false};
}

class PoolTest : public ::testing::Test {
  protected:
    void begin(model::VirtualServiceConfig config, const Pool::StateOf& states = all_up) {
        pool_.emplace(std::move(config), states, events_);
    }
    void tell(std::uint32_t server, bool up, std::int64_t weight_change = 0) {
        pool_->server_changed(key(server), {.up = up, .weight_change = weight_change}, events_);
    }
    // "1:5 2:0": servers and their weights.
    [[nodiscard]] std::string table() const {
        std::string text;
        for (const PoolEntry& entry : pool_->table()) {
            text += fmt::format("{}{}:{}",
                                text.empty() ? "" : " ",
                                entry.key.address.ipv4().value,
                                entry.settings.weight);
        }
        return text;
    }
    // What happened since the last call.
    std::vector<Kind> kinds() {
        std::vector<Kind> kinds;
        for (const PoolEvent& event : events_) {
            kinds.push_back(event.kind);
        }
        events_.clear();
        return kinds;
    }

    std::optional<Pool> pool_;
    PoolEvents events_;
};

TEST_F(PoolTest, servers_come_and_go_and_with_the_last_goes_the_quorum) {
    begin(service_of({1, 1}));
    EXPECT_THAT(kinds(), ElementsAre(Kind::quorum_up));
    EXPECT_EQ(table(), "1:1 2:1");
    tell(1, false);
    EXPECT_EQ(table(), "2:1");
    EXPECT_THAT(kinds(), ElementsAre(Kind::server_down));
    tell(2, false);
    EXPECT_EQ(table(), "");
    EXPECT_THAT(kinds(), ElementsAre(Kind::server_down, Kind::quorum_down));
    tell(1, true);
    EXPECT_EQ(table(), "1:1");
    EXPECT_THAT(kinds(), ElementsAre(Kind::server_up, Kind::quorum_up));
}

TEST_F(PoolTest, quorum_with_hysteresis_inhibited_server_and_sorry_server) {
    auto service = service_of({1, 2, 3});
    service.quorum = {.weight = 4, .hysteresis = 1};
    service.sorry_server = sorry_server(false);
    service.servers.edit(2).inhibit_on_failure = true;
    begin(service);
    EXPECT_EQ(table(), "1:1 2:2 3:3");
    tell(1, false);
    tell(2, false);
    EXPECT_EQ(table(), "3:3") << "3 is not below 4 - 1";
    (void)kinds();
    tell(3, false);
    EXPECT_EQ(table(), "3:0 9:1");
    EXPECT_THAT(kinds(), ElementsAre(Kind::server_down, Kind::quorum_down));
    tell(3, true);
    EXPECT_EQ(table(), "3:0 9:1") << "alive, but 3 is less than 4 + 1";
    tell(1, true);
    EXPECT_EQ(table(), "3:0 9:1") << "so is 4";
    EXPECT_THAT(kinds(), ElementsAre(Kind::server_up, Kind::server_up));
    tell(2, true);
    EXPECT_EQ(table(), "1:1 2:2 3:3");
    EXPECT_THAT(kinds(), ElementsAre(Kind::server_up, Kind::quorum_up));
}

TEST_F(PoolTest, without_a_sorry_server_a_lost_quorum_changes_no_table) {
    auto service = service_of({1, 1, 1});
    service.quorum.weight = 3;
    begin(service);
    tell(1, false);
    EXPECT_FALSE(pool_->quorum_up());
    EXPECT_EQ(table(), "2:1 3:1");
}

TEST_F(PoolTest, alpha_servers_begin_outside_and_their_quorum_down) {
    auto service = service_of({1, 1});
    service.sorry_server = sorry_server(true);
    service.servers.edit(1).inhibit_on_failure = true;
    begin(service, all_down);
    EXPECT_EQ(table(), "2:0 9:1");
    EXPECT_THAT(kinds(), ElementsAre(Kind::quorum_down));
    tell(1, true);
    EXPECT_EQ(table(), "1:1 2:0 9:0");
    EXPECT_THAT(kinds(), ElementsAre(Kind::server_up, Kind::quorum_up));
}

TEST_F(PoolTest, weights_change_the_table_and_count_for_the_quorum) {
    auto service = service_of({5, 5});
    service.quorum.weight = 8;
    begin(service);
    (void)kinds();
    tell(1, true, 5);
    EXPECT_EQ(table(), "1:10 2:5");
    tell(1, true, -14);
    EXPECT_EQ(table(), "1:0 2:5") << "a weight is never below 0";
    EXPECT_THAT(kinds(), ElementsAre(Kind::quorum_down));
    tell(1, true, 6);
    EXPECT_EQ(table(), "1:11 2:5");
    EXPECT_THAT(kinds(), ElementsAre(Kind::quorum_up));
    tell(1, true, std::numeric_limits<std::int64_t>::max());
    EXPECT_EQ(table(), "1:2147483647 2:5");
}

TEST_F(PoolTest, live_servers_without_weight_are_no_quorum) {
    begin(service_of({1}));
    (void)kinds();
    tell(1, true, -1);
    EXPECT_EQ(table(), "1:0");
    EXPECT_THAT(kinds(), ElementsAre(Kind::quorum_down));
}

TEST_F(PoolTest, reload_keeps_what_is_known_and_tells_what_it_changes) {
    begin(service_of({1, 1}));
    tell(1, false);
    (void)kinds();
    auto next = service_of({1, 4, 1});
    next.quorum.weight = 9;
    const auto states = [](const model::ServerKey& server) {
        return ServerState{.up = server != key(1)};
    };
    pool_->configure(next, states, events_);
    EXPECT_EQ(table(), "2:4 3:1");
    EXPECT_THAT(kinds(), ElementsAre(Kind::quorum_down));
    pool_->configure(next, states, events_);
    EXPECT_THAT(kinds(), IsEmpty());
    pool_->configure(next, all_up, events_);
    EXPECT_EQ(table(), "1:1 2:4 3:1");
    EXPECT_THAT(kinds(), ElementsAre(Kind::server_up));
}

TEST_F(PoolTest, a_server_of_nobody_changes_nothing) {
    begin(service_of({1}));
    (void)kinds();
    tell(7, false);
    EXPECT_THAT(kinds(), IsEmpty());
    EXPECT_EQ(table(), "1:1");
}

}  // namespace
}  // namespace fpvs::health
