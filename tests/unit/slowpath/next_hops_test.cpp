// SPDX-License-Identifier: Apache-2.0
#include "host/slowpath/next_hops.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "tests/kit/fake_neighbours.hpp"

namespace fpvs::slowpath {
namespace {

using namespace std::chrono_literals;

constexpr const char* kMac = "02:00:00:00:01:05";
constexpr std::uint32_t kInterface = 11;

model::IpAddress address(std::string_view text) {
    return *model::parse_address(text);
}

provider::Route route(std::string_view prefix,
                      std::optional<std::string_view> gateway = {},
                      std::uint32_t mtu = 0) {
    return {.prefix = *model::parse_prefix(prefix),
            .gateway = gateway ? std::optional(address(*gateway)) : std::nullopt,
            .interface_index = kInterface,
            .mtu = mtu};
}

class NextHopsTest : public ::testing::Test {
  protected:
    NextHopsTest() {
        hops.add_egress({.interface_index = kInterface,
                         .port = 1,
                         .mac = *model::parse_mac("02:00:00:00:00:d1"),
                         .mtu = 1500});
    }
    void use(const std::vector<provider::Route>& routes) {
        static_cast<void>(snapshots.routes.replace(std::make_unique<const RouteTable>(routes)));
    }

    kit::FakeNeighbours neighbours;
    Snapshots snapshots;
    NextHops hops{neighbours, snapshots.routes, 4};
};

TEST_F(NextHopsTest, a_server_is_asked_for_once) {
    neighbours.learn("192.168.113.15", kMac, kInterface);
    for (int i = 0; i < 3; ++i) {
        const NextHop& hop = hops.to_server(2, address("192.168.113.15"));
        EXPECT_EQ(hop.state, NextHop::State::resolved);
        EXPECT_EQ(hop.port, 1);
    }
    EXPECT_EQ(neighbours.questions, 1U);
}

TEST_F(NextHopsTest, an_index_of_another_server_is_asked_for_anew) {
    neighbours.learn("192.168.113.15", kMac, kInterface);
    static_cast<void>(hops.to_server(2, address("192.168.113.15")));
    EXPECT_EQ(hops.to_server(2, address("192.168.113.16")).state, NextHop::State::waiting);
    EXPECT_EQ(hops.to_server(2, address("192.168.113.15")).state, NextHop::State::resolved);
}

TEST_F(NextHopsTest, all_hops_of_an_address_follow_it_and_the_last_to_leave_it_lets_it_go) {
    neighbours.learn("192.168.113.15", kMac, kInterface);
    const model::IpAddress shared = address("192.168.113.15");
    for (const engine::ServerIndex server : {0U, 1U, 3U}) {
        static_cast<void>(hops.to_server(server, shared));
    }
    static_cast<void>(hops.to_server(2, address("192.168.113.16")));
    hops.neighbour_changed(shared, std::nullopt);
    for (const engine::ServerIndex server : {0U, 1U, 3U}) {
        EXPECT_EQ(hops.to_server(server, shared).state, NextHop::State::waiting) << server;
    }
    hops.neighbour_changed(shared, neighbours.known.at(shared));
    for (const engine::ServerIndex server : {1U, 0U, 3U}) {
        EXPECT_EQ(hops.to_server(server, shared).state, NextHop::State::resolved) << server;
        EXPECT_FALSE(neighbours.forgotten.contains(shared)) << server;
        static_cast<void>(hops.to_server(server, address("192.168.113.17")));
    }
    EXPECT_TRUE(neighbours.forgotten.contains(shared));
    hops.neighbour_changed(address("192.168.113.16"),
                           provider::Neighbour{.mac = *model::parse_mac(kMac),
                                               .next_hop = address("192.168.113.16"),
                                               .interface_index = kInterface});
    EXPECT_EQ(hops.to_server(2, address("192.168.113.16")).state, NextHop::State::resolved);
}

TEST_F(NextHopsTest, clients_behind_a_gateway_share_its_hop) {
    use({route("0.0.0.0/0", "192.168.113.1")});
    neighbours.learn("192.168.113.1", kMac, kInterface);
    const NextHop* first = hops.towards(address("10.0.0.2"));
    ASSERT_NE(first, nullptr);
    EXPECT_EQ(first->state, NextHop::State::resolved);
    EXPECT_EQ(hops.towards(address("10.9.9.9")), first);
    EXPECT_EQ(neighbours.questions, 1U);
}

TEST_F(NextHopsTest, clients_on_a_link_have_their_own) {
    use({route("10.0.0.0/24")});
    neighbours.learn("10.0.0.2", kMac, kInterface);
    EXPECT_EQ(hops.towards(address("10.0.0.2"))->state, NextHop::State::resolved);
    EXPECT_EQ(hops.towards(address("10.0.0.3"))->state, NextHop::State::waiting);
    EXPECT_EQ(hops.towards(address("10.0.1.2")), nullptr) << "no route";
}

TEST_F(NextHopsTest, a_link_local_gateway_is_found_by_way_of_a_client) {
    use({route("::/0", "fe80::1")});
    neighbours.learn("fd00::7", kMac, kInterface);
    const NextHop* hop = hops.towards(address("fd00::7"));
    ASSERT_NE(hop, nullptr);
    EXPECT_EQ(hop->state, NextHop::State::resolved);
    EXPECT_EQ(hops.towards(address("fd00::8")), hop);
}

TEST_F(NextHopsTest, a_route_may_have_an_mtu_of_its_own) {
    use({route("10.0.0.0/24", {}, 1400)});
    neighbours.learn("10.0.0.2", kMac, kInterface);
    EXPECT_EQ(hops.towards(address("10.0.0.2"))->mtu, 1400U);
    // Also when the neighbour becomes known later.
    static_cast<void>(hops.towards(address("10.0.0.3")));
    neighbours.learn("10.0.0.3", kMac, kInterface);
    hops.neighbour_changed(address("10.0.0.3"), neighbours.known[address("10.0.0.3")]);
    EXPECT_EQ(hops.towards(address("10.0.0.3"))->mtu, 1400U);
}

TEST_F(NextHopsTest, new_routes_hold_from_the_next_question_on) {
    use({route("0.0.0.0/0", "192.168.113.1")});
    neighbours.learn("192.168.113.1", kMac, kInterface);
    neighbours.learn("192.168.113.2", "02:00:00:00:00:02", kInterface);
    EXPECT_EQ(hops.towards(address("10.0.0.2"))->link.bytes[5], 5);
    use({route("0.0.0.0/0", "192.168.113.2")});
    EXPECT_EQ(hops.towards(address("10.0.0.2"))->link.bytes[5], 2);
    use({});
    EXPECT_EQ(hops.towards(address("10.0.0.2")), nullptr);
}

TEST_F(NextHopsTest, more_clients_than_places_take_turns) {
    use({route("10.0.0.0/8")});
    std::set<const NextHop*> places;
    for (std::uint32_t i = 0; i < 3 * kClientHops; ++i) {
        const NextHop* hop = hops.towards(model::Ipv4{0x0a000000 + i});
        ASSERT_NE(hop, nullptr);
        EXPECT_EQ(hop->target, model::IpAddress(model::Ipv4{0x0a000000 + i}));
        places.insert(hop);
    }
    EXPECT_LE(places.size(), kClientHops);
    EXPECT_GT(places.size(), kClientHops / 2);
}

TEST_F(NextHopsTest, a_hop_that_is_waited_for_keeps_its_place) {
    use({route("10.0.0.0/8")});
    const NextHop* waited = hops.towards(address("10.0.0.1"));
    // Never sent, so it needs no buffer.
    ASSERT_EQ(hops.hold({.frame = nullptr}, *waited, 0s), nullptr);
    for (std::uint32_t i = 0; i < 8 * kClientHops; ++i) {
        static_cast<void>(hops.towards(model::Ipv4{0x0a010000 + i}));
    }
    EXPECT_EQ(waited->target, address("10.0.0.1"));
    EXPECT_EQ(hops.towards(address("10.0.0.1")), waited);
    int given_up = 0;
    hops.release(kResolutionTime, [&](const NextHop& hop, std::span<const Outgoing> packets) {
        EXPECT_EQ(&hop, waited);
        given_up += static_cast<int>(packets.size());
    });
    EXPECT_EQ(given_up, 1);
}

TEST_F(NextHopsTest, a_path_mtu_is_believed_for_ten_minutes) {
    neighbours.learn("192.168.113.15", kMac, kInterface);
    const NextHop& hop = hops.to_server(0, address("192.168.113.15"));
    hops.learn_path_mtu(hop, 1600, 0s);
    EXPECT_EQ(hop.mtu, 1500U) << "a path cannot be wider than our own link";
    hops.learn_path_mtu(hop, 1400, 0s);
    EXPECT_EQ(hop.mtu, 1400U);
    hops.neighbour_changed(hop.target, neighbours.known[hop.target]);
    EXPECT_EQ(hop.mtu, 1400U) << "a new MAC address is the same path";
    hops.forget_old_path_mtus(599s);
    EXPECT_EQ(hop.mtu, 1400U);
    hops.forget_old_path_mtus(601s);
    EXPECT_EQ(hop.mtu, 1500U);
}

TEST_F(NextHopsTest, a_vlan_interface_is_an_egress_with_a_tag) {
    hops.add_egress({.interface_index = 12,
                     .port = 1,
                     .mac = *model::parse_mac("02:00:00:00:00:d1"),
                     .vlan = 100});
    neighbours.learn("192.168.113.15", kMac, 12);
    EXPECT_EQ(hops.to_server(0, address("192.168.113.15")).link.length, 18);
    neighbours.learn("192.168.113.16", kMac, 99);
    EXPECT_EQ(hops.to_server(1, address("192.168.113.16")).state, NextHop::State::unreachable);
}

}  // namespace
}  // namespace fpvs::slowpath
