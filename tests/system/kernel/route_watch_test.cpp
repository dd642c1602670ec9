// SPDX-License-Identifier: Apache-2.0
// The kernel's routes as they come and go.
#include "drivers/kernel/route_watch.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "drivers/kernel/netns_scope.hpp"
#include "drivers/kernel/rtnetlink.hpp"
#include "tests/kit/io_until.hpp"
#include "tests/kit/test_namespace.hpp"

namespace fpvs::kernel {
namespace {

// A director with two legs; what is at their other ends does not matter.
class RouteWatchTest : public ::testing::Test {
  protected:
    void SetUp() override {
        FPVS_NEEDS_ROOT();
        host_.emplace("d");
        host_->run("sysctl -qw net.ipv6.conf.default.accept_dad=0");
        for (const std::string leg : {"eth0", "eth1"}) {
            host_->ip("link add " + leg + " type veth peer name peer-" + leg);
            host_->ip("link set peer-" + leg + " up");
            host_->ip("link set " + leg + " up");
        }
        host_->ip("addr add 192.168.113.149/24 dev eth0");
        host_->ip("addr add 2001:db8:113::149/64 dev eth0");
        host_->ip("addr add 10.7.0.1/16 dev eth1");
        scope_.emplace(NetnsScope::enter(host_->name()).value());
        auto rtnetlink = Rtnetlink::open().value();
        eth0_ = rtnetlink.interface("eth0")->index;
        eth1_ = rtnetlink.interface("eth1")->index;
    }

    void watch(std::size_t routes_max = model::kRoutesMax) {
        watch_ = RouteWatch::open(io_, routes_max).value();
        watch_->on_change([this](const std::vector<provider::Route>& routes) {
            ++changes_;
            routes_ = routes;
        });
    }

    // The route with that prefix that counts.
    [[nodiscard]] const provider::Route* find(std::string_view prefix) const {
        const provider::Route* best = nullptr;
        for (const provider::Route& route : routes_) {
            if (route.prefix == *model::parse_prefix(prefix) &&
                (best == nullptr || route.metric < best->metric)) {
                best = &route;
            }
        }
        return best;
    }
    [[nodiscard]] bool comes(std::string_view prefix) {
        return kit::run_until(io_, [&] { return find(prefix) != nullptr; });
    }
    [[nodiscard]] bool goes(std::string_view prefix) {
        return kit::run_until(io_, [&] { return find(prefix) == nullptr; });
    }
    [[nodiscard]] std::string gateway(std::string_view prefix) const {
        const provider::Route* route = find(prefix);
        return route != nullptr && route->gateway ? model::to_string(*route->gateway) : "none";
    }

    std::optional<kit::TestNamespace> host_;
    std::optional<NetnsScope> scope_;
    std::uint32_t eth0_ = 0;
    std::uint32_t eth1_ = 0;
    boost::asio::io_context io_;
    std::unique_ptr<RouteWatch> watch_;
    int changes_ = 0;
    std::vector<provider::Route> routes_;
};

TEST_F(RouteWatchTest, tells_the_table_at_once_on_link_and_this_host_itself) {
    watch();
    EXPECT_EQ(changes_, 1);
    ASSERT_TRUE(find("192.168.113.0/24"));
    EXPECT_EQ(find("192.168.113.0/24")->interface_index, eth0_);
    EXPECT_EQ(gateway("192.168.113.0/24"), "none");
    ASSERT_TRUE(find("2001:db8:113::/64"));
    EXPECT_EQ(find("2001:db8:113::/64")->interface_index, eth0_);
    for (const char* own : {"192.168.113.149/32", "192.168.113.255/32", "2001:db8:113::149/128"}) {
        ASSERT_TRUE(find(own)) << own;
        EXPECT_EQ(find(own)->interface_index, 0u) << own;
    }
}

TEST_F(RouteWatchTest, follows_routes_of_both_families_that_come_move_and_go) {
    watch();
    host_->ip("route add default via 192.168.113.1");
    ASSERT_TRUE(comes("0.0.0.0/0"));
    EXPECT_EQ(gateway("0.0.0.0/0"), "192.168.113.1");
    EXPECT_EQ(find("0.0.0.0/0")->interface_index, eth0_);
    host_->ip("route add 2001:db8:203::/48 via 2001:db8:113::1");
    ASSERT_TRUE(comes("2001:db8:203::/48"));
    EXPECT_EQ(gateway("2001:db8:203::/48"), "2001:db8:113::1");

    host_->ip("route replace default via 10.7.0.9");
    EXPECT_TRUE(kit::run_until(io_, [&] { return gateway("0.0.0.0/0") == "10.7.0.9"; }));
    EXPECT_EQ(find("0.0.0.0/0")->interface_index, eth1_);
    host_->ip("route del 2001:db8:203::/48");
    EXPECT_TRUE(goes("2001:db8:203::/48"));
    host_->ip("route del default");
    EXPECT_TRUE(goes("0.0.0.0/0"));
}

TEST_F(RouteWatchTest, routes_go_with_their_interface_and_their_address) {
    host_->ip("route add 198.51.100.0/24 via 10.7.0.9");
    watch();
    ASSERT_TRUE(find("198.51.100.0/24"));
    host_->ip("link set eth1 down");
    EXPECT_TRUE(goes("198.51.100.0/24"));
    EXPECT_FALSE(find("10.7.0.0/16"));
    host_->ip("addr del 192.168.113.149/24 dev eth0");
    EXPECT_TRUE(goes("192.168.113.0/24"));
}

TEST_F(RouteWatchTest, takes_metric_mtu_and_a_gateway_of_the_other_family) {
    host_->ip("route add 198.51.100.0/24 via 10.7.0.9 metric 50");
    host_->ip("route add 198.51.100.0/24 via 192.168.113.1 metric 10 mtu lock 1400");
    host_->ip("route add 203.0.113.0/24 via inet6 2001:db8:113::1 dev eth0");
    host_->ip("route add 2001:db8:7::/48 via 2001:db8:113::1 mtu 1280");
    watch();
    ASSERT_TRUE(find("198.51.100.0/24"));
    EXPECT_EQ(gateway("198.51.100.0/24"), "192.168.113.1");
    EXPECT_EQ(find("198.51.100.0/24")->metric, 10u);
    EXPECT_EQ(find("198.51.100.0/24")->mtu, 1400u);
    EXPECT_EQ(gateway("203.0.113.0/24"), "2001:db8:113::1");
    ASSERT_TRUE(find("2001:db8:7::/48"));
    EXPECT_EQ(find("2001:db8:7::/48")->mtu, 1280u);
}

TEST_F(RouteWatchTest, refusals_lead_nowhere_and_other_tables_and_sources_do_not_count) {
    host_->ip("route add blackhole 198.51.100.0/24");
    host_->ip("route add unreachable 2001:db8:dead::/48");
    host_->ip("route add 203.0.113.0/24 via 10.7.0.9 table 77");
    host_->ip("route add throw 203.0.113.0/25");
    host_->ip("route add 2001:db8:8::/48 from 2001:db8:113::/64 via 2001:db8:113::1");
    watch();
    for (const char* refused : {"198.51.100.0/24", "2001:db8:dead::/48", "fe80::/64"}) {
        ASSERT_TRUE(find(refused)) << refused;
        EXPECT_EQ(find(refused)->interface_index, 0u) << refused;
    }
    for (const char* ignored : {"203.0.113.0/24", "203.0.113.0/25", "2001:db8:8::/48"}) {
        EXPECT_FALSE(find(ignored)) << ignored;
    }
}

TEST_F(RouteWatchTest, an_address_of_this_host_counts_before_a_route_to_it) {
    host_->ip("route add 192.168.113.149/32 dev eth1");
    watch();
    ASSERT_TRUE(find("192.168.113.149/32"));
    EXPECT_EQ(find("192.168.113.149/32")->interface_index, 0u);
}

TEST_F(RouteWatchTest, takes_the_first_of_several_next_hops_and_counts_it) {
    host_->ip("route add 198.51.100.0/24 nexthop via 10.7.0.9 nexthop via 192.168.113.1");
    host_->ip("route add 2001:db8:7::/48 nexthop via 2001:db8:113::1 nexthop via 2001:db8:113::2");
    watch();
    EXPECT_EQ(gateway("198.51.100.0/24"), "10.7.0.9");
    EXPECT_EQ(find("198.51.100.0/24")->interface_index, eth1_);
    EXPECT_EQ(gateway("2001:db8:7::/48"), "2001:db8:113::1");
    EXPECT_EQ(watch_->counters().multipath_routes, 2u);
    host_->ip("link set eth1 down");
    EXPECT_TRUE(kit::run_until(io_, [&] { return gateway("198.51.100.0/24") == "192.168.113.1"; }));
}

// More events than the socket holds, so that some are lost.
TEST_F(RouteWatchTest, thousands_of_changes_come_as_few) {
    constexpr std::size_t kRoutes = 10'000;
    watch();
    const std::size_t before = routes_.size();
    host_->run("sh -c 'i=0; while [ $i -lt " + std::to_string(kRoutes) +
               " ]; do echo route add 100.64.$((i / 256)).$((i % 256))/32 via 10.7.0.9; "
               "i=$((i + 1)); done | ip -batch -'");
    ASSERT_TRUE(kit::run_until(io_, [&] { return routes_.size() == before + kRoutes; }));
    EXPECT_LE(changes_, 3);
    EXPECT_TRUE(find("100.64.39.15/32"));
}

TEST_F(RouteWatchTest, counts_what_is_too_much_and_takes_it_when_there_is_room) {
    watch();
    const std::size_t before = routes_.size();
    watch(before + 2);
    for (const char* prefix : {"198.51.100.0/24", "203.0.113.0/24", "198.18.0.0/15"}) {
        host_->ip(std::string("route add ") + prefix + " via 10.7.0.9");
    }
    ASSERT_TRUE(kit::run_until(io_, [&] { return watch_->counters().routes_refused == 1; }));
    EXPECT_EQ(routes_.size(), before + 2);
    host_->ip("route del 198.51.100.0/24");
    EXPECT_TRUE(kit::run_until(io_, [&] { return watch_->counters().routes_refused == 0; }));
    EXPECT_TRUE(find("203.0.113.0/24"));
    EXPECT_TRUE(find("198.18.0.0/15"));
}

}  // namespace
}  // namespace fpvs::kernel
