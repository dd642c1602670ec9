// SPDX-License-Identifier: Apache-2.0
#include "host/offload/write_queue.hpp"

#include <gtest/gtest.h>

#include "host/offload/bounded_queue.hpp"

namespace fpvs::offload {
namespace {

TEST(write_queue, each_position_once_in_the_order_of_its_first_push) {
    WriteQueue queue(4);
    for (int lap = 0; lap < 3; ++lap) {
        for (const std::uint32_t position : {2u, 0u, 2u, 3u, 0u, 1u}) {
            queue.push(position);
        }
        EXPECT_EQ(queue.size(), 4U);
        EXPECT_EQ(queue.pop(), 2U);
        queue.push(2);
        EXPECT_EQ(queue.pop(), 0U);
        EXPECT_EQ(queue.pop(), 3U);
        EXPECT_EQ(queue.pop(), 1U);
        EXPECT_EQ(queue.pop(), 2U);
        EXPECT_EQ(queue.pop(), std::nullopt);
    }
}

TEST(bounded_queue, keeps_order_and_refuses_beyond_its_limit) {
    BoundedQueue<int> queue(3);
    for (int lap = 0; lap < 5; ++lap) {
        EXPECT_TRUE(queue.push(1) && queue.push(2) && queue.push(3));
        EXPECT_FALSE(queue.push(4));
        EXPECT_EQ(queue.pop(), 1);
        EXPECT_TRUE(queue.push(5));
        EXPECT_EQ(queue.pop(), 2);
        EXPECT_EQ(queue.pop(), 3);
        EXPECT_EQ(queue.pop(), 5);
        EXPECT_EQ(queue.pop(), std::nullopt);
    }
}

}  // namespace
}  // namespace fpvs::offload
