// SPDX-License-Identifier: Apache-2.0
#include "host/sync/started_daemons.hpp"

#include <gtest/gtest.h>

namespace fpvs::sync {
namespace {

TEST(StartedDaemons, one_of_a_role_on_an_interface_that_exists) {
    StartedDaemons daemons([](const std::string& name) { return name == "d1"; });
    const model::SyncDaemon backup{
        .role = model::SyncRole::backup, .interface = "d1", .sync_id = 5};
    const model::SyncDaemon master{
        .role = model::SyncRole::master, .interface = "d1", .sync_id = 7};
    EXPECT_EQ(daemons.stop(model::SyncRole::backup).error().message, "No daemon is running");
    EXPECT_EQ(daemons.start({.interface = "d2"}).error().message, "No such device");
    EXPECT_TRUE(daemons.start(backup).has_value());
    EXPECT_EQ(daemons.start(backup).error().message, "Daemon has already run");
    EXPECT_TRUE(daemons.start(master).has_value());
    EXPECT_EQ(daemons.list(), (std::vector{master, backup}));
    EXPECT_TRUE(daemons.stop(model::SyncRole::master).has_value());
    EXPECT_EQ(daemons.list(), std::vector{backup});
}

}  // namespace
}  // namespace fpvs::sync
