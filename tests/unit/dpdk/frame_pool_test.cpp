// SPDX-License-Identifier: Apache-2.0
#include "drivers/dpdk/frame_pool.hpp"

#include <gtest/gtest.h>
#include <rte_malloc.h>
#include <rte_mbuf.h>

#include "drivers/dpdk/large_pages.hpp"
#include "tests/kit/frames.hpp"

namespace fpvs::dpdk {
namespace {

// The EAL of this test has kMemoryMb in large pages, where it has no hugepages, and as much again
// of its own.
constexpr std::size_t kMemoryMb = 64;
constexpr std::size_t kFrameBytes = 4096;
constexpr std::size_t kFramesOfMost = kMemoryMb * 1024 * 1024 * 3 / 4 / kFrameBytes;

bool lies_in_large_pages(const rte_mempool& pool) {
    return ::rte_malloc_heap_socket_is_external(pool.socket_id) == 1;
}

TEST(frame_pool, lies_in_large_pages_where_there_are_some) {
    const auto pool = *make_frame_pool({.name = "large"});
    EXPECT_EQ(lies_in_large_pages(*pool), LargePages::socket() != SOCKET_ID_ANY);
    rte_mbuf* frame = kit::to_mbuf(*pool, kit::pattern(1500));
    EXPECT_EQ(kit::bytes_of(*frame), kit::pattern(1500));
    rte_pktmbuf_free(frame);
}

TEST(frame_pool, is_made_elsewhere_when_large_pages_have_no_room_left) {
    if (LargePages::socket() == SOCKET_ID_ANY) {
        GTEST_SKIP() << "this machine has hugepages, or no transparent large ones";
    }
    const FramePoolOptions options{
        .name = "first", .frames = kFramesOfMost, .frame_bytes_max = kFrameBytes - 1024};
    const auto first = make_frame_pool(options);
    ASSERT_TRUE(first) << first.error().text();
    EXPECT_TRUE(lies_in_large_pages(**first));
    FramePoolOptions again = options;
    again.name = "second";
    const auto second = make_frame_pool(again);
    ASSERT_TRUE(second) << second.error().text();
    EXPECT_FALSE(lies_in_large_pages(**second));
}

TEST(frame_pool, is_refused_with_a_sentence_where_no_memory_is_left) {
    const auto pool = make_frame_pool({.name = "huge", .frames = 1'000'000});
    ASSERT_FALSE(pool);
    EXPECT_NE(pool.error().text().find("no memory for 1000000 packet buffers"), std::string::npos)
        << pool.error().text();
}

}  // namespace
}  // namespace fpvs::dpdk
