// SPDX-License-Identifier: Apache-2.0
#include "host/model/prefix.hpp"

#include <gtest/gtest.h>

namespace fpvs::model {
namespace {

bool inside(const char* prefix, const char* address) {
    return parse_prefix(prefix).value().contains(parse_address(address).value());
}

TEST(Prefix, text_and_back) {
    for (const char* text : {"10.0.0.0/8",
                             "0.0.0.0/0",
                             "192.0.2.1/32",
                             "2001:db8::/32",
                             "::/0",
                             "2001:db8::1/128",
                             "2001:db8:0:8000::/49"}) {
        const auto prefix = parse_prefix(text);
        ASSERT_TRUE(prefix.has_value()) << text;
        EXPECT_EQ(to_string(*prefix), text);
    }
    EXPECT_EQ(to_string(parse_prefix("192.0.2.1").value()), "192.0.2.1/32");
    EXPECT_EQ(to_string(parse_prefix("2001:db8::1").value()), "2001:db8::1/128");
}

TEST(Prefix, what_is_none) {
    for (const char* text : {"",
                             "/",
                             "10.0.0.0/",
                             "10.0.0.0/33",
                             "10.0.0.0/-1",
                             "10.0.0.0/8 ",
                             "10.0.0.1/8",
                             "2001:db8::/129",
                             "2001:db8::1/64",
                             "10.0.0.0/8/8"}) {
        EXPECT_FALSE(parse_prefix(text).has_value()) << text;
    }
}

TEST(Prefix, contains_its_block_and_nothing_else) {
    EXPECT_TRUE(inside("10.0.0.0/8", "10.0.0.0"));
    EXPECT_TRUE(inside("10.0.0.0/8", "10.255.255.255"));
    EXPECT_FALSE(inside("10.0.0.0/8", "11.0.0.0"));
    EXPECT_FALSE(inside("10.0.0.0/8", "::a00:0"));
    EXPECT_TRUE(inside("0.0.0.0/0", "255.255.255.255"));
    EXPECT_FALSE(inside("0.0.0.0/0", "::1"));
    EXPECT_TRUE(inside("192.0.2.1/32", "192.0.2.1"));
    EXPECT_FALSE(inside("192.0.2.1/32", "192.0.2.0"));
    EXPECT_TRUE(inside("2001:db8:0:8000::/49", "2001:db8:0:ffff::1"));
    EXPECT_FALSE(inside("2001:db8:0:8000::/49", "2001:db8:0:7fff::1"));
    EXPECT_FALSE(inside("2001:db8::1/128", "2001:db8::2"));
}

}  // namespace
}  // namespace fpvs::model
