// SPDX-License-Identifier: Apache-2.0
#include "host/model/address.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace fpvs::model {
namespace {

TEST(Address, ipv6_is_read_and_printed_as_rfc_5952_says) {
    for (const char* text : {"::", "::1", "2001:db8::1", "fd00:d::142", "fe80::1:0:0:1"}) {
        const auto address = parse_ipv6(text);
        ASSERT_TRUE(address.has_value()) << text;
        EXPECT_EQ(to_string(*address), text);
    }
    EXPECT_EQ(to_string(*parse_ipv6("2001:0DB8:0:0:1:0:0:1")), "2001:db8::1:0:0:1");
    EXPECT_EQ(parse_ipv6("2001:db8::1")->words,
              (std::array<std::uint32_t, 4>{0x20010db8, 0, 0, 1}));
}

TEST(Address, what_is_no_address_is_refused) {
    for (const char* text :
         {"", "1.2.3", "1.2.3.4.5", ":::", "2001:db8::1::2", "g::", "1.2.3.4/8"}) {
        EXPECT_FALSE(parse_address(text).has_value()) << text;
    }
}

TEST(Address, families_do_not_mix) {
    const IpAddress small = Ipv4{1};
    const IpAddress wide = Ipv6{{1, 0, 0, 0}};
    EXPECT_NE(small, wide);
    EXPECT_LT(IpAddress(Ipv4{0xffffffff}), IpAddress(Ipv6{}));
    EXPECT_TRUE(IpAddress::any(Family::ipv6).is_any());
    EXPECT_NE(IpAddress::any(Family::ipv6), IpAddress::any(Family::ipv4));
    EXPECT_EQ(to_string(*parse_address("10.0.0.7")), "10.0.0.7");
    EXPECT_EQ(to_string(*parse_address("fd00::7")), "fd00::7");
}

TEST(Address, order_is_that_of_the_numbers) {
    std::vector<IpAddress> addresses;
    for (const char* text : {"fd00::2", "10.0.0.2", "9.255.0.0", "fd00::1", "2001:db8::"}) {
        addresses.push_back(*parse_address(text));
    }
    std::sort(addresses.begin(), addresses.end());
    std::vector<std::string> texts;
    for (const IpAddress& address : addresses) {
        texts.push_back(to_string(address));
    }
    EXPECT_EQ(
        texts,
        (std::vector<std::string>{"9.255.0.0", "10.0.0.2", "2001:db8::", "fd00::1", "fd00::2"}));
}

}  // namespace
}  // namespace fpvs::model
