// SPDX-License-Identifier: Apache-2.0
#include "host/offload/card_counters.hpp"

#include <gtest/gtest.h>

namespace fpvs::offload {
namespace {

TEST(card_counters, growth_is_the_difference_to_the_last_reading) {
    CardCounters counters(2, true);
    EXPECT_EQ(counters.read(1, 0, {10, 1000}).packets, 10U);
    EXPECT_EQ(counters.read(1, 0, {10, 1000}).packets, 0U);
    EXPECT_EQ(counters.read(1, 0, {15, 1700}).bytes, 700U);
    EXPECT_EQ(counters.read(1, 3, {1, 60}).packets, 1U);
    EXPECT_EQ(counters.total(1).packets, 16U);
    EXPECT_EQ(counters.total(1).bytes, 1760U);
    EXPECT_EQ(counters.total(0).packets, 0U);
}

TEST(card_counters, a_card_that_ran_before_starts_where_it_stands) {
    CardCounters counters(1, false);
    EXPECT_EQ(counters.read(0, 0, {500, 9000}).packets, 0U);
    EXPECT_EQ(counters.read(0, 0, {503, 9300}).packets, 3U);
}

TEST(card_counters, growth_survives_the_wrap_of_64_bits) {
    CardCounters counters(1, true);
    counters.read(0, 0, {~std::uint64_t{0}, 0});
    EXPECT_EQ(counters.read(0, 0, {1, 0}).packets, 2U);
}

TEST(card_counters, numbers_out_of_range_count_nothing) {
    CardCounters counters(1, true);
    EXPECT_EQ(counters.read(1, 0, {5, 5}).packets, 0U);
    EXPECT_EQ(counters.read(0, 4, {5, 5}).packets, 0U);
}

}  // namespace
}  // namespace fpvs::offload
