// SPDX-License-Identifier: Apache-2.0
#include "host/daemon/service_plan.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <string>

namespace fpvs::daemon {
namespace {

using Kind = Edit::Kind;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

health::PoolEntry server(std::uint32_t address, int weight = 1) {
    return {.key = {.address = model::Ipv4{address}, .port = 80}, .settings = {.weight = weight}};
}

ServiceTable service(std::uint32_t address, health::PoolTable servers) {
    return {.key = {.address = model::Ipv4{address}, .port = 80},
            .settings = {.scheduler = "rr"},
            .servers = std::move(servers)};
}

std::vector<Kind> kinds(const std::vector<Edit>& edits) {
    std::vector<Kind> result;
    for (const Edit& edit : edits) {
        result.push_back(edit.kind);
    }
    return result;
}

TEST(ServicePlan, a_new_service_comes_before_its_servers_in_file_order) {
    const auto edits = plan_edits({}, {service(1, {server(11), server(12)})});
    ASSERT_THAT(kinds(edits), ElementsAre(Kind::add_service, Kind::add_server, Kind::add_server));
    EXPECT_EQ(edits[1].server.address.ipv4().value, 11u);
    EXPECT_EQ(edits[2].server.address.ipv4().value, 12u);
}

TEST(ServicePlan, the_same_configuration_needs_no_edit) {
    const std::vector config{service(1, {server(11)}), service(2, {server(12)})};
    EXPECT_THAT(plan_edits(config, config), IsEmpty());
}

TEST(ServicePlan, departures_come_first) {
    const auto edits = plan_edits({service(1, {server(11)})}, {service(2, {server(11)})});
    EXPECT_THAT(kinds(edits),
                ElementsAre(Kind::delete_service, Kind::add_service, Kind::add_server));
}

TEST(ServicePlan, local_addresses_come_before_servers_and_go_one_by_one) {
    auto before = service(1, {server(11)});
    before.local_addresses = {model::Ipv4{21}, model::Ipv4{22}};
    EXPECT_THAT(
        kinds(plan_edits({}, {before})),
        ElementsAre(
            Kind::add_service, Kind::add_local_address, Kind::add_local_address, Kind::add_server));
    auto after = before;
    after.local_addresses = {model::Ipv4{22}, model::Ipv4{23}};
    const auto edits = plan_edits({before}, {after});
    ASSERT_THAT(kinds(edits), ElementsAre(Kind::delete_local_address, Kind::add_local_address));
    EXPECT_EQ(edits[0].local_address, model::Ipv4{21});
    EXPECT_EQ(edits[1].local_address, model::Ipv4{23});
}

TEST(ServicePlan, only_the_server_that_changed_is_edited) {
    const auto edits = plan_edits({service(1, {server(11), server(12)})},
                                  {service(1, {server(11), server(12, 5)})});
    ASSERT_THAT(kinds(edits), ElementsAre(Kind::edit_server));
    EXPECT_EQ(edits[0].server.address.ipv4().value, 12u);
    EXPECT_EQ(edits[0].server_settings.weight, 5);
}

TEST(ServicePlan, settings_of_the_service_are_edited_in_place) {
    auto after = service(1, {server(11)});
    after.settings.persistence = model::Persistence{.timeout_s = 50};
    EXPECT_THAT(kinds(plan_edits({service(1, {server(11)})}, {after})),
                ElementsAre(Kind::edit_service));
}

TEST(ServicePlan, servers_alone_go_before_they_come) {
    const auto edits = plan_servers(service(1, {}).key,
                                    {server(11), server(12), server(13)},
                                    {server(14), server(12, 0), server(13)});
    ASSERT_THAT(kinds(edits),
                ElementsAre(Kind::delete_server, Kind::add_server, Kind::edit_server));
    EXPECT_EQ(edits[0].server, server(11).key);
    EXPECT_EQ(edits[1].server, server(14).key);
    EXPECT_EQ(edits[2].server_settings.weight, 0);
}

// What the edits make of a table, as far as a plan is concerned.
using Table = std::map<std::pair<model::ServiceKey, model::ServerKey>, std::int32_t>;

Table table_of(const std::vector<ServiceTable>& services) {
    Table table;
    for (const auto& service : services) {
        for (const auto& server : service.servers) {
            table[{service.key, server.key}] = server.settings.weight;
        }
    }
    return table;
}

void carry_out(const std::vector<Edit>& edits, Table& table) {
    for (const Edit& edit : edits) {
        const auto place = std::pair(edit.service, edit.server);
        if (edit.kind == Kind::add_server) {
            ASSERT_TRUE(table.emplace(place, edit.server_settings.weight).second);
        } else if (edit.kind == Kind::edit_server) {
            ASSERT_NE(table.at(place), edit.server_settings.weight) << "an edit for nothing";
            table[place] = edit.server_settings.weight;
        } else if (edit.kind == Kind::delete_server) {
            ASSERT_EQ(table.erase(place), 1U);
        } else if (edit.kind == Kind::delete_service) {
            std::erase_if(table,
                          [&](const auto& entry) { return entry.first.first == edit.service; });
        }
    }
}

TEST(ServicePlan, the_edits_lead_from_any_configuration_to_any_other) {
    constexpr std::uint32_t kSeed = 20261122;
    std::mt19937 random(kSeed);
    const auto random_config = [&random] {
        std::vector<ServiceTable> services;
        for (std::uint32_t i = 0; i < 6; ++i) {
            if (random() % 3 != 0) {
                std::vector<health::PoolEntry> servers;
                for (std::uint32_t j = 0; j < 8; ++j) {
                    if (random() % 3 != 0) {
                        servers.push_back(server(j, 1 + random() % 2));
                    }
                }
                std::shuffle(servers.begin(), servers.end(), random);
                services.push_back(service(i, {}));
                for (const health::PoolEntry& entry : servers) {
                    services.back().servers.push_back(entry);
                }
            }
        }
        std::shuffle(services.begin(), services.end(), random);
        return services;
    };
    std::vector<ServiceTable> before;
    Table table;
    for (int turn = 0; turn < 200; ++turn) {
        const auto after = random_config();
        carry_out(plan_edits(before, after), table);
        ASSERT_EQ(table, table_of(after)) << "seed " << kSeed << " turn " << turn;
        before = after;
    }
}

}  // namespace
}  // namespace fpvs::daemon
