// SPDX-License-Identifier: Apache-2.0
#include "host/offload/card_tables.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "hw/abi/hash.hpp"
#include "tests/unit/offload/card_image.hpp"

namespace fpvs::offload {
namespace {

constexpr abi::HashKey kKey{0x0123456789abcdef, 0xfedcba9876543210};
constexpr TableSizes kSmall{.flow_buckets_log2 = 4, .flow6_buckets_log2 = 3};

FlowKey flow(std::uint32_t client, std::uint16_t port = 1000, engine::ServiceIndex service = 0) {
    return {.client_address = model::Ipv4{client}, .client_port = port, .service = service};
}

model::IpAddress ipv6(std::uint32_t last) {
    return model::Ipv6{{0x20010db8, 0, 0, last}};
}

class CardTablesTest : public ::testing::Test {
  protected:
    explicit CardTablesTest(const TableSizes& sizes = {})
        : tables_(kKey, sizes), card_(kKey, sizes) {}

    // A next hop whose MAC address says whose it is.
    std::uint16_t hop(std::uint32_t address) {
        return tables_.next_hops().use(
            {.address = model::Ipv4{address}}, model::Ipv4{address}, [](const auto& target, auto) {
                NextHopRecord record;
                record.set<abi::NextHopEntry::destination_mac>(target.words[0]);
                record.set<abi::NextHopEntry::valid>(1);
                return record;
            });
    }
    void serve(engine::ServerIndex server,
               std::uint32_t address,
               engine::ServiceIndex service = 0) {
        tables_.name_server(server, service, {.address = model::Ipv4{address}, .port = 80});
        ServerRecord record;
        record.set<abi::ServerEntry::address_low>(address).set<abi::ServerEntry::valid>(1);
        tables_.set_server(server, record, hop(address));
    }
    bool add(const FlowKey& key, std::uint16_t server = 0, std::uint16_t reply_hop = kNoNextHop) {
        return tables_.add_flow(key,
                                {.connection = key.client_port,
                                 .hit_epoch = 7,
                                 .server = server,
                                 .reply_hop = reply_hop});
    }
    static model::ServiceKey web(std::uint32_t address = 0xc0a87164) {
        return {.address = model::Ipv4{address}, .port = 3306};
    }
    // By what packets see of it.
    const abi::Record<abi::ServiceEntry>& service_entry() {
        return card_.services[card_.version].begin()->second;
    }
    void steer(engine::ServiceIndex service, std::vector<std::uint16_t> servers) {
        ASSERT_FALSE(tables_.set_steering(
            service, {.kind = abi::Steer::source, .servers = std::move(servers)}));
    }

    CardTables tables_;
    CardImage card_;
};

class SmallCardTablesTest : public CardTablesTest {
  protected:
    SmallCardTablesTest() : CardTablesTest(kSmall) {}
};

TEST_F(CardTablesTest, a_flow_lies_where_the_card_looks_for_it) {
    serve(3, 0xc0a87182);
    ASSERT_TRUE(add(flow(0x0a000002, 30000, 5), 3, hop(0x0a0000fe)));
    card_.obey_all(tables_);
    ASSERT_EQ(card_.flows.size(), 1U);
    const auto entry = card_.find_flow(flow(0x0a000002, 30000, 5));
    ASSERT_TRUE(entry);
    EXPECT_EQ(entry->get<abi::FlowEntry::client_address>(), 0x0a000002U);
    EXPECT_EQ(entry->get<abi::FlowEntry::client_port>(), 30000U);
    EXPECT_EQ(entry->get<abi::FlowEntry::service>(), 5U);
    EXPECT_EQ(entry->get<abi::FlowEntry::server>(), 3U);
    EXPECT_EQ(entry->get<abi::FlowEntry::method>(), 3U);
    const auto& reply_hop = card_.next_hops.at(entry->get<abi::FlowEntry::next_hop>());
    EXPECT_EQ(reply_hop.get<abi::NextHopEntry::destination_mac>(), 0x0a0000feU);
    const auto server_hop = card_.servers.at(3).get<abi::ServerEntry::next_hop>();
    EXPECT_EQ(card_.next_hops.at(server_hop).get<abi::NextHopEntry::destination_mac>(),
              0xc0a87182U);
    const auto view = tables_.find_flow(flow(0x0a000002, 30000, 5));
    ASSERT_TRUE(view);
    EXPECT_EQ(view->flow.hit_epoch, 7U);
    EXPECT_EQ(tables_.flow_at(view->place)->key, flow(0x0a000002, 30000, 5));
    EXPECT_FALSE(tables_.find_flow(flow(0x0a000002, 30001, 5)));
}

TEST_F(CardTablesTest, flows_of_ipv6_have_a_table_of_their_own) {
    serve(1, 1);
    const FlowKey key{.client_address = ipv6(9), .client_port = 443, .service = 2};
    ASSERT_TRUE(add(key, 1));
    card_.obey_all(tables_);
    EXPECT_TRUE(card_.flows.empty());
    const auto entry = card_.find_flow6(key);
    ASSERT_TRUE(entry);
    EXPECT_EQ(entry->get<abi::Flow6Entry::client_address_high>(), 0x20010db800000000U);
    EXPECT_EQ(entry->get<abi::Flow6Entry::client_address_low>(), 9U);
    EXPECT_EQ(entry->get<abi::Flow6Entry::client_port>(), 443U);
    EXPECT_EQ(entry->get<abi::Flow6Entry::service>(), 2U);
    EXPECT_EQ(entry->get<abi::Flow6Entry::server>(), 1U);
    EXPECT_EQ(tables_.find_flow(key)->key, key);
    EXPECT_TRUE(tables_.find_flow(key)->place.ipv6);
    EXPECT_EQ(tables_.flow6_count(), 1U);
    EXPECT_TRUE(tables_.remove_flow(key));
    card_.obey_all(tables_);
    EXPECT_TRUE(card_.flows6.empty());
}

TEST_F(CardTablesTest, full_nats_entry_of_the_local_end_is_another_flow) {
    serve(0, 1);
    FlowKey local = flow(0x0a000001, 1024);
    local.reply = true;
    ASSERT_TRUE(tables_.add_flow(local,
                                 {.other_address = 0x0a000002,
                                  .other_port = 30000,
                                  .server = 0,
                                  .method = abi::Method::full_nat}));
    card_.obey_all(tables_);
    EXPECT_FALSE(card_.find_flow(flow(0x0a000001, 1024)));
    const auto entry = card_.find_flow(local);
    ASSERT_TRUE(entry);
    EXPECT_EQ(entry->get<abi::FlowEntry::reply>(), 1U);
    EXPECT_EQ(entry->get<abi::FlowEntry::other_address>(), 0x0a000002U);
    EXPECT_EQ(entry->get<abi::FlowEntry::other_port>(), 30000U);
    EXPECT_EQ(entry->get<abi::FlowEntry::method>(), 5U);
}

TEST_F(CardTablesTest, what_is_named_is_written_first) {
    ASSERT_TRUE(tables_.add_service(0, web()));
    steer(0, {0, 0});
    ASSERT_TRUE(add(flow(1), 0, hop(9)));
    serve(0, 1);
    card_.obey_all(tables_);
    using enum abi::Opcode;
    EXPECT_EQ(card_.opcodes,
              (std::vector{write_next_hop,
                           write_next_hop,
                           write_server,
                           write_flow,
                           write_virtual_end,
                           write_steer,
                           write_steer,
                           write_service,
                           set_version,
                           write_service}));
}

TEST_F(CardTablesTest, one_command_turns_a_server_off_and_on) {
    serve(0, 1);
    for (std::uint16_t port = 0; port < 100; ++port) {
        ASSERT_TRUE(add(flow(9, port)));
    }
    card_.obey_all(tables_);
    ServerRecord record = tables_.server(0);
    tables_.set_server(0, ServerRecord{}, hop(1));
    EXPECT_EQ(tables_.writes_waiting(), 1U);
    card_.obey_all(tables_);
    tables_.set_server(0, record, hop(1));
    EXPECT_EQ(tables_.writes_waiting(), 1U);
    card_.obey_all(tables_);
    tables_.set_server(0, record, hop(1));
    EXPECT_EQ(tables_.writes_waiting(), 0U) << "nothing changed";
}

// --- Next hops.

TEST_F(CardTablesTest, neighbours_share_a_next_hop_and_leave_it_free_when_the_card_forgot_it) {
    serve(0, 1);
    serve(1, 1, 1);
    ASSERT_TRUE(add(flow(1), 0, hop(1)));
    EXPECT_EQ(tables_.next_hops().in_use(), 1U);
    tables_.set_server(0, {}, kNoNextHop);
    tables_.set_server(1, {}, kNoNextHop);
    card_.obey_all(tables_);
    EXPECT_EQ(tables_.next_hops().in_use(), 1U) << "the flow";
    tables_.set_reply_hop(flow(1), hop(2));
    EXPECT_EQ(tables_.next_hops().in_use(), 2U) << "the card still has the old way";
    card_.obey_all(tables_);
    EXPECT_EQ(tables_.next_hops().in_use(), 1U);
    EXPECT_TRUE(tables_.remove_flow(flow(1)));
    EXPECT_EQ(tables_.next_hops().in_use(), 1U) << "the card still has the flow";
    card_.obey_all(tables_);
    EXPECT_EQ(tables_.next_hops().in_use(), 0U);
}

TEST_F(CardTablesTest, a_neighbour_is_left_when_its_last_next_hop_is_given_up) {
    const std::uint16_t first = hop(1);
    const std::uint16_t again = hop(1);
    const std::uint16_t second = hop(2);
    tables_.next_hops().release(first);
    EXPECT_TRUE(tables_.next_hops().take_left_targets().empty());
    tables_.next_hops().release(again);
    tables_.next_hops().release(second);
    const std::uint16_t back = hop(2);
    EXPECT_EQ(tables_.next_hops().take_left_targets(),
              std::vector{model::IpAddress(model::Ipv4{1})});
    EXPECT_TRUE(tables_.next_hops().take_left_targets().empty());
    tables_.next_hops().release(back);
    EXPECT_EQ(tables_.next_hops().take_left_targets().size(), 1U);
}

TEST_F(CardTablesTest, more_neighbours_than_next_hops_are_refused) {
    for (std::uint32_t address = 0; address < abi::kNextHopsMax; ++address) {
        ASSERT_NE(hop(address), kNoNextHop);
    }
    EXPECT_EQ(hop(abi::kNextHopsMax), kNoNextHop);
    tables_.next_hops().release(7);
    EXPECT_EQ(hop(abi::kNextHopsMax), 7);
}

// --- Room for flows.

TEST_F(SmallCardTablesTest, flows_make_room_for_each_other_until_the_table_is_nearly_full) {
    std::vector<FlowKey> there;
    for (std::uint32_t client = 0;; ++client) {
        if (!add(flow(client))) {
            break;
        }
        there.push_back(flow(client));
        card_.obey_all(tables_);
    }
    EXPECT_GT(there.size(), tables_.flows_max() * 8 / 10);
    EXPECT_GT(tables_.moves(), 0U);
    EXPECT_EQ(card_.flows.size(), there.size());
    for (const FlowKey& key : there) {
        EXPECT_TRUE(card_.find_flow(key));
        EXPECT_TRUE(tables_.find_flow(key));
    }
    EXPECT_TRUE(tables_.remove_flow(there.front()));
    EXPECT_FALSE(tables_.remove_flow(there.front()));
    EXPECT_EQ(tables_.flow_count(), there.size() - 1);
}

TEST_F(CardTablesTest, more_than_95_percent_of_the_table_can_be_used) {
    std::uint32_t client = 0;
    CommandRecord command;
    while (add(flow(client))) {
        ++client;
        while (tables_.next_write(command)) {
        }
    }
    const double load = static_cast<double>(client) / static_cast<double>(tables_.flows_max());
    RecordProperty("load_percent", static_cast<int>(load * 100));
    EXPECT_GT(load, 0.95);
}

TEST_F(SmallCardTablesTest, a_flow_that_moves_counts_as_hit_and_keeps_all_else) {
    tables_.set_epoch(50);
    std::uint32_t client = 0;
    while (tables_.moves() == 0 && add(flow(client))) {
        ++client;
        card_.obey_all(tables_);
    }
    int moved = 0;
    for (std::uint32_t i = 0; i < client; ++i) {
        const auto found = tables_.find_flow(flow(i));
        ASSERT_TRUE(found);
        EXPECT_EQ(found->flow.connection, 1000U);
        moved += found->flow.hit_epoch == 50 ? 1 : 0;
    }
    EXPECT_GT(moved, 0);
    EXPECT_LE(static_cast<std::uint64_t>(moved), tables_.moves());
}

TEST_F(SmallCardTablesTest, a_chain_of_moves_is_written_from_its_free_end) {
    std::uint32_t client = 0;
    while (tables_.moves() == 0) {
        card_.obey_all(tables_);
        ASSERT_TRUE(add(flow(client)));
        ++client;
    }
    CommandRecord command;
    while (tables_.next_write(command)) {
        card_.obey(command);
        for (std::uint32_t i = 0; i + 1 < client; ++i) {
            ASSERT_TRUE(card_.find_flow(flow(i))) << "after each command";
        }
    }
    EXPECT_TRUE(card_.find_flow(flow(client - 1)));
}

// --- Services, replies and versions.

TEST_F(CardTablesTest, services_lie_where_the_card_looks_for_them) {
    ASSERT_TRUE(tables_.add_service(9, web()));
    EXPECT_TRUE(tables_.has_service(9));
    card_.obey_all(tables_);
    EXPECT_EQ(card_.version, 1U);
    EXPECT_EQ(card_.services[0], card_.services[1]) << "the other bank caught up";
    ASSERT_EQ(card_.services[1].size(), 1U);
    const auto& [position, entry] = *card_.services[1].begin();
    EXPECT_EQ(position.first, abi::service_bucket(0, 0xc0a87164, 3306, 6));
    EXPECT_EQ(entry.get<abi::ServiceEntry::service>(), 9U);
    EXPECT_EQ(entry.get<abi::ServiceEntry::steer>(), 0U);
    EXPECT_EQ(card_.virtual_ends.at(9).get<abi::VirtualEndEntry::address_low>(), 0xc0a87164U);
    EXPECT_EQ(card_.virtual_ends.at(9).get<abi::VirtualEndEntry::port>(), 3306U);
    tables_.remove_service(9);
    tables_.remove_service(9);
    card_.obey_all(tables_);
    EXPECT_TRUE(card_.services[0].empty());
    EXPECT_TRUE(card_.services[1].empty());
    EXPECT_FALSE(tables_.has_service(9));
    EXPECT_FALSE(tables_.add_service(abi::kServicesMax, web())) << "a number beyond the card's";
}

TEST_F(CardTablesTest, many_edits_take_effect_at_once) {
    for (engine::ServiceIndex service = 0; service < 50; ++service) {
        ASSERT_TRUE(tables_.add_service(service, web(0x0a000000 + service)));
    }
    CommandRecord command;
    while (tables_.next_write(command)) {
        card_.obey(command);
        const std::size_t seen = card_.services[card_.version].size();
        EXPECT_TRUE(seen == 0 || seen == 50) << seen;
    }
    EXPECT_EQ(std::count(card_.opcodes.begin(), card_.opcodes.end(), abi::Opcode::set_version), 1);
}

TEST_F(CardTablesTest, a_full_service_bucket_refuses) {
    // The fold of hw/abi/hash.hpp XORs octets, so these addresses meet.
    int added = 0;
    for (engine::ServiceIndex service = 0; service < 5; ++service) {
        added += tables_.add_service(service,
                                     {.address = model::Ipv4{service << 8 | service}, .port = 1})
                     ? 1
                     : 0;
    }
    EXPECT_EQ(added, 4);
}

TEST_F(CardTablesTest, replies_of_a_server_that_two_services_share_are_the_hosts) {
    const auto set = [this](engine::ServerIndex server, bool full_nat, bool available) {
        return tables_.set_reply_end(server,
                                     {.address = model::Ipv4{0xc0a87182}, .port = 8080},
                                     model::Protocol::tcp,
                                     full_nat,
                                     available);
    };
    const auto replies = [this]() -> auto& {
        card_.obey_all(tables_);
        return card_.replies[card_.version];
    };
    serve(4, 0xc0a87182, 2);
    serve(5, 0xc0a87182, 3);
    EXPECT_TRUE(set(4, false, true));
    ASSERT_EQ(replies().size(), 1U);
    const auto& [position, entry] = *replies().begin();
    EXPECT_EQ(position.first, abi::reply_bucket(0, 0xc0a87182, 8080, 6));
    EXPECT_EQ(entry.get<abi::ReplyEntry::service>(), 2U);
    EXPECT_EQ(entry.get<abi::ReplyEntry::server>(), 4U);
    EXPECT_EQ(entry.get<abi::ReplyEntry::full_nat>(), 0U);
    EXPECT_TRUE(set(5, true, true));
    EXPECT_TRUE(replies().empty());
    EXPECT_TRUE(set(4, false, false));
    ASSERT_EQ(replies().size(), 1U);
    EXPECT_EQ(replies().begin()->second.get<abi::ReplyEntry::server>(), 5U);
    EXPECT_EQ(replies().begin()->second.get<abi::ReplyEntry::full_nat>(), 1U);
    tables_.clear_reply_end(5);
    ASSERT_EQ(replies().size(), 1U) << "that of a deleted server, for its connections";
    tables_.clear_reply_end(4);
    EXPECT_TRUE(replies().empty());
}

// --- Steering.

TEST_F(CardTablesTest, a_steered_service_names_its_words) {
    ASSERT_TRUE(tables_.add_service(1, web()));
    std::vector<std::uint16_t> servers(251, 3);
    servers[1] = kNoSteerServer;
    servers[2] = 5;
    ASSERT_FALSE(tables_.set_steering(
        1, {.kind = abi::Steer::maglev, .use_port = true, .servers = servers}));
    card_.obey_all(tables_);
    const auto& entry = service_entry();
    EXPECT_EQ(entry.get<abi::ServiceEntry::steer>(), 2U);
    EXPECT_EQ(entry.get<abi::ServiceEntry::steer_port>(), 1U);
    EXPECT_EQ(entry.get<abi::ServiceEntry::steer_size>(), 251U);
    EXPECT_EQ(entry.get<abi::ServiceEntry::steer_reciprocal>(), abi::steer_reciprocal(251));
    const auto base = entry.get<abi::ServiceEntry::steer_base>();
    EXPECT_EQ(card_.steer_words.at(base).get<abi::SteerEntry::server>(), 3U);
    EXPECT_EQ(card_.steer_words.at(base + 1).get<abi::SteerEntry::valid>(), 0U);
    EXPECT_EQ(card_.steer_words.at(base + 2).get<abi::SteerEntry::server>(), 5U);
    tables_.clear_steering(1);
    card_.obey_all(tables_);
    EXPECT_EQ(service_entry().get<abi::ServiceEntry::steer>(), 0U);
    EXPECT_EQ(tables_.steer_words_free(), static_cast<std::uint32_t>(abi::kSteerWords));
}

TEST_F(CardTablesTest, a_new_table_lies_elsewhere_until_the_version_has_changed) {
    ASSERT_TRUE(tables_.add_service(1, web()));
    steer(1, {3, 3});
    card_.obey_all(tables_);
    const auto before = service_entry().get<abi::ServiceEntry::steer_base>();
    steer(1, {4, 4});
    steer(1, {5, 5});
    CommandRecord command;
    while (tables_.next_write(command)) {
        card_.obey(command);
        const auto base = service_entry().get<abi::ServiceEntry::steer_base>();
        const auto first = card_.steer_words.at(base).get<abi::SteerEntry::server>();
        EXPECT_EQ(card_.steer_words.at(base + 1).get<abi::SteerEntry::server>(), first);
        EXPECT_EQ(first, base == before ? 3U : 5U);
    }
    EXPECT_NE(service_entry().get<abi::ServiceEntry::steer_base>(), before);
    EXPECT_EQ(tables_.steer_words_free(), static_cast<std::uint32_t>(abi::kSteerWords - 2));
    steer(1, {5, 5});
    EXPECT_EQ(tables_.writes_waiting(), 0U) << "nothing changed";
}

TEST_F(CardTablesTest, a_sequence_begins_with_a_cursor_of_its_own) {
    ASSERT_TRUE(tables_.add_service(1, web()));
    const SteerTable turns{.kind = abi::Steer::in_turn, .servers = {1, 2}};
    ASSERT_FALSE(tables_.set_steering(1, turns));
    card_.obey_all(tables_);
    const auto before = service_entry().get<abi::ServiceEntry::cursor>();
    EXPECT_EQ(card_.cursors.at(before), 0U);
    ASSERT_FALSE(tables_.set_steering(1, turns)) << "the sequence begins anew all the same";
    card_.obey_all(tables_);
    const auto after = service_entry().get<abi::ServiceEntry::cursor>();
    EXPECT_NE(after, before);
    EXPECT_EQ(card_.cursors.at(after), 0U);
}

TEST_F(CardTablesTest, words_and_cursors_run_out) {
    const std::vector<std::uint16_t> large(65521, 1);
    for (engine::ServiceIndex service = 0; service < 20; ++service) {
        ASSERT_TRUE(tables_.add_service(service, web(0x0a000000 + service)));
    }
    for (engine::ServiceIndex service = 0; service < 4; ++service) {
        ASSERT_FALSE(tables_.set_steering(service, {.kind = abi::Steer::maglev, .servers = large}));
    }
    EXPECT_EQ(tables_.set_steering(4, {.kind = abi::Steer::maglev, .servers = large}),
              SteerRefusal::words_full);
    EXPECT_EQ(tables_.steering_of(4), abi::Steer::none);
    for (engine::ServiceIndex service = 4; service < 20; ++service) {
        EXPECT_FALSE(tables_.set_steering(service, {.kind = abi::Steer::in_turn, .servers = {1}}));
    }
    EXPECT_EQ(tables_.set_steering(0, {.kind = abi::Steer::in_turn, .servers = {1}}),
              SteerRefusal::cursors_full);
    EXPECT_EQ(tables_.steering_of(0), abi::Steer::none) << "the host schedules for it now";
    card_.obey_all(tables_);
    EXPECT_FALSE(tables_.set_steering(4, {.kind = abi::Steer::maglev, .servers = large}));
}

// --- Numbers that are given again.

TEST_F(CardTablesTest, a_servers_number_means_another_only_when_nothing_refers_to_the_first) {
    serve(0, 1);
    ASSERT_TRUE(add(flow(9)));
    card_.obey_all(tables_);
    EXPECT_TRUE(card_.young_cleared.empty());
    EXPECT_TRUE(tables_.remove_flow(flow(9)));
    serve(0, 2, 1);
    ASSERT_TRUE(add(flow(8)));
    CommandRecord command;
    while (tables_.next_write(command)) {
        card_.obey(command);
        const auto& server = card_.servers.at(0);
        if (server.get<abi::ServerEntry::valid>() != 0 &&
            server.get<abi::ServerEntry::address_low>() == 2) {
            EXPECT_FALSE(card_.find_flow(flow(9)));
            EXPECT_EQ(card_.young_cleared.size(), static_cast<std::size_t>(abi::kYoungMax));
        }
    }
    EXPECT_EQ(card_.servers.at(0).get<abi::ServerEntry::address_low>(), 2U);
    EXPECT_EQ(card_.servers.at(0).get<abi::ServerEntry::valid>(), 1U);
}

TEST_F(CardTablesTest, everything_can_be_written_anew) {
    tables_.write_everything();
    CommandRecord command;
    std::size_t writes = 0;
    while (tables_.next_write(command)) {
        EXPECT_EQ(command.get<abi::Command::payload_0>(), 0U);
        card_.obey(command);
        ++writes;
    }
    EXPECT_EQ(
        writes,
        static_cast<std::size_t>(abi::kNextHopsMax + abi::kServersMax + abi::kFlowsMax +
                                 abi::kFlows6Max + 3 * abi::kServicesMax +
                                 2 * abi::kReplyBuckets * abi::kTableWays + 1 + abi::kYoungMax));
    EXPECT_EQ(card_.version, 1U);
}

TEST(SteerRegionsTest, what_is_given_back_joins_its_neighbours) {
    SteerRegions regions(100);
    const auto a = regions.take(30);
    const auto b = regions.take(30);
    const auto c = regions.take(40);
    ASSERT_TRUE(a && b && c);
    EXPECT_FALSE(regions.take(1));
    regions.give_back(*a);
    regions.give_back(*c);
    EXPECT_FALSE(regions.take(60));
    regions.give_back(*b);
    EXPECT_EQ(regions.take(100)->base, 0U);
}

}  // namespace
}  // namespace fpvs::offload
