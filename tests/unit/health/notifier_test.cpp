// SPDX-License-Identifier: Apache-2.0
// Who is told what, and in which words.
#include "host/health/notifier.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "host/health/check_log.hpp"
#include "host/health/endpoint.hpp"

namespace fpvs::health {
namespace {

using ::testing::ElementsAre;
using Kind = PoolEvent::Kind;

class RecordedScripts final : public provider::ScriptRunner {
  public:
    std::unique_ptr<Run> start(const model::Script&, Done) override { return nullptr; }
    void tell(const model::Script& script) override { told.push_back(script.arguments.back()); }
    void use(const model::ScriptDefaults&) override {}

    std::vector<std::string> told;
};

const model::ServerKey kServer{.address = model::Ipv4{0x0a000002}, .port = 81};
const model::ServiceKey kService{
    .address = model::Ipv4{0x0a000001}, .port = 80, .protocol = model::Protocol::udp};

TEST(Notifier, ScriptsAndFifoHearOfServersAndQuorums) {
    const model::VirtualServiceConfig service{
        .key = kService,
        .servers = {{.key = kServer,
                     .notify_up = {.arguments = {"/bin/tell", "server up"}},
                     .notify_down = {.arguments = {"/bin/tell", "server down"}}}},
        .quorum = {.notify_up = {.arguments = {"/bin/tell", "quorum up"}}}};
    RecordedScripts scripts;
    std::vector<std::string> lines;
    Notifier notifier(scripts, [&](std::string_view line) { lines.emplace_back(line); });
    notifier.tell(service,
                  {{.kind = Kind::server_down, .server = kServer},
                   {.kind = Kind::quorum_down},
                   {.kind = Kind::server_up, .server = kServer},
                   {.kind = Kind::quorum_up}});
    EXPECT_THAT(scripts.told, ElementsAre("server down", "server up", "quorum up"));
    EXPECT_THAT(lines,
                ElementsAre("RS [10.0.0.2]:udp:81 [10.0.0.1]:udp:80 DOWN\n",
                            "VS [10.0.0.1]:udp:80 DOWN\n",
                            "RS [10.0.0.2]:udp:81 [10.0.0.1]:udp:80 UP\n",
                            "VS [10.0.0.1]:udp:80 UP\n"));
}

TEST(Endpoint, FamiliesAndMarks) {
    EXPECT_EQ(endpoint(kService, kServer), "[10.0.0.2]:udp:81");
    EXPECT_EQ(endpoint({.firewall_mark = 5}), "FWM 5");
    EXPECT_EQ(endpoint({.address = model::Ipv6{{0x20010db8, 0, 0, 1}}, .port = 80}),
              "[2001:db8::1]:tcp:80");
}

// Lines of a log of keepalived 2.2.7, with the cause behind them where it gives none.
TEST(CheckLog, SaysWhatKeepalivedSays) {
    const auto down = [](model::CheckDetail detail, std::uint32_t retries, const char* cause) {
        const model::HealthCheck check{.detail = std::move(detail)};
        return down_text({check, kService, kServer}, retries, cause);
    };
    EXPECT_EQ(down(model::TcpCheck{}, 3, "timed out"),
              "TCP_CHECK on service [10.0.0.2]:udp:81 failed after 3 retries. (timed out)");
    EXPECT_EQ(down(model::TcpCheck{}, 0, "timed out"),
              "TCP_CHECK on service [10.0.0.2]:udp:81 failed. (timed out)");
    EXPECT_EQ(down(model::HttpCheck{.tls = true}, 1, "x"),
              "HTTP_CHECK on service [10.0.0.2]:udp:81 failed after 1 retries. (x)");
    EXPECT_EQ(down(model::DnsCheck{}, 1, "read error occurred. (rcode = 3)"),
              "DNS_CHECK ([10.0.0.2]:udp:81) read error occurred. (rcode = 3) after 1 retries");
    EXPECT_EQ(down(model::PingCheck{}, 0, "x"),
              "ICMP CHECK on service [10.0.0.2]:udp:81 failed. (x)");
    const model::MiscCheck misc{.script = {.arguments = {"/bin/check", "a"}}};
    EXPECT_EQ(down(misc, 1, "exited with status 1"),
              "Misc check for [[10.0.0.2]:udp:81 VS [10.0.0.1]:udp:80] by [/bin/check] failed "
              "after 1 retry (exited with status 1).");
    EXPECT_EQ(down(misc, 0, "exited with status 1"),
              "Misc check for [[10.0.0.2]:udp:81 VS [10.0.0.1]:udp:80] by [/bin/check] failed "
              "with retry disabled (exited with status 1).");
    EXPECT_EQ(down(model::FileCheck{.track_file = "TF"}, 0, "x"),
              "([10.0.0.2]:udp:81): tracked file TF now FAULT state");
}

}  // namespace
}  // namespace fpvs::health
