// SPDX-License-Identifier: Apache-2.0
// Running configurations as FRR 8.4.4 prints them.
#include "host/announce/frr.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace fpvs::announce {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const model::Announce kAnnounce{.bgp_as = 65001};

model::IpAddress address(std::string_view text) {
    return *model::parse_address(text);
}

Addresses addresses(std::initializer_list<std::string_view> texts) {
    Addresses all;
    for (const std::string_view text : texts) {
        all.insert(address(text));
    }
    return all;
}

constexpr std::string_view kRunning = R"(Building configuration...

Current configuration:
!
frr version 8.4.4
frr defaults traditional
hostname d1
service integrated-vtysh-config
!
router bgp 65001
 bgp router-id 10.0.0.1
 no bgp ebgp-requires-policy
 no bgp network import-check
 neighbor 10.0.0.9 remote-as 65000
 !
 address-family ipv4 unicast
  network 192.0.2.1/32 route-map fpvs
  network 192.0.2.2/32
  network 192.0.2.3/32 route-map other
  network 198.51.100.0/24 route-map fpvs
  network 192.0.2.4/32 route-map fpvs label-index 7
 exit-address-family
 !
 address-family ipv6 unicast
  network 2001:db8::1/128 route-map fpvs
 exit-address-family
exit
!
router bgp 65001 vrf blue
 !
 address-family ipv4 unicast
  network 192.0.2.5/32 route-map fpvs
 exit-address-family
exit
!
route-map fpvs permit 10
exit
!
end
)";

TEST(FrrState, OursAreKnownByTheRouteMap) {
    EXPECT_EQ(read_running_config(kRunning, kAnnounce),
              (FrrState{.has_router = true,
                        .has_route_map = true,
                        .needs_route = false,
                        .announced = addresses({"192.0.2.1", "192.0.2.4", "2001:db8::1"})}));
}

TEST(FrrState, OfAnotherRouterOrMark) {
    EXPECT_EQ(read_running_config(kRunning, {.bgp_as = 6500}), (FrrState{.has_route_map = true}));
    EXPECT_EQ(
        read_running_config(kRunning, {.bgp_as = 65001, .route_map = "other"}),
        (FrrState{
            .has_router = true, .needs_route = false, .announced = addresses({"192.0.2.3"})}));
    EXPECT_EQ(read_running_config("", kAnnounce), FrrState{});
}

TEST(FrrEdit, NothingToDo) {
    const Addresses same = addresses({"192.0.2.1"});
    EXPECT_THAT(edit_towards(same, {.announced = same}, kAnnounce, 10).commands, IsEmpty());
}

TEST(FrrEdit, TheFirstMakesTheRouteMap) {
    const FrrEdit edit = edit_towards(addresses({"192.0.2.1", "2001:db8::1"}), {}, kAnnounce, 10);
    EXPECT_THAT(edit.commands,
                ElementsAre("configure terminal",
                            "route-map fpvs permit 10",
                            "exit",
                            "router bgp 65001",
                            "address-family ipv4 unicast",
                            "network 192.0.2.1/32 route-map fpvs",
                            "exit-address-family",
                            "address-family ipv6 unicast",
                            "network 2001:db8::1/128 route-map fpvs",
                            "exit-address-family"));
    EXPECT_EQ(edit.announced, 2U);
    EXPECT_EQ(edit.withdrawn, 0U);
}

TEST(FrrEdit, WithdrawalsComeFirstAndItIsBounded) {
    const FrrState state{.announced = addresses({"192.0.2.1", "192.0.2.2"})};
    const Addresses wanted = addresses({"192.0.2.3", "192.0.2.4"});
    const FrrEdit edit = edit_towards(wanted, state, kAnnounce, 3);
    EXPECT_EQ(edit.withdrawn, 2U);
    EXPECT_EQ(edit.announced, 1U);
    EXPECT_THAT(edit_towards(wanted, state, kAnnounce, 1).commands,
                ElementsAre("configure terminal",
                            "router bgp 65001",
                            "address-family ipv4 unicast",
                            "no network 192.0.2.1/32",
                            "exit-address-family"));
}

}  // namespace
}  // namespace fpvs::announce
