// SPDX-License-Identifier: Apache-2.0
// Our VRRP against the stock keepalived on one cable: who is master, how soon, and in which bytes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>

#include "tests/kit/pcap_reader.hpp"
#include "tests/system/vrrp/keepalived_peer.hpp"
#include "tests/system/vrrp/two_hosts.hpp"

namespace fpvs::vrrp {
namespace {

using ::testing::ElementsAreArray;

class KeepalivedTest : public TwoHosts {
  protected:
    void SetUp() override {
        if (std::system("command -v keepalived >/dev/null") != 0) {
            GTEST_SKIP() << "needs keepalived: apt-get install keepalived";
        }
        TwoHosts::SetUp();
    }

    // In both roles: the peer is master and dies, then comes back lower and is our backup.
    void be_peers(const model::VrrpInstance& instance, PeerOptions options) {
        start(instance);
        std::optional<Keepalived> peer;
        options.priority = 150;
        peer.emplace(*theirs_, options);
        ASSERT_TRUE(settles("BACKUP", true));
        ASSERT_TRUE(
            kit::run_until(io_, [&] { return service_->view().front().master_address == kLvs02; }));
        peer->kill();
        expect_takeover("killed: its last advert to our first",
                        kLvs01,
                        observer_->last_advert(kLvs02)->time,
                        3s + kSkew100);
        options.priority = 50;
        peer.emplace(*theirs_, options);
        ASSERT_TRUE(kit::run_until(io_, [&] { return peer->logged("Entering BACKUP STATE"); }));
        ASSERT_TRUE(kit::run_until(io_, [&] { return observer_->adverts(kLvs01) >= 3; }));
        EXPECT_EQ(service_->view().front().state, "MASTER");
        EXPECT_EQ(service_->view().front().adverts_refused, 0u);
        EXPECT_FALSE(peer->logged("ropped")) << "it refused an advert of ours";
        service_->stop();
        expect_takeover("stopped: priority 0 to its first",
                        kLvs02,
                        observer_->last_advert(kLvs01)->time,
                        nanoseconds(1s) * 206 / 256);
    }
};

TEST_F(KeepalivedTest, first_frames_on_the_wire_are_keepaliveds) {
    const auto begin = Observer::now();
    start(100);
    ASSERT_TRUE(settles("MASTER", false));
    expect_takeover("alone, priority 100: start to first advert", kLvs01, begin, 3s + kSkew100);
    ASSERT_TRUE(kit::run_until(io_, [&] { return observer_->frames().size() >= 6; }));
    const auto golden = kit::read_pcap("tests/data/vrrp/vrrp2-seed.pcap");
    for (std::size_t i = 0; i < 6; ++i) {  // One advert and five announcements.
        EXPECT_THAT(observer_->frames()[i].bytes, ElementsAreArray(golden[i]))
            << "frame " << i << " of " << observer_->frames().size();
    }
}

TEST_F(KeepalivedTest, yields_to_a_higher_keepalived_and_replaces_it_when_it_dies_or_resigns) {
    start(100);
    std::optional<Keepalived> peer;
    peer.emplace(*theirs_, PeerOptions{.priority = 150});
    ASSERT_TRUE(settles("BACKUP", true));
    // The peer may have its address a moment before its first advert reaches us.
    ASSERT_TRUE(
        kit::run_until(io_, [&] { return service_->view().front().master_address == kLvs02; }));
    EXPECT_EQ(service_->view().front().master_priority, 150);

    peer->kill();
    const auto last = observer_->last_advert(kLvs02)->time;
    expect_takeover("keepalived killed: its last advert to our first", kLvs01, last, 3s + kSkew100);
    theirs_->ip("addr del 192.168.113.100/32 dev eth0");  // The dead cannot give it up.
    ASSERT_TRUE(settles("MASTER", false));

    peer.emplace(*theirs_, PeerOptions{.priority = 150});
    ASSERT_TRUE(settles("BACKUP", true));
    peer->terminate();
    const auto resigned = [&] {
        const auto newest = observer_->last_advert(kLvs02);
        return newest && newest->advert()->advert.priority == kPriorityResign;
    };
    ASSERT_TRUE(kit::run_until(io_, resigned));
    expect_takeover("keepalived stopped: priority 0 to our first",
                    kLvs01,
                    observer_->last_advert(kLvs02)->time,
                    kSkew100);
    EXPECT_TRUE(settles("MASTER", false));
    EXPECT_EQ(service_->view().front().adverts_refused, 0u);
}

TEST_F(KeepalivedTest, preempts_a_lower_keepalived_which_replaces_us_when_we_resign_or_die) {
    Keepalived peer(*theirs_, PeerOptions{.priority = 100});
    ASSERT_TRUE(kit::run_until(
        io_, [&] { return observer_->first_advert(kLvs02, 0s).has_value(); }, kPatience));
    auto begin = Observer::now();
    start(150);
    expect_takeover("we preempt: start to first advert", kLvs01, begin, 3s + kSkew150);
    ASSERT_TRUE(settles("MASTER", false));
    EXPECT_TRUE(peer.logged("Entering BACKUP STATE"));

    service_.reset();
    const auto resignation = *observer_->last_advert(kLvs01);
    ASSERT_EQ(resignation.advert()->advert.priority, kPriorityResign);
    EXPECT_FALSE(owns(*ours_));
    expect_takeover(
        "we stop: priority 0 to keepalived's first", kLvs02, resignation.time, kSkew100);

    start(150);
    ASSERT_TRUE(settles("MASTER", false));
    // From here on our io_context does not run, as if we hung.
    const auto last = observer_->last_advert(kLvs01)->time;
    std::optional<nanoseconds> seen;
    while (!seen && Observer::now() < last + kPatience) {
        ::usleep(1000);
        seen = observer_->first_advert(kLvs02, last);
    }
    ASSERT_TRUE(seen);
    EXPECT_LE(*seen - last, 3s + kSkew100 + kTolerance);
}

TEST_F(KeepalivedTest, version_3_at_100_ms_takes_over_in_a_third_of_a_second) {
    auto instance = lab_instance();
    instance.version = 3;
    instance.advert_interval_cs = 10;
    start(instance);
    std::optional<Keepalived> peer;
    peer.emplace(*theirs_, PeerOptions{.priority = 150, .version = 3, .interval_s = "0.1"});
    ASSERT_TRUE(settles("BACKUP", true));
    peer->kill();
    expect_takeover("version 3, killed: its last advert to our first",
                    kLvs01,
                    observer_->last_advert(kLvs02)->time,
                    300ms + kSkew100 / 10);
    peer.emplace(*theirs_, PeerOptions{.priority = 50, .version = 3, .interval_s = "0.1"});
    ASSERT_TRUE(kit::run_until(io_, [&] { return peer->logged("Entering BACKUP STATE"); }));
    EXPECT_EQ(service_->view().front().state, "MASTER");
    EXPECT_EQ(service_->view().front().adverts_refused, 0u);
}

// In both roles: the peer is master and dies, then comes back lower and is our backup.
TEST_F(KeepalivedTest, version_3_over_ipv6_is_a_peer_in_both_roles) {
    use_ipv6();
    auto instance = lab_instance();
    instance.family = model::Family::ipv6;
    instance.version = 3;
    instance.advert_interval_cs = 20;
    instance.authentication = model::VrrpAuthentication::none;
    instance.addresses = {{.address = kVip6, .prefix_length = 128, .interface = {}}};
    PeerOptions options{.priority = 150, .version = 3, .interval_s = "0.2", .address = "fe80::100"};
    start(instance);
    std::optional<Keepalived> peer;
    peer.emplace(*theirs_, options);
    ASSERT_TRUE(settles("BACKUP", true));
    peer->kill();
    expect_takeover("IPv6, killed: its last advert to our first",
                    kLinkLocal01,
                    observer_->last_advert(kLinkLocal02)->time,
                    600ms + kSkew100 / 5);
    options.priority = 50;
    peer.emplace(*theirs_, options);
    ASSERT_TRUE(kit::run_until(io_, [&] { return peer->logged("Entering BACKUP STATE"); }));
    service_->stop();
    const auto resignation = *observer_->last_advert(kLinkLocal01);
    ASSERT_EQ(resignation.advert()->advert.priority, kPriorityResign);
    expect_takeover("IPv6, we stop: priority 0 to its first",
                    kLinkLocal02,
                    resignation.time,
                    nanoseconds(200ms) * (256 - 50) / 256);
}

TEST_F(KeepalivedTest, unicast_is_a_peer_in_both_roles) {
    auto instance = lab_instance();
    instance.source = kLvs01;
    instance.unicast_peers = {kLvs02};
    const std::string peers =
        "  unicast_src_ip 192.168.113.148\n  unicast_peer {\n    192.168.113.149\n  }";
    start(instance);
    std::optional<Keepalived> peer;
    peer.emplace(*theirs_, PeerOptions{.priority = 150, .more = peers});
    ASSERT_TRUE(settles("BACKUP", true));
    ASSERT_TRUE(
        kit::run_until(io_, [&] { return service_->view().front().master_address == kLvs02; }));
    EXPECT_EQ(observer_->last_advert(kLvs02)->advert()->envelope.destination,
              model::IpAddress(kLvs01));
    peer->kill();
    expect_takeover("unicast, killed: its last advert to our first",
                    kLvs01,
                    observer_->last_advert(kLvs02)->time,
                    3s + kSkew100);
    peer.emplace(*theirs_, PeerOptions{.priority = 50, .more = peers});
    ASSERT_TRUE(kit::run_until(io_, [&] { return peer->logged("Entering BACKUP STATE"); }));
    EXPECT_EQ(service_->view().front().state, "MASTER");
    EXPECT_EQ(service_->view().front().adverts_refused, 0u);
}

TEST_F(KeepalivedTest, authentication_header_is_understood_in_both_roles) {
    auto instance = lab_instance();
    instance.authentication = model::VrrpAuthentication::header;
    be_peers(instance, {.authentication = "AH"});
}

TEST_F(KeepalivedTest, authentication_header_of_another_key_is_refused) {
    auto instance = lab_instance();
    instance.authentication = model::VrrpAuthentication::header;
    Keepalived peer(*theirs_, {.password = "2222", .authentication = "AH"});
    start(instance);
    ASSERT_TRUE(settles("MASTER", true));
    EXPECT_TRUE(kit::run_until(io_, [&] {
        return service_->refusals()[static_cast<std::size_t>(Refusal::wrong_seal)] > 0;
    }));
}

TEST_F(KeepalivedTest, virtual_mac_is_used_by_both_and_goes_with_us) {
    auto instance = lab_instance();
    instance.virtual_mac = {.interface = "vrrp.51", .mac = *model::parse_mac("00:00:5e:00:01:33")};
    vip_interface_ = "vrrp.51";
    be_peers(instance, {.more = "  use_vmac"});
    const auto advert = *observer_->last_advert(kLvs01);
    EXPECT_THAT(std::vector(advert.bytes.begin() + 6, advert.bytes.begin() + 12),
                ElementsAreArray({0x00, 0x00, 0x5e, 0x00, 0x01, 0x33}));
    service_.reset();
    EXPECT_FALSE(kernel::Rtnetlink::open().value().interface("vrrp.51"));
}

TEST_F(KeepalivedTest, sync_group_is_taken_over_as_a_whole_when_the_peer_loses_one_link) {
    ours_->ip("link add eth1 type veth peer name eth1 netns " + theirs_->name());
    ours_->ip("link set eth1 up");
    ours_->ip("addr add 192.168.114.149/24 dev eth1");
    theirs_->ip("link set eth1 up");
    theirs_->ip("addr add 192.168.114.148/24 dev eth1");
    auto inner = lab_instance();
    inner.name = "VI_2";
    inner.interface = "eth1";
    inner.virtual_router_id = 52;
    inner.addresses.front().address = *model::parse_ipv4("192.168.114.100");
    service_.emplace(io_, clock_, *links_, *addresses_);
    ASSERT_TRUE(
        service_->apply({lab_instance(), inner}, {{.name = "VG", .members = {"VI_1", "VI_2"}}}));
    Keepalived peer(*theirs_,
                    {.priority = 150,
                     .after = "vrrp_instance VI_2 {\n  interface eth1\n  virtual_router_id 52\n"
                              "  priority 150\n  authentication {\n    auth_type PASS\n"
                              "    auth_pass 1111\n  }\n"
                              "  virtual_ipaddress {\n    192.168.114.100\n  }\n}\n"
                              "vrrp_sync_group VG {\n  group {\n    VI_1\n    VI_2\n  }\n}\n"});
    ASSERT_TRUE(settles("BACKUP", true));
    theirs_->ip("link set eth1 down");
    ASSERT_TRUE(kit::run_until(
        io_, [&] { return peer.logged("VRRP_Group(VG) Syncing instances to FAULT"); }, kPatience));
    // Its end of the cable is ours, too: the group is at fault on both sides until it is up again.
    EXPECT_TRUE(settles("FAULT", false));
    EXPECT_EQ(service_->view().back().state, "FAULT");
    theirs_->ip("link set eth1 up");
    EXPECT_TRUE(settles("BACKUP", true));
    peer.kill();
    theirs_->ip("addr del 192.168.113.100/32 dev eth0");
    ASSERT_TRUE(settles("MASTER", false));
    EXPECT_EQ(service_->view().back().state, "MASTER");
}

TEST_F(KeepalivedTest, disagreeing_peers_refuse_each_other_in_the_same_words) {
    Keepalived peer(*theirs_, PeerOptions{.priority = 150, .password = "2222"});
    start(100);
    ASSERT_TRUE(settles("MASTER", true)) << "a peer with another password counted as alive";
    ASSERT_TRUE(kit::run_until(io_, [&] {
        return service_->view().front().adverts_refused > 0 &&
               peer.logged("received an invalid passwd!");
    }));
    EXPECT_GT(service_->refusals()[static_cast<std::size_t>(Refusal::wrong_password)], 0u);
    EXPECT_EQ(service_->view().front().adverts_received, 0u);
}

TEST_F(KeepalivedTest, link_down_is_a_fault_and_link_up_recovers) {
    start(100);
    ASSERT_TRUE(settles("MASTER", false));
    ours_->ip("link set eth0 down");
    ASSERT_TRUE(settles("FAULT", false));
    ours_->ip("link set eth0 up");
    const auto up = Observer::now();
    ASSERT_TRUE(settles("BACKUP", false));
    expect_takeover("link up again: to our first advert", kLvs01, up, 3s + kSkew100);
    ASSERT_TRUE(settles("MASTER", false));
}

}  // namespace
}  // namespace fpvs::vrrp
