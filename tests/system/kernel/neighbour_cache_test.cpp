// SPDX-License-Identifier: Apache-2.0
// The neighbour cache against real routes, real ARP and a real TAP device.
#include "drivers/kernel/neighbour_cache.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "drivers/kernel/netns_scope.hpp"
#include "tests/kit/io_until.hpp"
#include "tests/kit/test_namespace.hpp"

namespace fpvs::kernel {
namespace {

const model::Ipv4 kServer = *model::parse_ipv4("192.168.113.11");
const model::Ipv4 kRemote = *model::parse_ipv4("203.0.113.9");
const model::Ipv4 kGateway = *model::parse_ipv4("192.168.113.1");
constexpr const char* kServerMac = "02:00:00:00:13:0b";
constexpr const char* kOtherMac = "02:00:00:00:13:cc";

// A director and a server, joined by a cable.
class NeighbourCacheTest : public ::testing::Test {
  protected:
    void SetUp() override {
        FPVS_NEEDS_ROOT();
        director_.emplace("d");
        server_.emplace("s");
        director_->ip("link add eth0 type veth peer name eth0 netns " + server_->name());
        director_->ip("addr add 192.168.113.149/24 dev eth0");
        director_->ip("link set eth0 up");
        server_->ip(std::string("link set eth0 address ") + kServerMac + " up");
        server_->ip("addr add 192.168.113.11/24 dev eth0");
        scope_.emplace(NetnsScope::enter(director_->name()).value());
        cache_ = NeighbourCache::open(io_, 4).value();
        cache_->on_change([this](model::Ipv4 target, const auto& neighbour) {
            ++changes_;
            last_target_ = target;
            last_ = neighbour;
        });
    }

    [[nodiscard]] bool resolved_to(model::Ipv4 target, const char* mac) {
        const auto wanted = *model::parse_mac(mac);
        return kit::run_until(io_, [&] {
            const auto found = cache_->resolve(target);
            return found && found->mac == wanted;
        });
    }

    std::optional<kit::TestNamespace> director_;
    std::optional<kit::TestNamespace> server_;
    std::optional<NetnsScope> scope_;
    boost::asio::io_context io_;
    std::unique_ptr<NeighbourCache> cache_;
    int changes_ = 0;
    model::Ipv4 last_target_;
    std::optional<provider::Neighbour> last_;
};

TEST_F(NeighbourCacheTest, resolves_an_on_link_server_by_real_arp) {
    EXPECT_FALSE(cache_->resolve(kServer));
    ASSERT_TRUE(resolved_to(kServer, kServerMac));
    const auto found = cache_->resolve(kServer);
    EXPECT_EQ(found->next_hop, kServer);
    EXPECT_EQ(found->interface, "eth0");
    EXPECT_EQ(model::to_string(found->source), "192.168.113.149");
    EXPECT_EQ(changes_, 1);
    EXPECT_EQ(last_target_, kServer);
    EXPECT_EQ(last_, found);
}

TEST_F(NeighbourCacheTest, follows_a_new_mac_and_tells_the_listener) {
    ASSERT_TRUE(resolved_to(kServer, kServerMac));
    director_->ip(std::string("neigh replace 192.168.113.11 dev eth0 lladdr ") + kOtherMac +
                  " nud reachable");
    ASSERT_TRUE(resolved_to(kServer, kOtherMac));
    EXPECT_EQ(changes_, 2);
    ASSERT_TRUE(last_);
    EXPECT_EQ(model::to_string(last_->mac), kOtherMac);
}

TEST_F(NeighbourCacheTest, asks_again_when_the_kernel_forgets) {
    ASSERT_TRUE(resolved_to(kServer, kServerMac));
    director_->ip("neigh del 192.168.113.11 dev eth0");
    ASSERT_TRUE(kit::run_until(io_, [&] { return changes_ >= 3; }));  // Lost, and found again.
    EXPECT_TRUE(last_);
}

TEST_F(NeighbourCacheTest, moves_to_a_gateway_when_a_route_appears) {
    EXPECT_FALSE(cache_->resolve(kRemote));
    server_->ip("addr add 192.168.113.1/24 dev eth0");
    director_->ip("route add 203.0.113.0/24 via 192.168.113.1");
    ASSERT_TRUE(resolved_to(kRemote, kServerMac));
    EXPECT_EQ(cache_->resolve(kRemote)->next_hop, kGateway);
    director_->ip("route del 203.0.113.0/24");
    EXPECT_TRUE(kit::run_until(io_, [&] { return !cache_->resolve(kRemote); }));
}

TEST_F(NeighbourCacheTest, has_no_answer_while_the_interface_is_down) {
    ASSERT_TRUE(resolved_to(kServer, kServerMac));
    director_->ip("link set eth0 down");
    ASSERT_TRUE(kit::run_until(io_, [&] { return !cache_->resolve(kServer); }));
    director_->ip("link set eth0 up");
    EXPECT_TRUE(resolved_to(kServer, kServerMac));
}

TEST_F(NeighbourCacheTest, has_no_answer_for_this_host_itself) {
    const auto own = *model::parse_ipv4("192.168.113.149");
    EXPECT_FALSE(cache_->resolve(own));
    ASSERT_TRUE(resolved_to(kServer, kServerMac));
    EXPECT_FALSE(cache_->resolve(own));
}

// As the slow path does, while the control plane follows the kernel's events.
TEST_F(NeighbourCacheTest, answers_other_threads_while_routes_change) {
    std::atomic<bool> stop = false;
    std::atomic<std::uint64_t> answers = 0;
    std::thread asker([&] {
        while (!stop) {
            answers += cache_->resolve(kServer).has_value();
            cache_->forget(kRemote);
            (void)cache_->resolve(kRemote);
        }
    });
    ASSERT_TRUE(resolved_to(kServer, kServerMac));
    for (int i = 0; i < 5; ++i) {
        director_->ip("route add 203.0.113.0/24 via 192.168.113.11");
        ASSERT_TRUE(kit::run_until(io_, [&] { return cache_->resolve(kServer).has_value(); }));
        director_->ip("route del 203.0.113.0/24");
    }
    ASSERT_TRUE(kit::run_until(io_, [&] { return answers > 0; }));
    stop = true;
    asker.join();
    ASSERT_TRUE(resolved_to(kServer, kServerMac));
}

TEST_F(NeighbourCacheTest, counts_what_a_full_cache_refuses_and_takes_it_after_a_forget) {
    for (std::uint32_t i = 0; i < 4; ++i) {
        EXPECT_FALSE(cache_->resolve(model::Ipv4{kRemote.value + i}));
    }
    EXPECT_FALSE(cache_->resolve(kServer));
    EXPECT_EQ(cache_->counters().addresses_refused, 1u);
    cache_->forget(kRemote);
    EXPECT_TRUE(resolved_to(kServer, kServerMac));
    EXPECT_EQ(cache_->counters().addresses, 4u);
}

}  // namespace
}  // namespace fpvs::kernel
