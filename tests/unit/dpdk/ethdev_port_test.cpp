// SPDX-License-Identifier: Apache-2.0
#include "drivers/dpdk/ethdev_port.hpp"

#include <gtest/gtest.h>
#include <rte_mbuf.h>

#include <array>

#include "drivers/dpdk/frame_pool.hpp"
#include "tests/kit/frames.hpp"

namespace fpvs::dpdk {
namespace {

TEST(ethdev_port, frames_go_round_a_loop_device_and_carry_the_director_s_port_number) {
    const auto pool = *make_frame_pool({.name = "ethdev_loop", .frames = 1024});
    // net_ring sends what it is given back to itself.
    auto port = EthdevPort::open({.devargs = "net_ring_loop", .number = 5}, *pool);
    ASSERT_TRUE(port) << port.error().text();

    std::array<rte_mbuf*, 3> sent{};
    for (rte_mbuf*& frame : sent) {
        frame = kit::to_mbuf(*pool, kit::pattern(60));
    }
    (*port)->tx_burst(sent);
    std::array<rte_mbuf*, provider::kBurstMax> received{};
    const std::size_t count = (*port)->rx_burst(received);

    ASSERT_EQ(count, 3U);
    for (rte_mbuf* frame : std::span(received).first(count)) {
        EXPECT_EQ(frame->port, 5);
        EXPECT_EQ(kit::bytes_of(*frame), kit::pattern(60));
        rte_pktmbuf_free(frame);
    }
    EXPECT_EQ((*port)->counters().tx_bytes, 180U);
    EXPECT_EQ((*port)->counters().rx_frames, 3U);
}

TEST(ethdev_port, what_does_not_fit_is_counted_and_freed) {
    const auto pool = *make_frame_pool({.name = "ethdev_full", .frames = 2048});
    auto port = EthdevPort::open({.devargs = "net_ring_full"}, *pool);
    ASSERT_TRUE(port) << port.error().text();
    for (int burst = 0; burst < 40; ++burst) {
        std::array<rte_mbuf*, provider::kBurstMax> frames{};
        for (rte_mbuf*& frame : frames) {
            frame = kit::to_mbuf(*pool, kit::pattern(60));
        }
        (*port)->tx_burst(frames);
    }
    const auto counters = (*port)->counters();
    EXPECT_GT(counters.tx_dropped, 0U);
    EXPECT_EQ(counters.tx_frames + counters.tx_dropped, 40U * provider::kBurstMax);
    EXPECT_EQ(rte_mempool_in_use_count(pool.get()), counters.tx_frames);
    std::array<rte_mbuf*, provider::kBurstMax> frames{};
    while (const std::size_t count = (*port)->rx_burst(frames)) {
        rte_pktmbuf_free_bulk(frames.data(), static_cast<unsigned>(count));
    }
}

TEST(ethdev_port, unknown_and_doubled_devices_are_refused) {
    const auto pool = *make_frame_pool({.name = "ethdev_refused", .frames = 1024});
    const auto unknown = EthdevPort::open({.devargs = "net_nonsense0"}, *pool);
    ASSERT_FALSE(unknown);
    EXPECT_NE(unknown.error().message.find("net_nonsense0"), std::string::npos);
    const auto nic = EthdevPort::open({.devargs = "0000:3b:00.0,mprq_en=1", .is_pci = true}, *pool);
    ASSERT_FALSE(nic);
    EXPECT_EQ(nic.error().message,
              "there is no NIC at PCI address 0000:3b:00.0 that DPDK can drive: is it bound to "
              "vfio-pci?");

    const auto first = EthdevPort::open({.devargs = "net_null_twice"}, *pool);
    ASSERT_TRUE(first) << first.error().text();
    const auto second = EthdevPort::open({.devargs = "net_null_twice"}, *pool);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, Code::already_exists);
}

TEST(ethdev_port, a_device_that_spreads_frames_has_a_port_for_each_queue) {
    const auto pool = *make_frame_pool({.name = "queues"});
    const auto port =
        EthdevPort::open({.devargs = "net_null_queues,size=60", .number = 5, .queues = 3}, *pool);
    ASSERT_TRUE(port) << port.error().text();
    ASSERT_EQ((*port)->queues(), 3U);
    for (std::size_t queue = 0; queue < 3; ++queue) {
        std::array<rte_mbuf*, provider::kBurstMax> frames{};
        const std::size_t count = (*port)->queue(queue).rx_burst(frames);
        ASSERT_EQ(count, frames.size());
        EXPECT_EQ(frames[0]->port, 5);
        (*port)->queue(queue).tx_burst(frames);
    }
    EXPECT_EQ((*port)->counters().rx_frames, 3 * provider::kBurstMax);
    EXPECT_EQ((*port)->counters().tx_frames, 3 * provider::kBurstMax);
}

TEST(ethdev_port, a_device_that_does_not_has_one) {
    const auto pool = *make_frame_pool({.name = "one queue"});
    const auto port = EthdevPort::open({.devargs = "net_ring_one", .queues = 3}, *pool);
    ASSERT_TRUE(port) << port.error().text();
    EXPECT_EQ((*port)->queues(), 1U);
}

TEST(ethdev_port, a_device_can_be_plugged_in_again) {
    const auto pool = *make_frame_pool({.name = "ethdev_again", .frames = 1024});
    for (int round = 0; round < 3; ++round) {
        const auto port = EthdevPort::open({.devargs = "net_null_again,size=60"}, *pool);
        ASSERT_TRUE(port) << port.error().text();
    }
}

}  // namespace
}  // namespace fpvs::dpdk
