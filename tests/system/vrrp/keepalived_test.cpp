// SPDX-License-Identifier: Apache-2.0
// Our VRRP against the stock keepalived on one cable: who is master, how soon, and in which bytes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "drivers/kernel/address_owner.hpp"
#include "drivers/kernel/netns_scope.hpp"
#include "drivers/kernel/vrrp_links.hpp"
#include "host/provider/steady_clock.hpp"
#include "host/vrrp/service.hpp"
#include "tests/kit/child_process.hpp"
#include "tests/kit/io_until.hpp"
#include "tests/kit/test_namespace.hpp"
#include "tests/system/vrrp/observer.hpp"
#include "tests/unit/vrrp/lab_instance.hpp"

namespace fpvs::vrrp {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using ::testing::ElementsAreArray;

// What a takeover may take beyond the protocol's own time, on a machine that does other things too.
constexpr nanoseconds kTolerance = 100ms;
constexpr nanoseconds kSkew100 = nanoseconds(1s) * 156 / 256;
constexpr nanoseconds kSkew150 = nanoseconds(1s) * 106 / 256;
constexpr milliseconds kPatience = 12s;

const model::IpAddress kLinkLocal01 = *model::parse_address("fe80::ff:fe00:1395");
const model::IpAddress kLinkLocal02 = *model::parse_address("fe80::ff:fe00:1394");
const model::IpAddress kVip6 = *model::parse_address("fe80::100");

struct PeerOptions {
    int priority = 150;
    std::string password = "1111";
    int version = 2;
    std::string interval_s = "1";
    std::string address = "192.168.113.100";
    std::string more = {};  // Lines of the instance.
};

// keepalived in a namespace of its own, with files in a folder that goes with it.
class Keepalived {
  public:
    Keepalived(const kit::TestNamespace& host, const PeerOptions& options)
        : folder_(std::filesystem::temp_directory_path() / (host.name() + "-keepalived")) {
        std::filesystem::create_directories(folder_);
        std::ofstream(path("conf"))
            << "vrrp_instance VI_1 {\n  state MASTER\n  interface eth0\n  version "
            << options.version << "\n  virtual_router_id 51\n  priority " << options.priority
            << "\n  advert_int " << options.interval_s
            << "\n  authentication {\n    auth_type PASS\n    auth_pass " << options.password
            << "\n  }\n"
            << options.more << "\n  virtual_ipaddress {\n    " << options.address << "\n  }\n}\n";
        process_.emplace(std::vector<std::string>{"ip",
                                                  "netns",
                                                  "exec",
                                                  host.name(),
                                                  "keepalived",
                                                  "-n",
                                                  "-l",
                                                  "-D",
                                                  "-P",
                                                  "-f",
                                                  path("conf"),
                                                  "-p",
                                                  path("pid"),
                                                  "-r",
                                                  path("vrrp_pid")},
                         path("log"));
    }
    ~Keepalived() {
        kill();
        std::filesystem::remove_all(folder_);
    }
    // The VRRP child first: it would resign when its parent ends.
    void kill() {
        if (int child = 0; std::ifstream(path("vrrp_pid")) >> child && child > 1) {
            ::kill(child, SIGKILL);
        }
        process_->end(SIGKILL);
    }
    void terminate() { process_->signal(SIGTERM); }
    [[nodiscard]] bool logged(const std::string& words) const {
        std::stringstream text;
        text << std::ifstream(path("log")).rdbuf();
        return text.str().find(words) != std::string::npos;
    }

  private:
    [[nodiscard]] std::string path(const std::string& name) const { return folder_ / name; }

    std::filesystem::path folder_;
    std::optional<kit::ChildProcess> process_;
};

// Us in namespace a as lvs01, keepalived in namespace b as lvs02, observed at b's end.
class KeepalivedTest : public ::testing::Test {
  protected:
    void SetUp() override {
        FPVS_NEEDS_ROOT();
        if (std::system("command -v keepalived >/dev/null") != 0) {
            GTEST_SKIP() << "needs keepalived: apt-get install keepalived";
        }
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
        const auto index = rtnetlink.interface("eth0").value().index;
        const auto addresses = rtnetlink.addresses(index, vip_.family).value();
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
    PeerOptions options{
        .priority = 150, .version = 3, .interval_s = "0.2", .address = "fe80::100", .more = {}};
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
