// SPDX-License-Identifier: Apache-2.0
// Mistakes that need no privilege to make.
#include "drivers/kernel/tap.hpp"

#include <gtest/gtest.h>

#include "drivers/kernel/netns_scope.hpp"

namespace fpvs::kernel {
namespace {

TEST(Tap, refuses_a_name_that_no_interface_can_have) {
    for (const char* name : {"", "sixteen_letters_"}) {
        const auto tap = Tap::open({.name = name});
        ASSERT_FALSE(tap.has_value()) << name;
        EXPECT_EQ(tap.error().code, Code::invalid_argument);
    }
}

TEST(Netns, says_which_namespace_is_missing) {
    const auto scope = NetnsScope::enter("fpvs-no-such-namespace");
    ASSERT_FALSE(scope.has_value());
    EXPECT_EQ(scope.error().code, Code::not_found);
    EXPECT_NE(scope.error().message.find("fpvs-no-such-namespace"), std::string::npos);
}

}  // namespace
}  // namespace fpvs::kernel
