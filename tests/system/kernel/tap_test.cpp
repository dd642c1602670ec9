// SPDX-License-Identifier: Apache-2.0
// A TAP device carries whole frames between us and a real kernel.
#include "drivers/kernel/tap.hpp"

#include <gtest/gtest.h>
#include <poll.h>

#include <algorithm>
#include <array>

#include "drivers/kernel/netns_scope.hpp"
#include "drivers/kernel/rtnetlink.hpp"
#include "tests/kit/test_namespace.hpp"

namespace fpvs::kernel {
namespace {

constexpr std::size_t kFrameBytesMax = 2048;
const auto kMac = *model::parse_mac("02:00:00:00:13:95");

// Who has 192.168.113.149?  Asked by 192.168.113.50.
constexpr std::array<std::uint8_t, 42> kArpRequest = {
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02, 0x00, 0x00, 0x00, 0x13, 0x32, 0x08, 0x06,
    0x00, 0x01, 0x08, 0x00, 0x06, 0x04, 0x00, 0x01, 0x02, 0x00, 0x00, 0x00, 0x13, 0x32,
    0xc0, 0xa8, 0x71, 0x32, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xc0, 0xa8, 0x71, 0x95};

class TapTest : public ::testing::Test {
  protected:
    void SetUp() override {
        FPVS_NEEDS_ROOT();
        host_.emplace("t");
        scope_.emplace(NetnsScope::enter(host_->name()).value());
        host_->run("sysctl -qw net.ipv6.conf.default.disable_ipv6=1");
    }

    // The next frame that the kernel sends, or empty after two seconds.
    static std::vector<std::uint8_t> receive(Tap& tap) {
        pollfd waiting{.fd = tap.fd(), .events = POLLIN, .revents = 0};
        std::vector<std::uint8_t> frame(kFrameBytesMax);
        if (::poll(&waiting, 1, 2000) != 1) {
            return {};
        }
        frame.resize(tap.read(frame));
        return frame;
    }

    // The kernel answers ARP through the device.
    static void expect_arp_reply(Tap& tap) {
        ASSERT_TRUE(tap.write(kArpRequest));
        const auto reply = receive(tap);
        ASSERT_EQ(reply.size(), kArpRequest.size());
        EXPECT_TRUE(std::equal(kMac.octets.begin(), kMac.octets.end(), reply.begin() + 6));
        EXPECT_EQ(reply[21], 2) << "not an ARP reply";
    }

    std::optional<kit::TestNamespace> host_;
    std::optional<NetnsScope> scope_;
};

TEST_F(TapTest, makes_a_device_that_the_kernel_talks_through) {
    auto tap = Tap::open({.name = "card0", .mac = kMac, .mtu = 1400});
    ASSERT_TRUE(tap) << tap.error().text();
    host_->ip("addr add 192.168.113.149/24 dev card0");
    expect_arp_reply(*tap);
    auto rtnetlink = Rtnetlink::open().value();
    const auto interface = rtnetlink.interface("card0").value();
    EXPECT_EQ(interface.mac, kMac);
    EXPECT_EQ(interface.mtu, 1400u);
    EXPECT_TRUE(interface.up);
    EXPECT_EQ(interface.index, tap->interface_index());
}

TEST_F(TapTest, joins_a_device_made_beforehand_and_leaves_it_there) {
    host_->ip("tuntap add card0 mode tap");
    host_->ip("link set card0 address 02:00:00:00:13:95");
    {
        auto tap = Tap::open({.name = "card0"});
        ASSERT_TRUE(tap) << tap.error().text();
        EXPECT_EQ(tap->mac(), kMac);
        host_->ip("addr add 192.168.113.149/24 dev card0");
        expect_arp_reply(*tap);
        const auto second = Tap::open({.name = "card0"});
        ASSERT_FALSE(second);
        EXPECT_NE(second.error().message.find("another process holds it"), std::string::npos);
    }
    auto again = Tap::open({.name = "card0"});
    ASSERT_TRUE(again);
    expect_arp_reply(*again);
}

TEST_F(TapTest, refuses_and_counts_writes_while_down_and_recovers) {
    auto tap = Tap::open({.name = "card0", .mac = kMac}).value();
    host_->ip("addr add 192.168.113.149/24 dev card0");
    host_->ip("link set card0 down");
    EXPECT_FALSE(tap.write(kArpRequest));
    EXPECT_EQ(tap.counters().writes_refused, 1u);
    std::array<std::uint8_t, kFrameBytesMax> buffer{};
    EXPECT_EQ(tap.read(buffer), 0u);
    EXPECT_EQ(tap.counters().read_errors, 0u);
    host_->ip("link set card0 up");
    expect_arp_reply(tap);
}

TEST_F(TapTest, says_what_is_wrong_with_a_name_of_another_kind) {
    host_->ip("link add eth0 type bridge");
    const auto tap = Tap::open({.name = "eth0"});
    ASSERT_FALSE(tap);
    EXPECT_NE(tap.error().message.find("no plain TAP"), std::string::npos) << tap.error().text();
}

TEST_F(TapTest, addresses_are_added_once_and_removed_once) {
    auto tap = Tap::open({.name = "card0", .mac = kMac}).value();
    auto rtnetlink = Rtnetlink::open().value();
    const InterfaceAddress vip{.interface_index = tap.interface_index(),
                               .address = *model::parse_address("192.168.113.100"),
                               .prefix_length = 32};
    for (int i = 0; i < 2; ++i) {
        ASSERT_TRUE(rtnetlink.add_address(vip));
        ASSERT_EQ(rtnetlink.addresses(vip.interface_index, vip.address.family)->size(), 1u);
    }
    for (int i = 0; i < 2; ++i) {
        ASSERT_TRUE(rtnetlink.remove_address(vip));
        ASSERT_TRUE(rtnetlink.addresses(vip.interface_index, vip.address.family)->empty());
    }
    EXPECT_FALSE(rtnetlink.add_address(
        {.interface_index = 9999, .address = vip.address, .prefix_length = 32}));
}

}  // namespace
}  // namespace fpvs::kernel
