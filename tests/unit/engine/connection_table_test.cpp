// SPDX-License-Identifier: Apache-2.0
#include "host/engine/connection_table.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace fpvs::engine {
namespace {

[[nodiscard]] FlowKey key(std::uint32_t number) {
    return {.client_address = number, .virtual_address = 1, .client_port = 2, .protocol = 6};
}

[[nodiscard]] Connection& put(ConnectionTable& table, std::uint32_t number) {
    Connection& record = table.allocate();
    record.key = key(number);
    table.insert(record);
    return record;
}

TEST(ConnectionTable, finds_what_was_put_into_a_full_table_and_nothing_else) {
    constexpr std::uint32_t kCount = 1000;
    for (const std::uint64_t seed : {0u, 1u, 77u}) {
        ConnectionTable table(kCount, seed);
        for (std::uint32_t i = 0; i < kCount; ++i) {
            (void)put(table, i);
        }
        EXPECT_FALSE(table.has_room(1));
        for (std::uint32_t i = 0; i < kCount; ++i) {
            ASSERT_NE(table.find(key(i)), nullptr);
            EXPECT_EQ(table.find(key(i))->key.client_address, i);
            EXPECT_EQ(table.find(key(i + kCount)), nullptr);
        }
    }
}

// Four connections have one bucket of seven places, so the others of a hundred overflow; removal
// in any order must keep the rest findable.
TEST(ConnectionTable, removal_keeps_keys_findable_that_overflowed_their_bucket) {
    constexpr std::uint32_t kCount = 100;
    ConnectionTable table(kCount, 5);
    for (std::uint32_t i = 0; i < kCount; ++i) {
        (void)put(table, i);
    }
    for (std::uint32_t i = 0; i < kCount; i += 2) {
        Connection* record = table.find(key(i));
        ASSERT_NE(record, nullptr);
        table.remove(*record);
        table.release(*record);
    }
    for (std::uint32_t i = 0; i < kCount; ++i) {
        EXPECT_EQ(table.find(key(i)) != nullptr, i % 2 == 1) << i;
    }
    EXPECT_EQ(table.size(), kCount / 2);
}

TEST(ConnectionTable, tells_a_template_from_a_connection_with_the_same_numbers) {
    ConnectionTable table(4, 0);
    (void)put(table, 1);
    FlowKey wanted = key(1);
    wanted.is_template = true;
    EXPECT_EQ(table.find(wanted), nullptr);
}

TEST(ConnectionTable, handle_of_a_released_record_stays_wrong_when_the_record_is_used_again) {
    ConnectionTable table(1, 0);
    Connection& first = put(table, 1);
    const ConnectionHandle old = table.handle_of(first);
    EXPECT_EQ(table.find(old), &first);
    EXPECT_EQ(ConnectionHandle::from_value(old.value()), old);
    table.remove(first);
    table.release(first);
    EXPECT_EQ(table.find(old), nullptr);
    Connection& second = put(table, 2);
    EXPECT_EQ(table.index_of(second), old.index);
    EXPECT_EQ(table.find(old), nullptr);
    EXPECT_EQ(table.find(table.handle_of(second)), &second);
    EXPECT_EQ(table.find(ConnectionHandle{}), nullptr);
}

TEST(ConnectionTable, hash_depends_on_every_field_and_on_the_seed) {
    const FlowKey base = {.client_address = 0x0a010203,
                          .virtual_address = 0xc0a80101,
                          .client_port = 40000,
                          .virtual_port = 80,
                          .protocol = 6};
    std::vector<FlowKey> others(6, base);
    ++others[0].client_address;
    ++others[1].virtual_address;
    ++others[2].client_port;
    ++others[3].virtual_port;
    others[4].protocol = 17;
    others[5].is_template = true;
    for (const FlowKey& other : others) {
        EXPECT_FALSE(other == base);
        EXPECT_NE(other.hash(9), base.hash(9));
    }
    EXPECT_NE(base.hash(9), base.hash(10));
}

}  // namespace
}  // namespace fpvs::engine
