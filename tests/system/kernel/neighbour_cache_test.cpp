// SPDX-License-Identifier: Apache-2.0
// The neighbour cache against real routes, real ARP and real neighbour discovery.
#include "drivers/kernel/neighbour_cache.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

#include "drivers/kernel/netns_scope.hpp"
#include "tests/kit/io_until.hpp"
#include "tests/kit/test_namespace.hpp"

namespace fpvs::kernel {
namespace {

// One and the same network in each family.
struct Network {
    const char* name;
    std::string director;  // The text of addresses, as `ip` takes them.
    std::string server;
    std::string gateway;
    std::string remote;  // Behind the gateway,
    std::string route;   // in this prefix.
    std::string prefix_length;
};

const Network kIpv4{.name = "ipv4",
                    .director = "192.168.113.149",
                    .server = "192.168.113.11",
                    .gateway = "192.168.113.1",
                    .remote = "203.0.113.9",
                    .route = "203.0.113.0/24",
                    .prefix_length = "/24"};
const Network kIpv6{.name = "ipv6",
                    .director = "2001:db8:113::149",
                    .server = "2001:db8:113::11",
                    .gateway = "2001:db8:113::1",
                    .remote = "2001:db8:203::9",
                    .route = "2001:db8:203::/48",
                    .prefix_length = "/64"};

constexpr const char* kServerMac = "02:00:00:00:13:0b";
constexpr const char* kOtherMac = "02:00:00:00:13:cc";

// A director and a server, joined by a cable.
class NeighbourCacheTest : public ::testing::TestWithParam<Network> {
  protected:
    void SetUp() override {
        FPVS_NEEDS_ROOT();
        director_.emplace("d");
        server_.emplace("s");
        for (const auto* host : {&*director_, &*server_}) {
            // As IPv4: an address is usable at once and outlives a link that goes down.
            host->run("sysctl -qw net.ipv6.conf.default.accept_dad=0");
            host->run("sysctl -qw net.ipv6.conf.all.keep_addr_on_down=1");
        }
        director_->ip("link add eth0 type veth peer name eth0 netns " + server_->name());
        director_->ip("addr add " + net_.director + net_.prefix_length + " dev eth0");
        director_->ip("link set eth0 up");
        server_->ip(std::string("link set eth0 address ") + kServerMac + " up");
        server_->ip("addr add " + net_.server + net_.prefix_length + " dev eth0");
        scope_.emplace(NetnsScope::enter(director_->name()).value());
        cache_ = NeighbourCache::open(io_, 4).value();
        cache_->on_change([this](const model::IpAddress& target, const auto& neighbour) {
            ++changes_;
            last_target_ = target;
            last_ = neighbour;
        });
    }

    [[nodiscard]] bool resolved_to(const model::IpAddress& target, const char* mac) {
        const auto wanted = *model::parse_mac(mac);
        return kit::run_until(io_, [&] {
            const auto found = cache_->resolve(target);
            return found && found->mac == wanted;
        });
    }

    const Network& net_ = GetParam();
    const model::IpAddress server_address_ = *model::parse_address(net_.server);
    const model::IpAddress remote_address_ = *model::parse_address(net_.remote);
    std::optional<kit::TestNamespace> director_;
    std::optional<kit::TestNamespace> server_;
    std::optional<NetnsScope> scope_;
    boost::asio::io_context io_;
    std::unique_ptr<NeighbourCache> cache_;
    int changes_ = 0;
    model::IpAddress last_target_;
    std::optional<provider::Neighbour> last_;
};

TEST_P(NeighbourCacheTest, resolves_an_on_link_server_by_asking_it) {
    EXPECT_FALSE(cache_->resolve(server_address_));
    ASSERT_TRUE(resolved_to(server_address_, kServerMac));
    const auto found = cache_->resolve(server_address_);
    EXPECT_EQ(found->next_hop, server_address_);
    EXPECT_EQ(found->interface, "eth0");
    EXPECT_EQ(model::to_string(found->source), net_.director);
    EXPECT_EQ(changes_, 1);
    EXPECT_EQ(last_target_, server_address_);
    EXPECT_EQ(last_, found);
}

TEST_P(NeighbourCacheTest, follows_a_new_mac_and_tells_the_listener) {
    ASSERT_TRUE(resolved_to(server_address_, kServerMac));
    director_->ip(("neigh replace " + net_.server + " dev eth0 lladdr ") + kOtherMac +
                  " nud reachable");
    ASSERT_TRUE(resolved_to(server_address_, kOtherMac));
    EXPECT_EQ(changes_, 2);
    ASSERT_TRUE(last_);
    EXPECT_EQ(model::to_string(last_->mac), kOtherMac);
}

TEST_P(NeighbourCacheTest, asks_again_when_the_kernel_forgets) {
    ASSERT_TRUE(resolved_to(server_address_, kServerMac));
    director_->ip("neigh del " + net_.server + " dev eth0");
    ASSERT_TRUE(kit::run_until(io_, [&] { return changes_ >= 3; }));  // Lost, and found again.
    EXPECT_TRUE(last_);
}

TEST_P(NeighbourCacheTest, moves_to_a_gateway_when_a_route_appears) {
    EXPECT_FALSE(cache_->resolve(remote_address_));
    server_->ip("addr add " + net_.gateway + net_.prefix_length + " dev eth0");
    director_->ip("route add " + net_.route + " via " + net_.gateway);
    ASSERT_TRUE(resolved_to(remote_address_, kServerMac));
    EXPECT_EQ(model::to_string(cache_->resolve(remote_address_)->next_hop), net_.gateway);
    director_->ip("route del " + net_.route);
    EXPECT_TRUE(kit::run_until(io_, [&] { return !cache_->resolve(remote_address_); }));
}

TEST_P(NeighbourCacheTest, has_no_answer_while_the_interface_is_down) {
    ASSERT_TRUE(resolved_to(server_address_, kServerMac));
    director_->ip("link set eth0 down");
    ASSERT_TRUE(kit::run_until(io_, [&] { return !cache_->resolve(server_address_); }));
    director_->ip("link set eth0 up");
    EXPECT_TRUE(resolved_to(server_address_, kServerMac));
}

TEST_P(NeighbourCacheTest, has_no_answer_for_this_host_itself) {
    const auto own = *model::parse_address(net_.director);
    EXPECT_FALSE(cache_->resolve(own));
    ASSERT_TRUE(resolved_to(server_address_, kServerMac));
    EXPECT_FALSE(cache_->resolve(own));
}

// As the slow path does, while the control plane follows the kernel's events.
TEST_P(NeighbourCacheTest, answers_other_threads_while_routes_change) {
    std::atomic<bool> stop = false;
    std::atomic<std::uint64_t> answers = 0;
    std::thread asker([&] {
        while (!stop) {
            answers += cache_->resolve(server_address_).has_value();
            cache_->forget(remote_address_);
            (void)cache_->resolve(remote_address_);
        }
    });
    ASSERT_TRUE(resolved_to(server_address_, kServerMac));
    for (int i = 0; i < 5; ++i) {
        director_->ip("route add " + net_.route + " via " + net_.server);
        ASSERT_TRUE(
            kit::run_until(io_, [&] { return cache_->resolve(server_address_).has_value(); }));
        director_->ip("route del " + net_.route);
    }
    ASSERT_TRUE(kit::run_until(io_, [&] { return answers > 0; }));
    stop = true;
    asker.join();
    ASSERT_TRUE(resolved_to(server_address_, kServerMac));
}

TEST_P(NeighbourCacheTest, counts_what_a_full_cache_refuses_and_takes_it_after_a_forget) {
    model::IpAddress remote = remote_address_;
    for (int i = 0; i < 4; ++i) {
        EXPECT_FALSE(cache_->resolve(remote));
        ++remote.words[0];
    }
    EXPECT_FALSE(cache_->resolve(server_address_));
    EXPECT_EQ(cache_->counters().addresses_refused, 1u);
    cache_->forget(remote_address_);
    EXPECT_TRUE(resolved_to(server_address_, kServerMac));
    EXPECT_EQ(cache_->counters().addresses, 4u);
}

// More targets than one turn of a sweep takes.
TEST_P(NeighbourCacheTest, what_a_gateway_says_holds_for_all_behind_it) {
    constexpr std::size_t kTargets = 1000;
    cache_ = NeighbourCache::open(io_, kTargets).value();
    std::vector<model::IpAddress> targets(kTargets, remote_address_);
    for (std::uint32_t i = 0; i < kTargets; ++i) {
        targets[i].words[0] += i << 8;
        EXPECT_FALSE(cache_->resolve(targets[i]));
    }
    const auto all_have = [&](const char* mac) {
        return kit::run_until(io_, [&, wanted = *model::parse_mac(mac)] {
            return std::all_of(targets.begin(), targets.end(), [&](const auto& target) {
                const auto found = cache_->resolve(target);
                return found && found->mac == wanted;
            });
        });
    };
    director_->ip("route add default via " + net_.server);
    ASSERT_TRUE(all_have(kServerMac));
    director_->ip("neigh replace " + net_.server + " dev eth0 lladdr " + kOtherMac +
                  " nud reachable");
    EXPECT_TRUE(all_have(kOtherMac));
    EXPECT_LT(cache_->counters().confirmations, kTargets) << "one next hop, asked for once";
}

INSTANTIATE_TEST_SUITE_P(families,
                         NeighbourCacheTest,
                         ::testing::Values(kIpv4, kIpv6),
                         [](const auto& info) { return std::string(info.param.name); });

// RFC 8950: IPv4 by way of a router that has only an IPv6 address.
class NeighbourCacheOfTwoFamiliesTest : public NeighbourCacheTest {};

TEST_P(NeighbourCacheOfTwoFamiliesTest, reaches_an_ipv4_address_by_an_ipv6_gateway) {
    director_->ip("route add 203.0.113.0/24 via inet6 " + net_.server + " dev eth0");
    const model::IpAddress remote = *model::parse_address("203.0.113.9");
    ASSERT_TRUE(resolved_to(remote, kServerMac));
    EXPECT_EQ(cache_->resolve(remote)->next_hop, server_address_);
}

INSTANTIATE_TEST_SUITE_P(rfc8950, NeighbourCacheOfTwoFamiliesTest, ::testing::Values(kIpv6));

}  // namespace
}  // namespace fpvs::kernel
