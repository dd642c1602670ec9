// SPDX-License-Identifier: Apache-2.0
#include "host/slowpath/route_table.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace fpvs::slowpath {
namespace {

constexpr std::uint32_t kUplink = 3;
constexpr std::uint32_t kLan = 4;

[[nodiscard]] model::IpAddress address(std::string_view text) {
    return *model::parse_address(text);
}

[[nodiscard]] provider::Route on_link(std::string_view prefix, std::uint32_t interface_index) {
    return {.prefix = *model::parse_prefix(prefix),
            .gateway = std::nullopt,
            .interface_index = interface_index};
}

[[nodiscard]] provider::Route by_way_of(std::string_view gateway,
                                        std::string_view prefix,
                                        std::uint32_t interface_index) {
    provider::Route route = on_link(prefix, interface_index);
    route.gateway = address(gateway);
    return route;
}

// "NEXT HOP@INTERFACE", or "none".
[[nodiscard]] std::string way(const RouteTable& table, std::string_view destination) {
    const auto found = table.find(address(destination));
    return found ? model::to_string(found->next_hop) + "@" + std::to_string(found->interface_index)
                 : "none";
}

TEST(RouteTable, without_routes_nothing_is_reachable) {
    const RouteTable table;
    for (const char* destination :
         {"0.0.0.0", "192.0.2.1", "255.255.255.255", "::", "2001:db8::1", "ffff::ffff"}) {
        EXPECT_EQ(way(table, destination), "none") << destination;
    }
}

TEST(RouteTable, the_longest_prefix_counts_whatever_the_order) {
    std::vector<provider::Route> routes{
        by_way_of("192.0.2.1", "0.0.0.0/0", kUplink),
        on_link("192.0.2.0/24", kUplink),
        on_link("10.0.0.0/8", kLan),
        by_way_of("10.9.0.1", "10.1.0.0/16", kLan),
        by_way_of("10.9.0.2", "10.1.2.3/32", kLan),
    };
    for (int turn = 0; turn < 2; ++turn) {
        const RouteTable table(routes);
        EXPECT_EQ(way(table, "0.0.0.0"), "192.0.2.1@3");
        EXPECT_EQ(way(table, "255.255.255.255"), "192.0.2.1@3");
        EXPECT_EQ(way(table, "192.0.2.77"), "192.0.2.77@3");
        EXPECT_EQ(way(table, "9.255.255.255"), "192.0.2.1@3");
        EXPECT_EQ(way(table, "10.0.0.0"), "10.0.0.0@4");
        EXPECT_EQ(way(table, "10.1.2.2"), "10.9.0.1@4");
        EXPECT_EQ(way(table, "10.1.2.3"), "10.9.0.2@4");
        EXPECT_EQ(way(table, "10.1.2.4"), "10.9.0.1@4");
        EXPECT_EQ(way(table, "10.2.0.0"), "10.2.0.0@4");
        EXPECT_EQ(way(table, "11.0.0.0"), "192.0.2.1@3");
        std::reverse(routes.begin(), routes.end());
    }
}

TEST(RouteTable, families_do_not_mix_and_a_gateway_may_be_of_the_other) {
    const RouteTable table(std::vector{by_way_of("fe80::1", "0.0.0.0/0", kUplink),
                                       on_link("2001:db8::/64", kLan),
                                       by_way_of("2001:db8::1", "2001:db8:7::/48", kLan),
                                       on_link("2001:db8:7:0:8000::/65", kUplink)});
    EXPECT_EQ(way(table, "198.51.100.1"), "fe80::1@3");
    EXPECT_EQ(way(table, "2001:db8::ffff"), "2001:db8::ffff@4");
    EXPECT_EQ(way(table, "2001:db8:0:1::"), "none");
    EXPECT_EQ(way(table, "2001:db8:7:0:7fff:ffff:ffff:ffff"), "2001:db8::1@4");
    EXPECT_EQ(way(table, "2001:db8:7:0:8000::"), "2001:db8:7:0:8000::@3");
    EXPECT_EQ(way(table, "2001:db8:7:1::"), "2001:db8::1@4");
    EXPECT_EQ(way(table, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"), "none");
}

TEST(RouteTable, a_route_that_leads_nowhere_hides_the_one_around_it) {
    const RouteTable table(std::vector{by_way_of("192.0.2.1", "0.0.0.0/0", kUplink),
                                       on_link("192.0.2.0/24", kUplink),
                                       on_link("192.0.2.9/32", 0)});
    EXPECT_EQ(way(table, "192.0.2.8"), "192.0.2.8@3");
    EXPECT_EQ(way(table, "192.0.2.9"), "none");
    EXPECT_EQ(way(table, "192.0.2.10"), "192.0.2.10@3");
}

TEST(RouteTable, of_equal_prefixes_the_least_metric_counts_and_then_the_first) {
    provider::Route costly = on_link("10.0.0.0/8", 1);
    costly.metric = 200;
    provider::Route cheap = on_link("10.0.0.0/8", 2);
    cheap.metric = 100;
    const provider::Route rival{cheap.prefix, std::nullopt, 5, 0, cheap.metric};
    EXPECT_EQ(way(RouteTable(std::vector{costly, cheap, rival}), "10.1.1.1"), "10.1.1.1@2");
    EXPECT_EQ(way(RouteTable(std::vector{rival, cheap, costly}), "10.1.1.1"), "10.1.1.1@5");
    EXPECT_EQ(way(RouteTable(std::vector{costly, cheap, rival}), "11.0.0.0"), "none");
}

TEST(RouteTable, the_mtu_of_a_route_comes_with_the_way) {
    provider::Route narrow = on_link("10.0.0.0/8", kLan);
    narrow.mtu = 1280;
    const RouteTable table(std::vector{narrow, on_link("10.1.0.0/16", kLan)});
    EXPECT_EQ(table.find(address("10.0.0.1"))->mtu, 1280u);
    EXPECT_EQ(table.find(address("10.1.0.1"))->mtu, 0u);
}

TEST(RouteTable, routes_that_say_the_same_as_the_one_around_them_cost_nothing) {
    const RouteTable one(std::vector{by_way_of("192.0.2.1", "0.0.0.0/0", kUplink)});
    const RouteTable three(std::vector{by_way_of("192.0.2.1", "0.0.0.0/0", kUplink),
                                       by_way_of("192.0.2.1", "10.0.0.0/8", kUplink),
                                       by_way_of("192.0.2.1", "10.255.255.255/32", kUplink)});
    EXPECT_EQ(one.size_bytes(), three.size_bytes());
    EXPECT_EQ(way(three, "10.255.255.255"), "192.0.2.1@3");
    EXPECT_EQ(way(three, "11.0.0.0"), "192.0.2.1@3");
}

}  // namespace
}  // namespace fpvs::slowpath
