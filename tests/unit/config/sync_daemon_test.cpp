// SPDX-License-Identifier: Apache-2.0
// `lvs_sync_daemon` in global_defs.
#include <gtest/gtest.h>

#include <string>

#include "host/config/parser.hpp"
#include "host/config/printer.hpp"

namespace fpvs::config {
namespace {

const std::string kInstance = "vrrp_instance VI_1 {\ninterface eth0\nvirtual_router_id 51\n}\n";

std::string file(const std::string& value) {
    return "global_defs {\nlvs_sync_daemon " + value + "\n}\n" + kInstance;
}

model::SyncFollower follower(const std::string& value) {
    const auto parsed = parse(file(value), "f");
    EXPECT_TRUE(parsed) << parsed.error().text();
    EXPECT_TRUE(parsed->config.sync_follower);
    // What is printed means the same.
    const auto again = parse(print(parsed->config), "f");
    EXPECT_TRUE(again);
    EXPECT_EQ(again->config, parsed->config);
    return *parsed->config.sync_follower;
}

std::string mistake(const std::string& value) {
    const auto parsed = parse(file(value), "f");
    return parsed ? "none" : parsed.error().text();
}

TEST(SyncDaemon, follows_an_instance_whose_number_is_its_id) {
    for (const char* value : {"eth1 VI_1", "eth1 inst VI_1"}) {
        const auto read = follower(value);
        EXPECT_EQ(read.instance, "VI_1");
        EXPECT_EQ(read.daemon.interface, "eth1");
        EXPECT_EQ(read.daemon.sync_id, 51);
        EXPECT_EQ(read.daemon.port, 8848);
    }
}

TEST(SyncDaemon, has_ipvsadms_options) {
    const auto read = follower("eth1 VI_1 id 0 maxlen 1400 port 9000 ttl 2 group ff05::81");
    EXPECT_EQ(read.daemon.sync_id, 0);
    EXPECT_EQ(read.daemon.message_bytes_max, 1400);
    EXPECT_EQ(read.daemon.port, 9000);
    EXPECT_EQ(read.daemon.ttl, 2);
    EXPECT_EQ(read.daemon.group, *model::parse_ipv6("ff05::81"));
}

TEST(SyncDaemon, without_an_instance_is_both) {
    EXPECT_EQ(follower("eth1 id 7").instance, "");
}

TEST(SyncDaemon, names_what_is_wrong_with_it) {
    EXPECT_EQ(mistake(""), "f:2:1: lvs_sync_daemon needs an interface");
    EXPECT_EQ(mistake("eth1 VI_2"), "f:2:22: there is no vrrp_instance 'VI_2'");
    EXPECT_EQ(mistake("eth1 VI_1 colour 1"),
              "f:2:27: lvs_sync_daemon knows id, maxlen, port, ttl and group, not 'colour'");
    EXPECT_EQ(mistake("eth1 VI_1 id"), "f:2:27: 'id' needs a value");
    EXPECT_EQ(mistake("eth1 VI_1 id 256"),
              "f:2:30: id must be a whole number from 0 to 255, not '256'");
    EXPECT_EQ(mistake("eth1 VI_1 group 10.0.0.1"), "f:2:33: '10.0.0.1' is no multicast group");
}

}  // namespace
}  // namespace fpvs::config
