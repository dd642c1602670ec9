// SPDX-License-Identifier: Apache-2.0
#include "host/daemon/port_options.hpp"

#include <gtest/gtest.h>

namespace fpvs::daemon {
namespace {

TEST(PortOptions, a_card_port_is_an_interface_and_a_number) {
    EXPECT_EQ(parse_card_port("ens160=card:1").value(), (CardPortOption{"ens160", 1}));
}

TEST(PortOptions, a_standby_may_live_in_another_namespace) {
    EXPECT_EQ(parse_standby("ens160=af_packet:wire0@lab", 3).value(),
              (StandbyOption{"ens160", "net_af_packet3,iface=wire0", "lab"}));
}

TEST(PortOptions, a_nic_is_named_by_its_pci_address) {
    for (const char* text : {"e=pci:0000:3b:00.0,mprq_en=1", "e=dpdk:0000:3b:00.0,mprq_en=1"}) {
        EXPECT_EQ(parse_standby(text, 0).value(),
                  (StandbyOption{"e", "0000:3b:00.0,mprq_en=1", std::nullopt, true}));
    }
    EXPECT_FALSE(parse_standby("e=dpdk:net_ring0", 0)->is_pci);
    for (const char* text : {"e=pci:3b:00.0", "e=pci:0000:3b:00", "e=pci:eth0"}) {
        const auto result = parse_standby(text, 0);
        ASSERT_FALSE(result) << text;
        EXPECT_NE(result.error().message.find("PCI address"), std::string::npos);
    }
}

TEST(PortOptions, every_driver_has_its_devargs) {
    const auto devargs = [](const char* text) { return parse_standby(text, 1).value().devargs; };
    EXPECT_EQ(devargs("e=af_xdp:eth1"), "net_af_xdp1,iface=eth1,busy_budget=0");
    EXPECT_EQ(devargs("e=tap:dt0"), "net_tap1,iface=dt0");
    EXPECT_EQ(devargs("e=pcap:in.pcap"), "net_pcap1,rx_pcap=in.pcap");
    EXPECT_EQ(devargs("e=pcap:in.pcap,out.pcap"), "net_pcap1,rx_pcap=in.pcap,tx_pcap=out.pcap");
}

TEST(PortOptions, mistakes_get_a_sentence_with_the_option_in_it) {
    for (const char* text : {"",
                             "ens160",
                             "ens160=",
                             "ens160=card",
                             "ens160=card:",
                             "=card:0",
                             "ens160=card:2",
                             "ens160=card:-1",
                             "ens160=card:0x",
                             "ens160=nic:0",
                             "sixteen_letters_=card:0"}) {
        const auto result = parse_card_port(text);
        ASSERT_FALSE(result) << text;
        EXPECT_EQ(result.error().code, Code::invalid_argument);
        EXPECT_NE(result.error().message.find("--port '" + std::string(text) + "'"),
                  std::string::npos);
    }
    for (const char* text : {"a=af_packet:", "a=af_packet:w@", "a=pcie:x", "af_packet:x", "a=x"}) {
        EXPECT_FALSE(parse_standby(text, 0)) << text;
    }
}

TEST(PortOptions, options_join_by_interface) {
    const auto plans =
        plan_interfaces({{"a", 0}, {"b", 1}}, {{"b", "x", {}, false}, {"c", "y", {}, false}});
    ASSERT_TRUE(plans);
    ASSERT_EQ(plans->size(), 3u);
    EXPECT_TRUE((*plans)[1].card_port && (*plans)[1].standby);
    EXPECT_FALSE((*plans)[2].card_port);
}

TEST(PortOptions, nothing_is_plugged_in_twice) {
    EXPECT_FALSE(plan_interfaces({{"a", 0}, {"a", 1}}, {}));
    EXPECT_FALSE(plan_interfaces({{"a", 0}, {"b", 0}}, {}));
    EXPECT_FALSE(plan_interfaces({}, {{"a", "x", {}, false}, {"a", "y", {}, false}}));
}

}  // namespace
}  // namespace fpvs::daemon
