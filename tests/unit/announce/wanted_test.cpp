// SPDX-License-Identifier: Apache-2.0
#include "host/announce/wanted.hpp"

#include <gtest/gtest.h>

#include <set>

namespace fpvs::announce {
namespace {

const model::IpAddress kFirst = model::Ipv4{0xc0000201};
const model::IpAddress kSecond = model::Ipv4{0xc0000202};
const model::IpAddress kThird = model::Ipv6{{0x20010db8, 0, 0, 1}};

struct WantedTest : ::testing::Test {
    WantedTest() {
        config.announce = model::Announce{.bgp_as = 65001};
        for (const model::ServiceKey& key : {web, mail, other, marked}) {
            config.virtual_services.push_back({.key = key});
        }
    }
    Plan plan() {
        return plan_addresses(config,
                              [&](const model::ServiceKey& key) { return well.contains(key); });
    }

    const model::ServiceKey web{.address = kFirst, .port = 80};
    const model::ServiceKey mail{.address = kFirst, .port = 25};
    const model::ServiceKey other{.address = kThird, .port = 80};
    const model::ServiceKey marked{.address = {}, .firewall_mark = 5};
    model::Config config;
    std::set<model::ServiceKey> well;
};

TEST_F(WantedTest, OneServiceThatIsWellIsEnough) {
    EXPECT_EQ(plan().wanted, Addresses{});
    EXPECT_EQ(plan().known, (Addresses{kFirst, kThird}));
    well = {web, marked};
    EXPECT_EQ(plan().wanted, Addresses{kFirst});
    well = {web, mail, other};
    EXPECT_EQ(plan().wanted, (Addresses{kFirst, kThird}));
    well = {mail};
    EXPECT_EQ(plan().wanted, Addresses{kFirst});
}

TEST_F(WantedTest, AlwaysAndNever) {
    well = {web, other};
    config.announce->always = {kThird, kSecond};
    config.announce->never = {kFirst};
    EXPECT_EQ(plan().wanted, Addresses{kThird});
    well.clear();
    EXPECT_EQ(plan().wanted, Addresses{kThird}) << "kSecond has no service";
    EXPECT_EQ(plan().known, Addresses{kThird});
}

TEST_F(WantedTest, WithoutTheBlockNothing) {
    well = {web};
    config.announce.reset();
    EXPECT_EQ(plan().wanted, Addresses{});
    EXPECT_EQ(plan().known, Addresses{});
}

}  // namespace
}  // namespace fpvs::announce
