// SPDX-License-Identifier: Apache-2.0
#include "host/cli/mark_rule_words.hpp"

#include <gtest/gtest.h>

#include <sstream>
#include <vector>

namespace fpvs::cli {
namespace {

Result<api::MarkRule> parse(const std::string& text) {
    std::istringstream stream(text);
    std::vector<std::string> words;
    for (std::string word; stream >> word;) {
        words.push_back(word);
    }
    return parse_mark_rule(words);
}

TEST(MarkRuleWords, there_and_back) {
    for (const char* text : {"5",
                             "4294967295 vlan 4094",
                             "5 destination 10.0.0.0/8 source 10.1.2.3/32 protocol tcp port 80-90 "
                             "interface ens160 vlan 12",
                             "6 destination 2001:db8::/32 protocol sctp port 80"}) {
        const auto rule = parse(text);
        ASSERT_TRUE(rule.has_value()) << rule.error().text();
        EXPECT_EQ(mark_rule_text(*rule), text);
    }
}

TEST(MarkRuleWords, mistakes) {
    const auto mistake = [](const std::string& text) { return parse(text).error().text(); };
    EXPECT_EQ(mistake("0"), "'0' is no firewall mark");
    EXPECT_EQ(mistake("4294967296"), "'4294967296' is no firewall mark");
    EXPECT_EQ(mistake("5 port"), "'port' needs a value");
    EXPECT_EQ(mistake("5 port 0"), "'0' is no port");
    EXPECT_EQ(mistake("5 port 90-80"), "'90-80' is no port");
    EXPECT_EQ(mistake("5 port 1-65536"), "'1-65536' is no port");
    EXPECT_EQ(mistake("5 vlan 4095"), "'4095' is no vlan");
    EXPECT_EQ(mistake("5 protocol icmp"), "'icmp' is no protocol");
    EXPECT_EQ(mistake("5 vlan 1 vlan 2"), "'vlan' is given twice");
    EXPECT_EQ(mistake("5 color red"),
              "'color' is no condition: destination, source, protocol, port, interface and vlan "
              "are");
}

}  // namespace
}  // namespace fpvs::cli
