// SPDX-License-Identifier: Apache-2.0
#include "host/daemon/service_plan.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace fpvs::daemon {
namespace {

using Kind = Edit::Kind;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

model::RealServerConfig server(std::uint32_t address, int weight = 1) {
    return {
        .key = {.address = {address}, .port = 80}, .settings = {.weight = weight}, .checks = {}};
}

model::VirtualServiceConfig service(std::uint32_t address,
                                    std::vector<model::RealServerConfig> servers) {
    return {.key = {.address = {address}, .port = 80},
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
    const auto edits = plan_edits({}, {service(1, {server(11), server(12)})}, {});
    ASSERT_THAT(kinds(edits), ElementsAre(Kind::add_service, Kind::add_server, Kind::add_server));
    EXPECT_EQ(edits[1].server.address.value, 11u);
    EXPECT_EQ(edits[2].server.address.value, 12u);
}

TEST(ServicePlan, the_same_configuration_needs_no_edit) {
    const std::vector config{service(1, {server(11)}), service(2, {server(12)})};
    EXPECT_THAT(plan_edits(config, config, {}), IsEmpty());
}

TEST(ServicePlan, departures_come_first) {
    const auto edits = plan_edits({service(1, {server(11)})}, {service(2, {server(11)})}, {});
    EXPECT_THAT(kinds(edits),
                ElementsAre(Kind::delete_service, Kind::add_service, Kind::add_server));
}

TEST(ServicePlan, only_the_server_that_changed_is_edited) {
    const auto edits = plan_edits(
        {service(1, {server(11), server(12)})}, {service(1, {server(11), server(12, 5)})}, {});
    ASSERT_THAT(kinds(edits), ElementsAre(Kind::edit_server));
    EXPECT_EQ(edits[0].server.address.value, 12u);
    EXPECT_EQ(edits[0].server_settings.weight, 5);
}

TEST(ServicePlan, settings_of_the_service_are_edited_in_place) {
    auto after = service(1, {server(11)});
    after.settings.persistence = model::Persistence{.timeout_s = 50};
    EXPECT_THAT(kinds(plan_edits({service(1, {server(11)})}, {after}, {})),
                ElementsAre(Kind::edit_service));
}

TEST(ServicePlan, a_server_that_is_down_is_neither_added_nor_edited_nor_deleted) {
    const DownServers down{{{.address = {1}, .port = 80}, {.address = {11}, .port = 80}}};
    EXPECT_THAT(kinds(plan_edits({}, {service(1, {server(11)})}, down)),
                ElementsAre(Kind::add_service));
    EXPECT_THAT(plan_edits({service(1, {server(11)})}, {service(1, {server(11, 9)})}, down),
                IsEmpty());
    EXPECT_THAT(plan_edits({service(1, {server(11)})}, {service(1, {})}, down), IsEmpty());
}

}  // namespace
}  // namespace fpvs::daemon
