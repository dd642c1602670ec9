// SPDX-License-Identifier: Apache-2.0
// Our VRRP against FRR's vrrpd, which is nobody's relative: in both roles, versions 2 and 3.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include "tests/kit/child_process.hpp"
#include "tests/system/vrrp/two_hosts.hpp"

namespace fpvs::vrrp {
namespace {

constexpr const char* kDaemons = "/usr/lib/frr/";

// zebra and vrrpd in a namespace of their own, with the macvlan that vrrpd needs.
class Frr {
  public:
    Frr(const kit::TestNamespace& host, int version, int priority)
        : host_(host), folder_(std::filesystem::temp_directory_path() / (host.name() + "-frr")) {
        std::filesystem::create_directories(folder_);
        std::ofstream(path("zebra.conf")) << "hostname lvs02\n";
        std::ofstream(path("vrrpd.conf"))
            << "hostname lvs02\ninterface eth0\n vrrp 51 version " << version
            << "\n vrrp 51 priority " << priority
            << "\n vrrp 51 advertisement-interval 1000\n vrrp 51 ip 192.168.113.100\n!\n";
        host.run("chown -R frr:frr " + folder_.string());
        host.ip("link add vrrp4-2-1 link eth0 type macvlan mode bridge");
        host.ip("link set vrrp4-2-1 address 00:00:5e:00:01:33");
        host.ip("addr add 192.168.113.100/24 dev vrrp4-2-1");
        host.ip("link set vrrp4-2-1 up");
        start(zebra_, "zebra");
        // A vrrpd that does not find zebra asks again ten seconds later.
        for (int i = 0; i < 500 && !std::filesystem::exists(path("zserv.api")); ++i) {
            ::usleep(10'000);
        }
        start(vrrpd_, "vrrpd");
    }
    ~Frr() {
        vrrpd_->end(SIGKILL);
        zebra_->end(SIGKILL);
        host_.ip("link del vrrp4-2-1");
        std::filesystem::remove_all(folder_);
    }
    void kill() { vrrpd_->end(SIGKILL); }
    void terminate() { vrrpd_->signal(SIGTERM); }

  private:
    [[nodiscard]] std::string path(const std::string& name) const { return folder_ / name; }

    void start(std::optional<kit::ChildProcess>& process, const std::string& name) {
        const std::vector<std::string> words = {"ip",
                                                "netns",
                                                "exec",
                                                host_.name(),
                                                kDaemons + name,
                                                "-u",
                                                "frr",
                                                "-g",
                                                "frr",
                                                "-f",
                                                path(name + ".conf"),
                                                "-i",
                                                path(name + ".pid"),
                                                "-z",
                                                path("zserv.api"),
                                                "--vty_socket",
                                                folder_.string(),
                                                "-A",
                                                "127.0.0.1"};
        process.emplace(words, path(name + ".log"));
    }

    const kit::TestNamespace& host_;
    const std::filesystem::path folder_;
    std::optional<kit::ChildProcess> zebra_;
    std::optional<kit::ChildProcess> vrrpd_;
};

class FrrTest : public TwoHosts, public ::testing::WithParamInterface<int> {
  protected:
    void SetUp() override {
        if (!std::filesystem::exists(std::string(kDaemons) + "vrrpd")) {
            GTEST_SKIP() << "needs FRR's vrrpd: apt-get install frr";
        }
        TwoHosts::SetUp();
    }
    static model::VrrpInstance instance() {
        auto instance = lab_instance();
        instance.version = static_cast<std::uint8_t>(GetParam());
        instance.authentication = model::VrrpAuthentication::none;
        return instance;
    }
    [[nodiscard]] bool hears_a_master_of(std::uint8_t priority) {
        return kit::run_until(
            io_,
            [&] {
                const auto view = service_->view().front();
                return view.state == "BACKUP" && view.master_address == kLvs02 &&
                       view.master_priority == priority;
            },
            kPatience);
    }
};

TEST_P(FrrTest, higher_vrrpd_is_our_master_until_it_dies_or_resigns) {
    start(instance());
    {
        Frr peer(*theirs_, GetParam(), 150);
        ASSERT_TRUE(hears_a_master_of(150));
        peer.kill();
        expect_takeover("vrrpd killed: its last advert to our first",
                        kLvs01,
                        observer_->last_advert(kLvs02)->time,
                        3s + kSkew100);
    }
    ASSERT_TRUE(settles("MASTER", false));
    Frr peer(*theirs_, GetParam(), 150);
    ASSERT_TRUE(hears_a_master_of(150));
    peer.terminate();
    ASSERT_TRUE(kit::run_until(io_, [&] {
        return observer_->last_advert(kLvs02)->advert()->advert.priority == kPriorityResign;
    }));
    expect_takeover("vrrpd stopped: priority 0 to our first",
                    kLvs01,
                    observer_->last_advert(kLvs02)->time,
                    kSkew100);
    EXPECT_EQ(service_->view().front().adverts_refused, 0u);
}

TEST_P(FrrTest, lower_vrrpd_is_our_backup_and_replaces_us_when_we_resign) {
    start(instance());
    Frr peer(*theirs_, GetParam(), 50);
    ASSERT_TRUE(settles("MASTER", false));
    // It hears us for longer than it would wait for a master.
    const auto before = observer_->adverts(kLvs01);
    ASSERT_TRUE(
        kit::run_until(io_, [&] { return observer_->adverts(kLvs01) >= before + 6; }, kPatience));
    EXPECT_EQ(service_->view().front().state, "MASTER");
    service_->stop();
    expect_takeover("we stop: priority 0 to vrrpd's first",
                    kLvs02,
                    observer_->last_advert(kLvs01)->time,
                    nanoseconds(1s) * 206 / 256);
}

INSTANTIATE_TEST_SUITE_P(Versions, FrrTest, ::testing::Values(2, 3), [](const auto& version) {
    return "v" + std::to_string(version.param);
});

}  // namespace
}  // namespace fpvs::vrrp
