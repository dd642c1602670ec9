// SPDX-License-Identifier: Apache-2.0
#include "host/cli/report.hpp"

#include <gtest/gtest.h>

namespace fpvs::cli {
namespace {

TEST(Reports, Card) {
    api::Card card;
    card.set_present(true);
    card.set_state("running");
    card.set_bitstream_path("/usr/share/fpvs/sim.xclbin");
    card.set_platform("fpvs:sim:card:1");
    card.set_uuid("00000000-0000-0000-0000-000000000001");
    card.set_simulated(true);
    card.set_abi_hash(0x0123456789abcdef);
    card.set_flows(7);
    card.set_flows_max(65536);
    card.set_flows6(1);
    card.set_flows6_max(8192);
    card.set_next_hops(2);
    card.set_next_hops_max(4096);
    card.set_steer_words(4093);
    card.set_steer_words_max(262144);
    card.add_capabilities("ipv6");
    card.add_capabilities("nat");
    api::CardService& service = *card.add_services();
    service.mutable_key()->set_address("192.168.113.50");
    service.mutable_key()->set_port(3306);
    service.set_steering("maglev");
    service.set_steer_words(4093);
    service.set_packets(12);
    api::CardPort& port = *card.add_ports();
    port.set_interface("ens160");
    port.set_mac("02:00:00:00:00:01");
    port.set_link_up(true);
    api::CardRing& ring = *card.add_rings();
    ring.set_name("punt");
    ring.set_level(3);
    ring.set_slots(256);
    api::CardStage& parse = *card.add_stages();
    parse.set_name("parse");
    parse.add_counters()->set_name("in");
    parse.mutable_counters(0)->set_packets(100);
    parse.mutable_counters(0)->set_bytes(6400);
    parse.add_counters()->set_name("punt_fragment");
    card.add_stages()->set_name("egress");
    EXPECT_EQ(card_report(card),
              "state       running\n"
              "bitstream   /usr/share/fpvs/sim.xclbin\n"
              "platform    fpvs:sim:card:1\n"
              "uuid        00000000-0000-0000-0000-000000000001\n"
              "abi         0123456789abcdef\n"
              "simulated   yes\n"
              "can         ipv6 nat\n"
              "flows       7 of at most 65536\n"
              "flows ipv6  1 of at most 8192\n"
              "next hops   2 of at most 4096\n"
              "steer words 4093 of at most 262144\n"
              "\n"
              "port  interface        mac                link\n"
              "0     ens160           02:00:00:00:00:01  up\n"
              "\n"
              "service                          steering  words      packets\n"
              "TCP 192.168.113.50:3306          maglev     4093           12\n"
              "\n"
              "ring             level      slots\n"
              "punt                 3        256\n"
              "\n"
              "stage: counter packets (bytes)\n"
              "parse:   in 100 (6400)  punt_fragment 0\n"
              "egress:\n");
}

TEST(Reports, NoCard) {
    api::Card card;
    card.set_state("none");
    EXPECT_EQ(card_report(card), "state       none\n");
}

TEST(Reports, Vrrp) {
    EXPECT_EQ(vrrp_report({}), "No VRRP instance is configured.\n");
    api::VrrpInstances instances;
    api::VrrpInstance& instance = *instances.add_instances();
    instance.set_name("VI_1");
    instance.set_interface("ens160");
    instance.set_virtual_router_id(51);
    instance.set_state("MASTER");
    instance.set_priority(150);
    instance.set_advert_interval_cs(100);
    instance.set_master_address("192.168.113.148");
    instance.set_master_priority(150);
    instance.add_addresses()->set_address("192.168.113.100");
    instance.mutable_addresses(0)->set_prefix_length(32);
    instance.set_adverts_sent(5);
    EXPECT_EQ(vrrp_report(instances),
              "instance    VI_1\n"
              "state       MASTER\n"
              "interface   ens160\n"
              "router id   51\n"
              "priority    150\n"
              "interval    1.00 s\n"
              "master      192.168.113.148 priority 150\n"
              "address     192.168.113.100/32\n"
              "adverts     sent 5 received 0 refused 0\n"
              "became      master 0 times\n");
}

TEST(Reports, Health) {
    EXPECT_EQ(health_report({}), "No health check is configured.\n");
    api::HealthChecks checks;
    api::HealthCheck& check = *checks.add_checks();
    check.mutable_service()->set_protocol(api::TCP);
    check.mutable_service()->set_address("192.168.113.100");
    check.mutable_service()->set_port(3306);
    check.mutable_server()->set_address("192.168.113.11");
    check.mutable_server()->set_port(3306);
    check.set_kind("TCP_CHECK");
    check.set_up(true);
    check.set_since_s(90'061);
    check.set_checks_done(12);
    check.set_last_result("connected");
    EXPECT_EQ(health_report(checks),
              "service                    server                 check      state  since         "
              "failures  checks     last result\n"
              "TCP 192.168.113.100:3306   192.168.113.11:3306    TCP_CHECK  up     1d 01:01:01   "
              "0         12         connected\n");
}

TEST(Reports, Announcements) {
    api::Announcements announcements;
    EXPECT_EQ(announcements_report(announcements),
              "Nothing is announced: the configuration has no 'announce'.\n");
    announcements.set_configured(true);
    announcements.set_bgp_as(65001);
    announcements.set_state("catching up");
    announcements.set_looks(7);
    announcements.set_edits(2);
    announcements.set_announced(3);
    const auto add = [&](const char* address, bool wanted, bool announced) {
        api::AnnouncedAddress& added = *announcements.add_addresses();
        added.set_address(address);
        added.set_wanted(wanted);
        added.set_announced(announced);
    };
    add("192.0.2.1", true, true);
    add("192.0.2.2", false, true);
    add("2001:db8::1", true, false);
    add("2001:db8::2", false, false);
    EXPECT_EQ(announcements_report(announcements),
              "bgp         65001\n"
              "state       catching up\n"
              "drained     no\n"
              "FRR         looks 7 edits 2 failures 0\n"
              "addresses   announced 3 withdrawn 0 times\n"
              "address     192.0.2.1 announced\n"
              "address     192.0.2.2 announced, to be withdrawn\n"
              "address     2001:db8::1 not announced, to be announced\n"
              "address     2001:db8::2 not announced\n");
}

TEST(Reports, Daemon) {
    api::Daemon daemon;
    daemon.set_version("0.1.0");
    daemon.set_process_id(4711);
    daemon.set_uptime_s(3661);
    daemon.set_connections(2);
    daemon.set_connections_max(1048576);
    EXPECT_EQ(daemon_report(daemon),
              "fpvsd       0.1.0\n"
              "process     4711\n"
              "uptime      01:01:01\n"
              "config      -\n"
              "connections 2 of at most 1048576\n");
}

}  // namespace
}  // namespace fpvs::cli
