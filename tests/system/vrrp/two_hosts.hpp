// SPDX-License-Identifier: Apache-2.0
// Our VRRP and a peer on one cable, and what is seen on it.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <optional>
#include <string>

#include "drivers/kernel/address_owner.hpp"
#include "drivers/kernel/netns_scope.hpp"
#include "drivers/kernel/vrrp_links.hpp"
#include "host/provider/steady_clock.hpp"
#include "host/vrrp/service.hpp"
#include "tests/kit/io_until.hpp"
#include "tests/kit/test_namespace.hpp"
#include "tests/system/vrrp/observer.hpp"
#include "tests/unit/vrrp/lab_instance.hpp"

namespace fpvs::vrrp {

using namespace std::chrono_literals;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;

// What a takeover may take beyond the protocol's own time, on a machine that does other things too.
inline constexpr nanoseconds kTolerance = 100ms;
inline constexpr nanoseconds kSkew100 = nanoseconds(1s) * 156 / 256;
inline constexpr nanoseconds kSkew150 = nanoseconds(1s) * 106 / 256;
constexpr milliseconds kPatience = 12s;

inline const model::IpAddress kLinkLocal01 = *model::parse_address("fe80::ff:fe00:1395");
inline const model::IpAddress kLinkLocal02 = *model::parse_address("fe80::ff:fe00:1394");
inline const model::IpAddress kVip6 = *model::parse_address("fe80::100");

// Us in namespace a as lvs01, a peer in namespace b as lvs02, observed at b's end.
class TwoHosts : public ::testing::Test {
  protected:
    void SetUp() override {
        FPVS_NEEDS_ROOT();
        ours_.emplace("a");
        theirs_.emplace("b");
        for (const auto* host : {&*ours_, &*theirs_}) {
            host->run("sysctl -qw net.ipv6.conf.default.disable_ipv6=1");
        }
        ours_->ip("link add eth0 type veth peer name eth0 netns " + theirs_->name());
        ours_->ip("link set eth0 address 02:00:00:00:13:95 up");
        ours_->ip("addr add 192.168.113.149/24 dev eth0");
        theirs_->ip("link set eth0 address 02:00:00:00:13:94 up");
        theirs_->ip("addr add 192.168.113.148/24 dev eth0");
        {
            const auto visit = kernel::NetnsScope::enter(theirs_->name()).value();
            observer_.emplace("eth0");
        }
        scope_.emplace(kernel::NetnsScope::enter(ours_->name()).value());
        addresses_.emplace(kernel::Rtnetlink::open().value());
        links_.emplace(io_);
    }

    void start(int priority) {
        auto instance = lab_instance();
        instance.priority = static_cast<std::uint8_t>(priority);
        start(instance);
    }
    void start(const model::VrrpInstance& instance) {
        service_.emplace(io_, clock_, *links_, *addresses_);
        const auto status = service_->apply({instance});
        ASSERT_TRUE(status) << status.error().text();
    }

    // Runs us until both sides are what they should be.
    [[nodiscard]] bool settles(const std::string& our_state, bool peer_owns) {
        return kit::run_until(
            io_,
            [&] {
                return service_->view().front().state == our_state &&
                       owns(*ours_) == (our_state == "MASTER") && owns(*theirs_) == peer_owns;
            },
            kPatience);
    }

    [[nodiscard]] bool owns(const kit::TestNamespace& host) const {
        const auto visit = kernel::NetnsScope::enter(host.name()).value();
        auto rtnetlink = kernel::Rtnetlink::open().value();
        const auto interface = rtnetlink.interface(vip_interface_);
        if (!interface) {
            return false;
        }
        const auto addresses = rtnetlink.addresses(interface->index, vip_.family).value();
        return std::any_of(addresses.begin(), addresses.end(), [this](const auto& address) {
            return address.address == vip_;
        });
    }

    // Link-local addresses follow from the MAC addresses and may be used at once.
    void use_ipv6() {
        vip_ = kVip6;
        for (const auto* host : {&*ours_, &*theirs_}) {
            host->run("sysctl -qw net.ipv6.conf.eth0.accept_dad=0");
            host->run("sysctl -qw net.ipv6.conf.eth0.disable_ipv6=0");
        }
    }

    // Waits for a new master's first advert after `since`, prints and checks how long it took.
    void expect_takeover(const std::string& what,
                         const model::IpAddress& master,
                         nanoseconds since,
                         nanoseconds expected) {
        std::optional<nanoseconds> seen;
        ASSERT_TRUE(kit::run_until(
            io_,
            [&] { return (seen = observer_->first_advert(master, since)).has_value(); },
            kPatience))
            << what;
        const double took_s = std::chrono::duration<double>(*seen - since).count();
        const double expected_s = std::chrono::duration<double>(expected).count();
        std::printf("%-48s %.3f s (protocol %.3f s)\n", what.c_str(), took_s, expected_s);
        EXPECT_GE(*seen - since, expected - kTolerance) << what;
        EXPECT_LE(*seen - since, expected + kTolerance) << what;
    }

    model::IpAddress vip_ = kVip;
    std::string vip_interface_ = "eth0";
    std::optional<kit::TestNamespace> ours_;
    std::optional<kit::TestNamespace> theirs_;
    std::optional<Observer> observer_;
    std::optional<kernel::NetnsScope> scope_;
    boost::asio::io_context io_;
    provider::SteadyClock clock_;
    std::optional<kernel::AddressOwner> addresses_;
    std::optional<kernel::VrrpLinks> links_;
    std::optional<Service> service_;
};

}  // namespace fpvs::vrrp
