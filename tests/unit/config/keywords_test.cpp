// SPDX-License-Identifier: Apache-2.0
#include "host/config/keywords.hpp"

#include <gtest/gtest.h>

namespace fpvs::config {
namespace {

TEST(EditDistance, CountsEdits) {
    EXPECT_EQ(edit_distance("weight", "weight"), 0U);
    EXPECT_EQ(edit_distance("weight", "WEIGHT"), 0U);
    EXPECT_EQ(edit_distance("wieght", "weight"), 1U);
    EXPECT_EQ(edit_distance("weigt", "weight"), 1U);
    EXPECT_EQ(edit_distance("weights", "weight"), 1U);
    EXPECT_EQ(edit_distance("", "abc"), 3U);
    EXPECT_EQ(edit_distance("kitten", "sitting"), 3U);
}

TEST(Suggestion, NearestWordOrNone) {
    Suggestion near("delay_lop");
    near.consider("delay_before_retry");
    near.consider("delay_loop");
    EXPECT_EQ(near.text(), "; did you mean 'delay_loop'?");
    Suggestion far("zork");
    far.consider("weight");
    EXPECT_EQ(far.text(), "");
}

TEST(UnreadKeywords, FoundByName) {
    ASSERT_NE(find_unread(unread_in_vrrp_instance(), "track_bfd"), nullptr);
    EXPECT_FALSE(find_unread(unread_in_vrrp_instance(), "track_bfd")->refusal.empty());
    ASSERT_NE(find_unread(unread_in_virtual_server(), "smtp_alert"), nullptr);
    EXPECT_TRUE(find_unread(unread_in_virtual_server(), "smtp_alert")->refusal.empty());
    EXPECT_EQ(find_unread(unread_at_top(), "zork"), nullptr);
}

}  // namespace
}  // namespace fpvs::config
