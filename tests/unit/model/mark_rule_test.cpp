// SPDX-License-Identifier: Apache-2.0
#include "host/model/mark_rule.hpp"

#include <gtest/gtest.h>

#include "host/model/limits.hpp"
#include "host/model/mark_rule_list.hpp"

namespace fpvs::model {
namespace {

std::string mistake(const MarkRule& rule) {
    const Status status = check(rule);
    return status ? "" : status.error().message;
}

TEST(MarkRule, what_can_be_meant) {
    EXPECT_EQ(mistake({.mark = 1}), "");
    EXPECT_EQ(mistake({.mark = 1, .first_port = 80, .last_port = 80, .interface = "ens160"}), "");
    EXPECT_EQ(mistake({}), "0 is no firewall mark");
    EXPECT_EQ(mistake({.mark = 1, .first_port = 0, .last_port = 80}),
              "ports from 0 to 80 are none");
    EXPECT_EQ(mistake({.mark = 1, .first_port = 81, .last_port = 80}),
              "ports from 81 to 80 are none");
    EXPECT_EQ(mistake({.mark = 1, .vlan = 0}), "0 is no VLAN, 1 to 4094 are");
    EXPECT_EQ(mistake({.mark = 1, .interface = "sixteen-letters-"}),
              "'sixteen-letters-' cannot be an interface's name");
    EXPECT_EQ(mistake({.mark = 1,
                       .destination = parse_prefix("10.0.0.0/8"),
                       .source = parse_prefix("2001:db8::/32")}),
              "destination 10.0.0.0/8 and source 2001:db8::/32 are of different families");
}

TEST(Keys, say_what_they_are) {
    EXPECT_EQ(to_string(ServiceKey{.address = Ipv4{0x0a000001}, .port = 80}), "TCP 10.0.0.1:80");
    EXPECT_EQ(
        to_string(ServiceKey{
            .address = *parse_address("2001:db8::1"), .port = 3868, .protocol = Protocol::sctp}),
        "SCTP [2001:db8::1]:3868");
    EXPECT_EQ(to_string(ServiceKey{.firewall_mark = 5}), "FWM 5");
    EXPECT_EQ(to_string(ServiceKey{.address = IpAddress::any(Family::ipv6), .firewall_mark = 5}),
              "FWM 5 -6");
    EXPECT_EQ(to_string(ServerKey{Ipv4{0x0a000001}, 80}), "10.0.0.1:80");
}

TEST(MarkRuleList, the_files_rules_come_first_and_are_replaced) {
    MarkRuleList list;
    const MarkRule a{.mark = 1};
    const MarkRule b{.mark = 2};
    const MarkRule c{.mark = 3};
    EXPECT_TRUE(list.add(a).has_value());
    EXPECT_TRUE(list.add(b).has_value());
    EXPECT_EQ(list.add(a).error().code, Code::already_exists);
    EXPECT_TRUE(list.replace_files({c, b}).has_value());
    EXPECT_EQ(list.all(), (std::vector{c, b, a}));
    EXPECT_EQ(list.add(c).error().message, "Rule already exists");
    EXPECT_TRUE(list.replace_files({b}).has_value());
    EXPECT_EQ(list.all(), (std::vector{b, a}));
    EXPECT_TRUE(list.remove(b).has_value());
    EXPECT_EQ(list.remove(b).error().message, "No such rule");
    EXPECT_EQ(list.all(), std::vector{a});
}

TEST(MarkRuleList, is_bounded) {
    MarkRuleList list;
    for (std::uint32_t mark = 1; mark <= kMarkRulesMax; ++mark) {
        EXPECT_TRUE(list.add({.mark = mark}).has_value());
    }
    EXPECT_EQ(list.add({.mark = kMarkRulesMax + 1}).error().code, Code::exhausted);
    EXPECT_EQ(list.replace_files({{.mark = kMarkRulesMax + 1}}).error().code, Code::exhausted);
    EXPECT_EQ(list.all().size(), kMarkRulesMax);
}

}  // namespace
}  // namespace fpvs::model
