// SPDX-License-Identifier: Apache-2.0
// A NIC with the key of engine::Owners puts a client's packets into the queue of their owner,
// whatever they are sent to: held against DPDK's own Toeplitz hash.
#include <gtest/gtest.h>
#include <rte_thash.h>

#include <array>
#include <random>
#include <vector>

#include "host/engine/queue_table.hpp"

namespace fpvs::engine {
namespace {

[[nodiscard]] std::size_t queue_of(const Owners& owners, std::vector<std::uint32_t> tuple) {
    const std::uint32_t hash =
        ::rte_softrss(tuple.data(), static_cast<std::uint32_t>(tuple.size()), owners.key().data());
    return queue_table(owners)[hash % Owners::kBuckets];
}

TEST(SpreadKey, the_queue_of_a_packet_is_that_of_its_clients_owner) {
    std::mt19937 random(1);
    for (const std::size_t workers : {2, 3, 4, 7, 16}) {
        const Owners owners(workers, random());
        for (int i = 0; i < 2000; ++i) {
            const auto port = static_cast<std::uint16_t>(random());
            const std::uint32_t ports = std::uint32_t{port} << 16 | (random() & 0xffff);
            const model::Ipv4 ipv4{static_cast<std::uint32_t>(random())};
            ASSERT_EQ(owners.owner(ipv4, port),
                      queue_of(owners, {ipv4.value, static_cast<std::uint32_t>(random()), ports}));
            model::Ipv6 ipv6;
            std::vector<std::uint32_t> tuple;
            for (std::uint32_t& word : ipv6.words) {
                word = static_cast<std::uint32_t>(random());
                tuple.push_back(word);
            }
            for (int word = 0; word < 4; ++word) {
                tuple.push_back(static_cast<std::uint32_t>(random()));
            }
            tuple.push_back(ports);
            ASSERT_EQ(owners.owner(ipv6, port), queue_of(owners, tuple));
        }
    }
}

TEST(SpreadKey, one_clients_ports_and_one_networks_clients_reach_all_workers_evenly) {
    std::mt19937 random(2);
    for (int key = 0; key < 20; ++key) {
        const Owners owners(4, random());
        std::array<int, 4> by_port{};
        std::array<int, 4> by_address{};
        for (std::uint16_t i = 0; i < 128; ++i) {
            ++by_port[owners.owner(model::Ipv4{0x0a000001}, 32768 + i)];
            ++by_address[owners.owner(model::Ipv4{0x0a000000u + i}, 40000)];
        }
        for (std::size_t worker = 0; worker < 4; ++worker) {
            EXPECT_EQ(by_port[worker], 32);
            EXPECT_EQ(by_address[worker], 32);
        }
    }
}

}  // namespace
}  // namespace fpvs::engine
