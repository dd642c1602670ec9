// SPDX-License-Identifier: Apache-2.0
// What right files mean: the lab's own, keepalived's defaults, and what is passed over.
#include "host/config/parser.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <fstream>

#include "host/model/limits.hpp"

namespace fpvs::config {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

ParsedConfig parsed(std::string_view text) {
    auto result = parse(text, "f");
    EXPECT_TRUE(result.has_value()) << result.error().text();
    return result ? *result : ParsedConfig{};
}

model::VirtualServiceConfig service_of(std::string_view text) {
    const ParsedConfig config = parsed(text);
    EXPECT_EQ(config.config.virtual_services.size(), 1U);
    return config.config.virtual_services.empty() ? model::VirtualServiceConfig{}
                                                  : config.config.virtual_services.front();
}

model::RealServerConfig lab_server(std::uint32_t address) {
    return {.key = {.address = model::Ipv4{address}, .port = 3306},
            .settings = {.forwarding = model::Forwarding::direct_routing, .weight = 1},
            .checks = {{.connect_timeout_ms = 3000, .retries = 3, .delay_before_retry_ms = 3000}}};
}

model::Config lab_config(std::string router_id, bool initial_master, std::uint8_t priority) {
    return {.router_id = std::move(router_id),
            .vrrp_instances = {{.name = "VI_1",
                                .interface = "ens160",
                                .virtual_router_id = 51,
                                .priority = priority,
                                .advert_interval_cs = 100,
                                .initial_master = initial_master,
                                .preempt = true,
                                .authentication = model::VrrpAuthentication::password,
                                .password = "1111",
                                .addresses = {{.address = model::Ipv4{0xc0a87164},
                                               .prefix_length = 32,
                                               .interface = ""}}}},
            .virtual_services = {{.key = {.address = model::Ipv4{0xc0a87164}, .port = 3306},
                                  .settings = {.scheduler = "rr",
                                               .persistence = model::Persistence{.timeout_s = 50}},
                                  .delay_loop_ms = 6000,
                                  .servers = {lab_server(0xc0a8710b), lab_server(0xc0a8718e)}}}};
}

TEST(ParseLab, BothDirectorsUnchanged) {
    for (const auto& [path, expected] :
         {std::pair(std::string("tests/data/lab/lvs01.conf"), lab_config("LVS01", true, 100)),
          std::pair(std::string("tests/data/lab/lvs02.conf"), lab_config("LVS02", false, 150))}) {
        const auto result = parse_file(path);
        ASSERT_TRUE(result.has_value()) << result.error().text();
        EXPECT_EQ(result->config, expected) << path;
        EXPECT_THAT(result->warnings, IsEmpty());
    }
}

TEST(ParseFile, SaysWhyItCannotBeRead) {
    const auto absent = parse_file("/nonexistent/keepalived.conf");
    ASSERT_FALSE(absent.has_value());
    EXPECT_EQ(absent.error().text(),
              "/nonexistent/keepalived.conf: cannot be read: No such file or directory");
    const auto directory = parse_file("/");
    ASSERT_FALSE(directory.has_value());
    EXPECT_EQ(directory.error().text(), "/: cannot be read: Is a directory");
}

TEST(ParseFile, SizeIsLimited) {
    const std::string large(model::kConfigFileBytesMax + 1, '\n');
    const auto result = parse(large, "f");
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().text(), "f: the file is larger than 64 MiB, the most that is read");
}

TEST(ParseVrrp, DefaultsAreKeepaliveds) {
    const ParsedConfig config = parsed(R"(
vrrp_instance V {
    interface eth0
    virtual_router_id 7
    virtual_ipaddress {
        10.0.0.1/24 dev eth1
        10.0.0.2
    }
})");
    ASSERT_EQ(config.config.vrrp_instances.size(), 1U);
    const model::VrrpInstance& instance = config.config.vrrp_instances.front();
    EXPECT_EQ(instance.priority, 100);
    EXPECT_EQ(instance.advert_interval_cs, 100U);
    EXPECT_FALSE(instance.initial_master);
    EXPECT_TRUE(instance.preempt);
    EXPECT_EQ(instance.authentication, model::VrrpAuthentication::none);
    EXPECT_THAT(instance.addresses,
                ElementsAre(model::VirtualAddress{model::Ipv4{0x0a000001}, 24, "eth1"},
                            model::VirtualAddress{model::Ipv4{0x0a000002}, 32, ""}));
}

TEST(ParseVrrp, Version3OfIpv6WithPeersAndExcludedAddresses) {
    const ParsedConfig config = parsed(R"(vrrp_instance V {
    interface eth0
    virtual_router_id 7
    advert_int 0.01
    preempt_delay 2.5
    garp_master_repeat 3
    garp_lower_prio_delay 0
    unicast_src_ip fd00::1
    unicast_peer {
        fd00::2
        fd00::3
    }
    virtual_ipaddress {
        fd00::100/64
    }
    virtual_ipaddress_excluded {
        10.0.0.100 dev eth1
    }
}
global_defs {
    vrrp_garp_master_delay 9
    vrrp_check_unicast_src
})");
    EXPECT_THAT(config.warnings, testing::IsEmpty());
    const model::VrrpInstance& instance = config.config.vrrp_instances.front();
    EXPECT_EQ(instance.family, model::Family::ipv6);
    EXPECT_EQ(instance.version, 3);
    EXPECT_EQ(instance.advert_interval_cs, 1U);
    EXPECT_EQ(instance.preempt_delay_ms, 2500U);
    EXPECT_EQ(instance.source, *model::parse_address("fd00::1"));
    EXPECT_THAT(instance.unicast_peers,
                ElementsAre(*model::parse_address("fd00::2"), *model::parse_address("fd00::3")));
    EXPECT_TRUE(instance.check_unicast_source);
    EXPECT_EQ(
        instance.announcements,
        (model::VrrpAnnouncements{
            .repeat = 3, .delay_s = 9, .lower_priority_repeat = 3, .lower_priority_delay_s = 0}));
    EXPECT_THAT(instance.excluded_addresses,
                ElementsAre(model::VirtualAddress{model::Ipv4{0x0a000064}, 32, "eth1"}));
}

TEST(ParseVrrp, AnAddressOfTheOtherFamilyIsPassedOverAloud) {
    const ParsedConfig config = parsed(R"(vrrp_instance V {
    interface eth0
    virtual_router_id 7
    virtual_ipaddress {
        10.0.0.1
        fd00::1
    }
})");
    EXPECT_EQ(config.config.vrrp_instances.front().addresses.size(), 1U);
    EXPECT_THAT(config.warnings,
                ElementsAre("f:1:1: fd00::1 of vrrp_instance 'V' is ignored, as keepalived does: "
                            "adverts carry one family; write it in virtual_ipaddress_excluded"));
}

TEST(ParseVrrp, WhatKeepalivedAdjustsIsAdjustedAloud) {
    const ParsedConfig config = parsed(R"(vrrp_instance V {
    state MASTER
    interface eth0
    virtual_router_id 7
    nopreempt
    advert_int 1.5
    authentication {
        auth_type PASS
        auth_pass 123456789
    }
})");
    const model::VrrpInstance& instance = config.config.vrrp_instances.front();
    EXPECT_EQ(instance.priority, 255);
    EXPECT_TRUE(instance.preempt);
    EXPECT_EQ(instance.advert_interval_cs, 200U);
    EXPECT_EQ(instance.password, "12345678");
    EXPECT_THAT(
        config.warnings,
        ElementsAre("f:1:1: 'state MASTER' without a priority means priority 255, the owner of "
                    "the addresses; write the priority",
                    "f:1:1: vrrp_instance 'V' has no virtual_ipaddress",
                    "f:5:5: priority 255 always preempts; nopreempt is ignored",
                    "f:6:16: VRRP version 2 counts whole seconds: advert_int 1.5 is taken as 2",
                    "f:9:19: only the first 8 octets of auth_pass are sent"));
}

TEST(ParseService, DefaultsAreKeepaliveds) {
    const ParsedConfig config = parsed(R"(virtual_server 10.0.0.1 80 {
    real_server 10.0.0.2 {
        TCP_CHECK {
        }
    }
})");
    EXPECT_THAT(config.warnings,
                ElementsAre("f:1:1: no protocol is given; UDP is taken, as keepalived does",
                            "f:1:1: no lb_algo is given; wlc is taken, as keepalived does",
                            "f:1:1: no lb_kind is given; NAT is taken, as keepalived does"));
    const model::VirtualServiceConfig& service = config.config.virtual_services.front();
    EXPECT_EQ(service.key.protocol, model::Protocol::udp);
    EXPECT_EQ(service.settings.scheduler, "wlc");
    EXPECT_EQ(service.delay_loop_ms, 60'000U);
    EXPECT_FALSE(service.settings.persistence.has_value());
    const model::RealServerConfig& server = service.servers.front();
    EXPECT_EQ(server.key.port, 80);
    EXPECT_EQ(server.settings.weight, 1);
    EXPECT_EQ(server.settings.forwarding, model::Forwarding::nat);
    EXPECT_THAT(server.checks, ElementsAre(model::HealthCheck{}));
}

TEST(ParseService, SynonymsAndMethodsOfServers) {
    const auto service = service_of(R"(virtual_server 10.0.0.1 80 {
    lvs_sched wrr
    real_server 10.0.0.2 8080 {
        lvs_method NAT
        weight 2147483647
        uthreshold 10
        lthreshold 5
    }
    real_server 10.0.0.3 80 {
        lvs_method TUN type ipip
    }
    real_server 10.0.0.4 80 {
    }
    lvs_method DR
    protocol tcp
    weight 7
})");
    EXPECT_EQ(service.settings.scheduler, "wrr");
    ASSERT_EQ(service.servers.size(), 3U);
    EXPECT_EQ(service.servers[0].settings.forwarding, model::Forwarding::nat);
    EXPECT_EQ(service.servers[0].settings.weight, 2147483647);
    EXPECT_EQ(service.servers[0].settings.upper_threshold, 10U);
    EXPECT_EQ(service.servers[0].settings.lower_threshold, 5U);
    EXPECT_EQ(service.servers[0].key.port, 8080);
    EXPECT_EQ(service.servers[1].settings.forwarding, model::Forwarding::tunnel);
    EXPECT_EQ(service.servers[2].settings.forwarding, model::Forwarding::direct_routing);
    EXPECT_EQ(service.servers[2].settings.weight, 7);
}

TEST(ParseService, NearestTimersCountWhateverTheOrder) {
    const auto service = service_of(R"(virtual_server 10.0.0.1 80 {
    protocol TCP
    lb_algo rr
    lb_kind DR
    real_server 10.0.0.2 80 {
        TCP_CHECK {
            retry 9
            connect_ip 10.9.9.9
            connect_port 81
            bindto 10.8.8.8
        }
        TCP_CHECK {
        }
        connect_timeout 0.25
    }
    retry 4
    connect_timeout 2
    delay_before_retry 1.5
})");
    const auto& checks = service.servers.front().checks;
    ASSERT_EQ(checks.size(), 2U);
    EXPECT_EQ(checks[0].retries, 9U);
    EXPECT_EQ(checks[0].connect_timeout_ms, 250U);
    EXPECT_EQ(checks[0].delay_before_retry_ms, 1500U);
    EXPECT_EQ(checks[0].connect_address, (model::Ipv4{0x0a090909}));
    EXPECT_EQ(checks[0].connect_port, 81);
    EXPECT_EQ(checks[0].bind_address, (model::Ipv4{0x0a080808}));
    EXPECT_EQ(checks[1].retries, 4U);
}

TEST(ParseService, Persistence) {
    const std::string head = "virtual_server 10.0.0.1 80 {\nprotocol TCP\nlb_algo rr\nlb_kind DR\n";
    const std::string tail = "\nreal_server 10.0.0.2 80 {\n}\n}\n";
    EXPECT_EQ(service_of(head + "persistence_timeout" + tail).settings.persistence->timeout_s,
              360U);
    const auto masked =
        service_of(head + "persistence_granularity 255.255.255.0\npersistence_timeout 10" + tail);
    EXPECT_EQ(masked.settings.persistence->timeout_s, 10U);
    EXPECT_EQ(masked.settings.persistence->client_mask, 0xffffff00U);
}

TEST(ParseService, WhatKeepalivedPassesOverIsPassedOverAloud) {
    const ParsedConfig config = parsed(R"(virtual_server 10.0.0.1 80 {
    protocol TCP
    lb_algo rr
    lb_algo rr
    lb_kind DR
    ops
    smtp_alert
    real_server 10.0.0.2 8080 {
        weight 1 2
        snmp_name web
    }
    real_server 10.0.0.2 80 {
    }
}
virtual_server 10.0.0.9 80 {
    protocol TCP
    lb_algo rr
    lb_kind DR
})");
    EXPECT_THAT(
        config.warnings,
        ElementsAre(
            "f:1:1: ops needs protocol UDP; it is ignored",
            "f:4:5: 'lb_algo' is given again; this one counts",
            "f:7:5: 'smtp_alert' is ignored: fpvsd sends no mail; a notify script can",
            "f:8:26: only NAT can change the port; 80 is taken, the virtual "
            "server's",
            "f:9:18: 'weight' takes one value; '2' is ignored",
            "f:10:9: 'snmp_name' is ignored: fpvsd has no SNMP agent; ask it by fpvsadm --json",
            "f:12:5: real_server 10.0.0.2 80 is listed twice; the second is "
            "ignored",
            "f:15:1: this virtual_server has no real_server and is ignored"));
    ASSERT_EQ(config.config.virtual_services.size(), 1U);
    EXPECT_EQ(config.config.virtual_services.front().servers.size(), 1U);
}

TEST(ParseService, PortZeroIsPersistent) {
    const auto service = service_of(R"(virtual_server 10.0.0.1 {
    protocol TCP
    lb_algo rr
    lb_kind DR
    real_server 10.0.0.2 {
    }
})");
    EXPECT_EQ(service.key.port, 0);
    ASSERT_TRUE(service.settings.persistence.has_value());
    EXPECT_EQ(service.settings.persistence->timeout_s, 360U);
}

TEST(ParseService, FirewallMark) {
    const ParsedConfig config = parsed(R"(virtual_server fwmark 5 {
    protocol TCP
    lb_algo rr
    lb_kind DR
    real_server 10.0.0.2 80 {
    }
})");
    EXPECT_THAT(config.warnings,
                ElementsAre("f:2:5: a firewall mark has packets of any protocol; this one is "
                            "ignored",
                            "f:5:26: a firewall mark has packets to any port; this one is "
                            "ignored"));
    const auto& service = config.config.virtual_services.front();
    EXPECT_EQ(service.key, (model::ServiceKey{.firewall_mark = 5}));
    EXPECT_FALSE(service.settings.persistence.has_value());
    EXPECT_EQ(service.servers.front().key.port, 0);
}

TEST(ParseService, SchedulerFlags) {
    const auto flags_of = [](const std::string& lines) {
        const std::string tail = "\nprotocol TCP\nlb_kind DR\nreal_server 10.0.0.2 80 {\n}\n}\n";
        const auto settings = service_of("virtual_server 10.0.0.1 80 {\n" + lines + tail).settings;
        return std::string(settings.hash_fallback ? "fallback " : "") +
               (settings.hash_port ? "port" : "");
    };
    EXPECT_EQ(flags_of("lb_algo sh\nsh-port"), "port");
    EXPECT_EQ(flags_of("mh-fallback\nmh-port\nlb_algo mh"), "fallback port");
    EXPECT_EQ(flags_of("lb_algo sh\nmh-port\nflag-1"), "fallback ");
}

TEST(ParseService, EitherFamily) {
    const model::VirtualServiceConfig service = service_of(R"(virtual_server 2001:db8::1 80 {
    protocol SCTP
    lb_algo mh
    lb_kind TUN type gue port 6080 csum
    persistence_timeout 50
    persistence_granularity 64
    real_server 10.0.0.2 80 {
        weight 1
        TCP_CHECK {
            connect_ip 2001:db8::2
        }
    }
    real_server 2001:db8::3 80 {
        lvs_method DR
    }
})");
    EXPECT_EQ(service.key,
              (model::ServiceKey{.address = *model::parse_address("2001:db8::1"),
                                 .port = 80,
                                 .protocol = model::Protocol::sctp}));
    EXPECT_EQ(service.settings.persistence->client_prefix, 64);
    ASSERT_EQ(service.servers.size(), 2U);
    EXPECT_EQ(service.servers[0].settings.tunnel,
              (model::Tunnel{.kind = model::TunnelKind::gue,
                             .checksum = model::TunnelChecksum::checksum,
                             .port = 6080}));
    EXPECT_EQ(service.servers[0].checks.front().connect_address,
              model::parse_address("2001:db8::2"));
    EXPECT_EQ(service.servers[1].settings.forwarding, model::Forwarding::direct_routing);
}

TEST(ParseService, FamilyOfAMark) {
    const auto family = [](const std::string& lines) {
        return service_of("virtual_server fwmark 5 {\nlb_algo rr\n" + lines + "\n}\n")
            .key.address.family;
    };
    EXPECT_EQ(family("lb_kind NAT\nreal_server 10.0.0.2 80 {\n}"), model::Family::ipv4);
    EXPECT_EQ(family("lb_kind NAT\nreal_server 2001:db8::2 80 {\n}"), model::Family::ipv6);
    EXPECT_EQ(family("lb_kind TUN\nreal_server 2001:db8::2 80 {\n}"), model::Family::ipv6);
    EXPECT_EQ(family("lb_kind TUN\nip_family inet\nreal_server 2001:db8::2 80 {\n}"),
              model::Family::ipv4);
    EXPECT_EQ(family("lb_kind TUN\nreal_server 2001:db8::2 80 {\n}\nreal_server 10.0.0.2 80 {\n}"),
              model::Family::ipv4);
    EXPECT_EQ(family("lb_kind TUN\npersistence_timeout\npersistence_granularity 64\n"
                     "real_server 10.0.0.2 80 {\n}"),
              model::Family::ipv6);
}

TEST(ParseService, FullNat) {
    const model::VirtualServiceConfig service = service_of(R"(virtual_server 10.0.0.1 80 {
    protocol TCP
    lb_algo rr
    lb_kind FNAT
    client_address proxy-v2
    local_address 10.1.0.1
    local_address 10.1.0.2
    real_server 10.0.0.2 8080 {
    }
})");
    EXPECT_EQ(service.settings.client_address, model::ClientAddress::proxy_v2);
    EXPECT_EQ(service.local_addresses.size(), 2U);
    EXPECT_EQ(service.servers.front().settings.forwarding, model::Forwarding::full_nat);
    EXPECT_EQ(service.servers.front().key.port, 8080);
}

TEST(ParseFpvs, SettingsAndMarkRulesInOrder) {
    const model::Config config = parsed(R"(fpvs {
    workers 4
    set expire_nodest_conn 1
    set sloppy_tcp 0
    firewall_mark 7 {
    }
    firewall_mark 5 {
        destination 10.0.0.0/8
        source 10.1.2.3
        protocol udp
        port 80-90
        interface ens160
        vlan 12
    }
}
fpvs {
    firewall_mark 6 {
        destination 2001:db8::/32
        port 53
    }
}
)")
                                     .config;
    ASSERT_EQ(config.settings.size(), 2U);
    EXPECT_EQ(config.settings[0], (model::SettingChange{.name = "expire_nodest_conn", .value = 1}));
    EXPECT_EQ(config.settings[1].where, "f:4:9");
    EXPECT_EQ(config.workers, 4U);
    ASSERT_EQ(config.mark_rules.size(), 3U);
    EXPECT_EQ(config.mark_rules[0], model::MarkRule{.mark = 7});
    EXPECT_EQ(config.mark_rules[1],
              (model::MarkRule{.mark = 5,
                               .destination = model::parse_prefix("10.0.0.0/8"),
                               .source = model::parse_prefix("10.1.2.3/32"),
                               .protocol = model::Protocol::udp,
                               .first_port = 80,
                               .last_port = 90,
                               .interface = "ens160",
                               .vlan = 12}));
    EXPECT_EQ(config.mark_rules[2].last_port, 53);
    EXPECT_TRUE(config.mark_rules[2].destination->address.is_ipv6());
}

TEST(ParseFpvs, Announce) {
    EXPECT_EQ(parsed("fpvs {\n announce {\n bgp 65001\n }\n}\n").config.announce,
              (model::Announce{.bgp_as = 65001}));
    const model::Config config = parsed(R"(fpvs {
    announce {
        bgp 4200000000
        route_map vips
        vtysh /opt/frr/bin/vtysh
        vty_socket /run/frr1
        always 192.0.2.9
        always 192.0.2.10 2001:db8::10
        never 192.0.2.11
        linger 0.5
        look_interval 10
    }
}
)")
                                     .config;
    EXPECT_EQ(config.announce,
              (model::Announce{.bgp_as = 4'200'000'000,
                               .route_map = "vips",
                               .vtysh = "/opt/frr/bin/vtysh",
                               .vty_socket = "/run/frr1",
                               .always = {*model::parse_address("192.0.2.9"),
                                          *model::parse_address("192.0.2.10"),
                                          *model::parse_address("2001:db8::10")},
                               .never = {*model::parse_address("192.0.2.11")},
                               .linger_ms = 500,
                               .look_interval_ms = 10'000}));
}

TEST(ParseText, ByteOrderMarkAndWindowsLines) {
    EXPECT_EQ(parsed("\xef\xbb\xbfglobal_defs {\r\n router_id \"a b\"\r\n}\r\n").config.router_id,
              "a b");
}

TEST(Parser, GroupsAndWhatTheyTrack) {
    const ParsedConfig config = parsed(R"(global_defs {
    vrrp_notify_fifo /run/vrrp.fifo
}
vrrp_script web {
    script "/usr/bin/curl -s http://localhost"
    interval 2
    timeout 1.5
    rise 2
    fall 3
    weight -20 reverse
    user nobody nogroup
    init_fail
}
vrrp_track_process proxy {
    process haproxy
    quorum 2
    delay 0.5
    weight 10
}
track_file load {
    file /run/load
    weight 3
}
vrrp_sync_group G {
    group {
        A
        B
    }
    track_interface {
        eth2
    }
    notify_master "/bin/tell master" nobody
    notify_deleted
}
vrrp_instance A {
    interface eth0
    virtual_router_id 1
    track_script {
        web
    }
}
vrrp_instance B {
    interface eth1
    virtual_router_id 2
    use_vmac
    vmac_xmit_base
    dont_track_primary
    authentication {
        auth_type AH
        auth_pass 12345678
    }
    smtp_alert
}
vrrp_instance C {
    interface eth0
    virtual_router_id 3
    track_file {
        load
    }
    track_process {
        proxy weight 5 reverse
    }
}
)");
    const auto& groups = config.config.vrrp_groups;
    ASSERT_EQ(groups.size(), 1U);
    EXPECT_THAT(groups.front().members, ElementsAre("A", "B"));
    EXPECT_EQ(groups.front().tracks.front().name, "eth2");
    EXPECT_EQ(groups.front().tracks.front().weight.factor, 0);
    EXPECT_EQ(groups.front().notify.master.user, "nobody");
    EXPECT_TRUE(groups.front().notify.tells_deleted);
    EXPECT_EQ(config.config.vrrp_fifos.vrrp, "/run/vrrp.fifo");
    const model::VrrpScript& script = config.config.vrrp_scripts.front();
    EXPECT_THAT(script.script.arguments, ElementsAre("/usr/bin/curl", "-s", "http://localhost"));
    EXPECT_EQ(script.script.group, "nogroup");
    EXPECT_EQ(script.timeout_ms, 1500U);
    EXPECT_EQ(script.weight, (model::TrackWeight{.factor = -20, .reverse = true}));
    EXPECT_TRUE(script.fails_at_first);
    EXPECT_EQ(config.config.vrrp_processes.front().terminate_delay_ms, 500U);
    const auto& instances = config.config.vrrp_instances;
    EXPECT_EQ(instances[0].tracks.front().weight.factor, 0) << "members of a group must agree";
    ASSERT_TRUE(instances[1].virtual_mac);
    EXPECT_EQ(instances[1].virtual_mac->interface, "vrrp.2");
    EXPECT_EQ(instances[1].virtual_mac->mac, *model::parse_mac("00:00:5e:00:01:02"));
    EXPECT_TRUE(instances[1].virtual_mac->adverts_from_base && instances[1].ignores_link);
    EXPECT_EQ(instances[1].authentication, model::VrrpAuthentication::header);
    EXPECT_EQ(instances[2].tracks[0].weight.factor, 3);
    EXPECT_EQ(instances[2].tracks[1].weight, (model::TrackWeight{.factor = 5, .reverse = true}));
    EXPECT_THAT(config.warnings,
                ::testing::Contains("f:52:5: 'smtp_alert': FPVS sends no mail; a script of "
                                    "'notify' can"));
    EXPECT_THAT(config.warnings, ::testing::Contains(::testing::HasSubstr("the weight of 'web'")));
}

}  // namespace
}  // namespace fpvs::config
