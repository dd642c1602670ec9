// SPDX-License-Identifier: Apache-2.0
#include "host/engine/connection_table.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace fpvs::engine {
namespace {

[[nodiscard]] Flow flow(const ConnectionTable& table,
                        std::uint32_t number,
                        FlowKey::Kind kind = FlowKey::Kind::connection) {
    return table.flow(model::Ipv4{number}, 2, model::Ipv4{1}, 0, 6, kind);
}

[[nodiscard]] Connection& put(ConnectionTable& table, std::uint32_t number) {
    Connection& record = table.allocate(flow(table, number));
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
            ASSERT_NE(table.find(flow(table, i)), nullptr);
            EXPECT_EQ(table.find(flow(table, i))->key.client_address(), i);
            EXPECT_EQ(table.find(flow(table, i + kCount)), nullptr);
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
        Connection* record = table.find(flow(table, i));
        ASSERT_NE(record, nullptr);
        table.remove(*record);
        table.release(*record);
    }
    for (std::uint32_t i = 0; i < kCount; ++i) {
        EXPECT_EQ(table.find(flow(table, i)) != nullptr, i % 2 == 1) << i;
    }
    EXPECT_EQ(table.size(), kCount / 2);
}

TEST(ConnectionTable, tells_a_template_from_a_connection_with_the_same_numbers) {
    ConnectionTable table(4, 0);
    (void)put(table, 1);
    EXPECT_EQ(table.find(flow(table, 1, FlowKey::Kind::template_entry)), nullptr);
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
    ConnectionTable table(1, 9);
    const auto kind = FlowKey::Kind::connection;
    const model::IpAddress client = model::Ipv4{0x0a010203};
    const model::IpAddress far = model::Ipv4{0xc0a80101};
    const model::IpAddress other = model::Ipv4{0xc0a80102};
    const Flow base = table.flow(client, 40000, far, 80, 6, kind);
    for (const Flow& differs : {table.flow(other, 40000, far, 80, 6, kind),
                                table.flow(client, 40000, other, 80, 6, kind),
                                table.flow(client, 40001, far, 80, 6, kind),
                                table.flow(client, 40000, far, 81, 6, kind),
                                table.flow(client, 40000, far, 80, 17, kind),
                                table.flow(client, 40000, far, 80, 6, FlowKey::Kind::reply)}) {
        EXPECT_FALSE(differs.key == base.key);
        EXPECT_NE(differs.hash, base.hash);
    }
    EXPECT_NE(ConnectionTable(1, 10).flow(client, 40000, far, 80, 6, kind).hash, base.hash);
}

// The key of IPv6 has only a digest of its addresses: each bit of them must count, and two flows
// whose keys agree by accident must not be taken for each other.
TEST(ConnectionTable, ipv6_is_told_apart_by_every_bit_of_its_addresses) {
    ConnectionTable table(2, 3);
    model::Ipv6 client{{0x20010db8, 1, 2, 3}};
    const model::Ipv6 far{{0x20010db8, 0, 0, 1}};
    const auto of = [&](const model::Ipv6& from) {
        return table.flow(from, 2, far, 80, 6, FlowKey::Kind::connection);
    };
    Connection& record = table.allocate(of(client));
    table.insert(record);
    EXPECT_EQ(table.find(of(client)), &record);
    EXPECT_EQ(table.client_address(record), model::IpAddress(client));
    EXPECT_EQ(table.virtual_address(record), model::IpAddress(far));
    Flow collides = of(client);
    collides.wide.client[3] ^= 1;
    EXPECT_EQ(table.find(collides), nullptr);
    for (std::size_t bit = 0; bit < 128; ++bit) {
        model::Ipv6 changed = client;
        changed.words[bit / 32] ^= 1u << (bit % 32);
        EXPECT_NE(of(changed).key.addresses, record.key.addresses) << bit;
    }
}

TEST(ConnectionTable, replies_are_found_until_they_are_taken_out) {
    ConnectionTable table(8, 3);
    Connection& record = put(table, 1);
    const Flow reply = flow(table, 7, FlowKey::Kind::reply);
    const auto is_it = [&](const Connection& other) { return &other == &record; };
    EXPECT_EQ(table.find_reply(reply, is_it), nullptr);
    table.insert_reply(record, reply);
    EXPECT_EQ(table.two_way_count(), 1U);
    EXPECT_EQ(table.find_reply(reply, is_it), &record);
    EXPECT_EQ(table.find_reply(flow(table, 8, FlowKey::Kind::reply), is_it), nullptr);
    table.remove_reply(record, reply);
    EXPECT_EQ(table.find_reply(reply, is_it), nullptr);
    EXPECT_EQ(table.two_way_count(), 0U);
}

}  // namespace
}  // namespace fpvs::engine
