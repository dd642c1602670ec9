// SPDX-License-Identifier: Apache-2.0
// What the checkers of a file mean, with what surrounds them: quorum, sorry server, notifications.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "host/config/parser.hpp"

namespace fpvs::config {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

ParsedConfig parsed(const std::string& text) {
    auto result = parse(text, "f");
    EXPECT_TRUE(result.has_value()) << result.error().text();
    return result ? *result : ParsedConfig{};
}

model::VirtualServiceConfig service_of(const std::string& lines,
                                       const std::string& server_lines = {},
                                       const std::string& top = {}) {
    const ParsedConfig config = parsed(
        "virtual_server 10.0.0.1 80 {\nprotocol TCP\nlb_algo rr\nlb_kind DR\ndelay_loop 6\n" +
        lines + "\nreal_server 10.0.0.2 80 {\n" + server_lines + "\n}\n}\n" + top);
    EXPECT_THAT(config.warnings, IsEmpty());
    EXPECT_EQ(config.config.virtual_services.size(), 1U);
    return config.config.virtual_services.empty() ? model::VirtualServiceConfig{}
                                                  : config.config.virtual_services.front();
}

std::vector<model::HealthCheck> checks_of(const std::string& server_lines,
                                          const std::string& service_lines = {},
                                          const std::string& top = {}) {
    const auto service = service_of(service_lines, server_lines, top);
    return service.servers.empty() ? std::vector<model::HealthCheck>{}
                                   : service.servers.front().checks;
}

template <class Detail>
Detail detail_of(const model::HealthCheck& check) {
    const auto* const detail = std::get_if<Detail>(&check.detail);
    EXPECT_NE(detail, nullptr);
    return detail != nullptr ? *detail : Detail{};
}

TEST(Checkers, EachKindHasKeepalivedsDefaults) {
    const auto checks = checks_of(
        "TCP_CHECK {\n}\nHTTP_GET {\nurl {\npath /\n}\n}\nSMTP_CHECK {\n}\nDNS_CHECK {\n}\n"
        "UDP_CHECK {\n}\nPING_CHECK {\n}\nMISC_CHECK {\nmisc_path /bin/true\n}\n");
    ASSERT_EQ(checks.size(), 7U);
    const auto expect = [&](std::size_t index, std::uint32_t retries, std::uint32_t delay_ms) {
        EXPECT_EQ(checks[index].retries, retries) << index;
        EXPECT_EQ(checks[index].delay_before_retry_ms, delay_ms) << index;
        EXPECT_EQ(checks[index].connect_timeout_ms, 5000U) << index;
    };
    expect(0, 1, 1000);
    expect(1, 1, 3000);
    expect(2, 1, 1000);
    expect(3, 3, 6000);  // The delay loop.
    expect(4, 1, 1000);
    expect(5, 1, 1000);
    expect(6, 0, 1000);
}

TEST(Checkers, CommonKeys) {
    const auto checks = checks_of(
        "warmup 3\nUDP_CHECK {\nconnect_ip 10.1.1.1\nconnect_port 81\nbindto 10.8.8.8\n"
        "bind_if eth0\nbind_port 4000\nfwmark 7\nalpha\nretry 9\ndelay_loop 2.5\n"
        "log_all_failures off\n}\n",
        "alpha off\nretry 4");
    ASSERT_EQ(checks.size(), 1U);
    EXPECT_EQ(checks[0],
              (model::HealthCheck{.retries = 9,
                                  .connect_address = model::Ipv4{0x0a010101},
                                  .connect_port = 81,
                                  .bind_address = model::Ipv4{0x0a080808},
                                  .bind_port = 4000,
                                  .bind_interface = "eth0",
                                  .firewall_mark = 7,
                                  .delay_loop_ms = 2500,
                                  .warmup_ms = 3000,
                                  .alpha = true,
                                  .log_all_failures = false,
                                  .detail = model::UdpCheck{}}));
}

TEST(Checkers, UrlsWithTheirHosts) {
    const auto checks = checks_of(
        R"(virtualhost server.example
SSL_GET {
    http_protocol 1.1
    enable_sni
    fast_recovery
    url {
        path /a
        status_code 200 300-399
        digest 9B3A0C85A887A256D6939DA88AABD8CD
    }
    url {
        path "/b?c=#d"
        virtualhost url.example
        regex "^HTTP/1\\.[01] 200"
        regex_no_match
        regex_options caseless dotall
        regex_min_offset 10
        regex_max_offset 20
    }
})",
        "virtualhost service.example");
    ASSERT_EQ(checks.size(), 1U);
    EXPECT_EQ(checks[0].kind(), model::CheckKind::ssl);
    const model::HttpCheck expected{
        .tls = true,
        .version = model::HttpVersion::v1_1,
        .fast_recovery = true,
        .server_name = true,
        .urls = {{.path = "/a",
                  .virtual_host = "server.example",
                  .digest = "9b3a0c85a887a256d6939da88aabd8cd",
                  .status_codes = {{.first = 200, .last = 200}, {.first = 300, .last = 399}}},
                 {.path = "/b?c=#d",
                  .virtual_host = "url.example",
                  .regex = model::RegexCheck{.pattern = "^HTTP/1\\.[01] 200",
                                             .options = {"caseless", "dotall"},
                                             .must_not_match = true,
                                             .min_offset = 10,
                                             .max_offset = 20}}}};
    EXPECT_EQ(detail_of<model::HttpCheck>(checks[0]), expected);
}

TEST(Checkers, HostsOfAnSmtpCheckAreChecksOfTheirOwn) {
    const auto checks = checks_of(
        "SMTP_CHECK {\nretry 2\nhost {\nconnect_ip 10.1.1.1\n}\nhelo_name me.example\n"
        "host {\nconnect_port 2525\nbindto 10.1.1.9\n}\n}");
    ASSERT_EQ(checks.size(), 2U);
    EXPECT_EQ(checks[0].connect_address, (model::Ipv4{0x0a010101}));
    EXPECT_EQ(checks[1].connect_port, 2525);
    for (const auto& check : checks) {
        EXPECT_EQ(check.retries, 2U);
        EXPECT_EQ(detail_of<model::SmtpCheck>(check).helo_name, "me.example");
    }
}

TEST(Checkers, UdpOctetsAreReadAsKeepalivedDoes) {
    const auto checks =
        checks_of("UDP_CHECK {\npayload Ab12f 3 456 546443123\nrequire_reply 01 x2 X\n}");
    ASSERT_EQ(checks.size(), 1U);
    const auto udp = detail_of<model::UdpCheck>(checks[0]);
    EXPECT_THAT(udp.payload,
                ElementsAre(0xab, 0x12, 0x0f, 0x03, 0x45, 0x06, 0x54, 0x64, 0x43, 0x12, 0x03));
    EXPECT_TRUE(udp.reply_required);
    EXPECT_THAT(udp.reply,
                ElementsAre(model::MaskedOctet{.value = 1, .mask = 0xff},
                            model::MaskedOctet{.value = 2, .mask = 0x0f},
                            model::MaskedOctet{.value = 0, .mask = 0xf0}));
    EXPECT_EQ(udp.reply_bytes_max, 255);
}

TEST(Checkers, DnsAndMiscAndFile) {
    const auto checks = checks_of(
        "DNS_CHECK {\ntype AAAA\nname www.example.com\n}\n"
        "MISC_CHECK {\nmisc_path \"/bin/check 'a b' \\\"c d\\\" e\\\\ f\"\nmisc_timeout 3\n"
        "misc_dynamic\nuser nobody nogroup\n}\n"
        "FILE_CHECK {\ntrack_file load\nweight -2 reverse\ndynamic\n}",
        {},
        "track_file load {\nfile /run/load\nweight 3\ninit_file 5 overwrite\n}");
    ASSERT_EQ(checks.size(), 3U);
    EXPECT_EQ(detail_of<model::DnsCheck>(checks[0]),
              (model::DnsCheck{.type = model::DnsType::aaaa, .name = "www.example.com"}));
    EXPECT_EQ(detail_of<model::MiscCheck>(checks[1]),
              (model::MiscCheck{.script = {.arguments = {"/bin/check", "a b", "c d", "e f"},
                                           .user = "nobody",
                                           .group = "nogroup"},
                                .timeout_ms = 3000,
                                .dynamic = true}));
    EXPECT_EQ(detail_of<model::FileCheck>(checks[2]),
              (model::FileCheck{.track_file = "load",
                                .weight = model::TrackWeight{.factor = -2, .reverse = true}}));
}

TEST(Checkers, WhatIsNotMadeIsSaid) {
    const auto config = parsed(
        "virtual_server 10.0.0.1 80 {\nprotocol TCP\nlb_algo rr\nlb_kind DR\n"
        "real_server 10.0.0.2 80 {\nBFD_CHECK {\nname b\n}\n}\n}");
    EXPECT_THAT(config.warnings,
                ElementsAre("f:6:1: 'BFD_CHECK' is not made: FPVS does not speak BFD; without "
                            "another check this server counts as up"));
}

TEST(Pools, QuorumSorryServerAndNotifications) {
    const auto service = service_of(
        "quorum 4\nhysteresis 1\nquorum_up \"/bin/tell up\" nobody\nquorum_down /bin/tell\n"
        "omega\nha_suspend\nsorry_server 10.0.0.9\nsorry_server_inhibit\n"
        "sorry_server_lvs_method TUN\ninhibit_on_failure",
        "weight 7\nnotify_up \"/bin/tell rs\" nobody nogroup\nnotify_down /bin/tell");
    EXPECT_EQ(service.quorum,
              (model::Quorum{.weight = 4,
                             .hysteresis = 1,
                             .notify_up = {.arguments = {"/bin/tell", "up"}, .user = "nobody"},
                             .notify_down = {.arguments = {"/bin/tell"}}}));
    EXPECT_TRUE(service.omega);
    EXPECT_TRUE(service.ha_suspend);
    ASSERT_TRUE(service.sorry_server.has_value());
    EXPECT_EQ(service.sorry_server->key,
              (model::ServerKey{.address = model::Ipv4{0x0a000009}, .port = 80}));
    EXPECT_EQ(service.sorry_server->settings.forwarding, model::Forwarding::tunnel);
    EXPECT_TRUE(service.sorry_server->inhibit);
    const model::RealServerConfig& server = service.servers.front();
    EXPECT_TRUE(server.inhibit_on_failure);
    EXPECT_EQ(server.notify_up.group, "nogroup");
    EXPECT_THAT(server.notify_down.arguments, ElementsAre("/bin/tell"));
}

TEST(Pools, QuorumThatNobodyCouldReachIsCutAloud) {
    const auto config = parsed(
        "virtual_server 10.0.0.1 80 {\nprotocol TCP\nlb_algo rr\nlb_kind DR\nquorum 9\n"
        "hysteresis 10\nsorry_server 10.0.0.9 81\nreal_server 10.0.0.2 80 {\nweight 3\n}\n}");
    EXPECT_THAT(config.warnings,
                ElementsAre("f:5:1: quorum 9 is more than all real servers weigh; 3 is taken",
                            "f:6:1: hysteresis 10 is not below the quorum of 3; 0 is taken",
                            "f:7:1: only NAT can change the port; 80 is taken, the virtual "
                            "server's"));
    const auto& quorum = config.config.virtual_services.front().quorum;
    EXPECT_EQ(quorum.weight, 3U);
    EXPECT_EQ(quorum.hysteresis, 0U);
}

TEST(Globals, ScriptsFifoAndTls) {
    const auto config = parsed(
        "global_defs {\nscript_user nobody nogroup\nenable_script_security\n"
        "checker_log_all_failures\nrs_init_notifies\nlvs_notify_fifo /run/fifo\n}\n"
        "SSL {\npassword p\nca /ca\ncertificate /cert\nkey /key\n}\n"
        "vrrp_track_file load {\nfile /run/load\ninit_file 5 overwrite\n}");
    EXPECT_THAT(config.warnings,
                ElementsAre("f:10:1: 'ca' has no effect: as with keepalived, certificates of "
                            "servers are not verified"));
    EXPECT_EQ(config.config.scripts,
              (model::ScriptDefaults{.user = "nobody", .group = "nogroup", .security = true}));
    EXPECT_EQ(config.config.checkers,
              (model::CheckerSettings{
                  .log_all_failures = true, .notify_at_start = true, .notify_fifo = "/run/fifo"}));
    EXPECT_EQ(config.config.tls_client,
              (model::TlsClient{
                  .password = "p", .authorities = "/ca", .certificate = "/cert", .key = "/key"}));
    EXPECT_THAT(config.config.track_files,
                ElementsAre(model::TrackFile{
                    .name = "load", .path = "/run/load", .initial = 5, .overwrite = true}));
}

}  // namespace
}  // namespace fpvs::config
