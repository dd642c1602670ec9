// SPDX-License-Identifier: Apache-2.0
#include "host/cli/endpoint.hpp"

#include <gtest/gtest.h>

#include "tests/kit/table_names.hpp"

namespace fpvs::cli {
namespace {

class EndpointTest : public ::testing::Test {
  protected:
    std::string parsed(const std::string& text) {
        const auto endpoint = parse_endpoint(text, api::TCP, names_);
        if (!endpoint) {
            return "refused";
        }
        return endpoint->address + (endpoint->is_ipv6 ? " v6" : "") +
               (endpoint->port ? " " + std::to_string(*endpoint->port) : "");
    }
    kit::TableNames names_;
};

TEST_F(EndpointTest, WhatMayBeWritten) {
    names_.hosts["192.168.113.11"] = "db1";
    EXPECT_EQ(parsed("10.0.0.1:80"), "10.0.0.1 80");
    EXPECT_EQ(parsed("10.0.0.1"), "10.0.0.1");
    EXPECT_EQ(parsed("10.1:http"), "10.0.0.1 80");
    EXPECT_EQ(parsed("db1:mysql"), "192.168.113.11 3306");
    EXPECT_EQ(parsed("[FD00:0::1]:443"), "fd00::1 v6 443");
    EXPECT_EQ(parsed("fd00::1"), "fd00::1 v6");
}

TEST_F(EndpointTest, WhatMayNot) {
    for (const char* const text : {"",
                                   ":80",
                                   "10.0.0.1:",
                                   "10.0.0.1:65536",
                                   "10.0.0.1:-1",
                                   "10.0.0.1:nosuch",
                                   "nosuch:80",
                                   "[fd00::1]",
                                   "[fd00::1]:",
                                   "[zork]:80",
                                   "10.0.0.1:80:81"}) {
        EXPECT_EQ(parsed(text), "refused") << text;
    }
}

TEST_F(EndpointTest, NamesAreCutToTheirColumnAddressesAreNot) {
    names_.hosts["10.0.0.1"] = "a-very-long-host-name-for-a-director.example.org";
    const auto text = [&](const char* address, EndpointStyle style) {
        return endpoint_text(address, 80, api::TCP, style, names_);
    };
    EXPECT_EQ(text("10.0.0.1", {.numeric = true, .fits_column = true}), "10.0.0.1:80");
    EXPECT_EQ(text("10.0.0.1", {.numeric = false, .fits_column = true}),
              "a-very-long-host-name-for-a-");
    EXPECT_EQ(text("10.0.0.1", {.numeric = false}),
              "a-very-long-host-name-for-a-director.example.org:http");
    EXPECT_EQ(
        text("fd00:1111:2222:3333:4444:5555:6666:7777", {.numeric = false, .fits_column = true}),
        "[fd00:1111:2222:3333:4444:5555:6666:7777]:http");
}

TEST(Numbers, AsStrtolTakesThem) {
    EXPECT_EQ(parse_number("010", 0, 100), 10);
    EXPECT_EQ(parse_number(" +5", 0, 100), 5);
    for (const char* const text :
         {"", " ", "5 ", "0x10", "abc", "-1", "101", "99999999999999999999"}) {
        EXPECT_FALSE(parse_number(text, 0, 100)) << text;
    }
}

}  // namespace
}  // namespace fpvs::cli
