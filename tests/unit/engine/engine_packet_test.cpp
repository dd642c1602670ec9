// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/engine/engine_kit.hpp"

namespace fpvs::engine {
namespace {

using EnginePacket = EngineTest;

TEST_F(EnginePacket, what_is_not_for_a_service_goes_to_the_host_with_its_reason) {
    add(kWeb, {.scheduler = "rr"}, 1);
    EXPECT_EQ(engine_.handle(packet(kDns, 0, 1), now_).reason, Reason::no_service);
    EXPECT_EQ(send(tcp_flag::kAck).reason, Reason::not_first_packet);
    EXPECT_EQ(send(tcp_flag::kSyn | tcp_flag::kRst).reason, Reason::not_first_packet);
    const Verdict ftp = send(tcp_flag::kSyn, 20);
    EXPECT_EQ(ftp.action, Action::pass_to_host);
    EXPECT_EQ(ftp.reason, Reason::ftp_data);
    EXPECT_EQ(engine_.connection_count(), 0u);
    EXPECT_EQ(counter("not_first_packet"), 2u);
    EXPECT_EQ(counter("no_service"), 1u);
}

TEST_F(EnginePacket, a_service_without_a_usable_server_rejects) {
    add(kWeb, {.scheduler = "wlc"}, 1);
    ASSERT_TRUE(engine_.edit_server(kWeb, server_key(1), {.weight = 0}));
    const Verdict verdict = send(tcp_flag::kSyn);
    EXPECT_EQ(verdict.action, Action::reject);
    EXPECT_EQ(verdict.reason, Reason::no_server);
}

TEST_F(EnginePacket, a_full_table_refuses_new_connections_keeps_the_old_and_recovers) {
    add(kWeb, {.scheduler = "rr"}, 1);
    for (std::uint16_t port = 1; port <= 8; ++port) {
        ASSERT_EQ(send(tcp_flag::kSyn, port).action, Action::forward);
    }
    const Verdict refused = send(tcp_flag::kSyn, 9);
    EXPECT_EQ(refused.action, Action::drop);
    EXPECT_EQ(refused.reason, Reason::connection_table_full);
    EXPECT_EQ(counter("connection_table_full"), 1u);
    EXPECT_EQ(send(tcp_flag::kAck, 8).action, Action::forward);
    wait(61s);  // SYN_RECV lasts 60 s.
    EXPECT_EQ(engine_.connection_count(), 1u);
    EXPECT_EQ(send(tcp_flag::kSyn, 9).action, Action::forward);
}

TEST_F(EnginePacket, a_persistent_connection_needs_room_for_its_template_too) {
    add(kWeb, {.scheduler = "rr", .persistence = model::Persistence{}}, 1);
    add(kDns, {.scheduler = "rr"}, 1);
    for (std::uint16_t port = 1; port <= 7; ++port) {
        ASSERT_EQ(engine_.handle(packet(kDns, 0, port), now_).action, Action::forward);
    }
    EXPECT_EQ(send(tcp_flag::kSyn).reason, Reason::connection_table_full);
    EXPECT_EQ(engine_.connection_count(), 7u);
    EXPECT_EQ(server_view(0).persistent_connections, 0u);
}

TEST_F(EnginePacket, a_connection_expires_by_its_own_timeout_even_if_nobody_looked) {
    add(kWeb, {.scheduler = "rr"}, 2);
    const Verdict first = send(tcp_flag::kSyn);
    now_ += 61s;
    const Verdict second = send(tcp_flag::kSyn);
    EXPECT_NE(first.server, second.server);
    EXPECT_EQ(engine_.connection_count(), 1u);
    EXPECT_EQ(counter("connections_expired"), 1u);
}

TEST_F(EnginePacket, configured_timeouts_hold_from_the_next_packet_on) {
    add(kWeb, {.scheduler = "rr"}, 1);
    add(kDns, {.scheduler = "rr"}, 1);
    engine_.set_timeouts({.tcp_s = 30, .tcp_fin_s = 7, .udp_s = 5});
    (void)open();
    (void)engine_.handle(packet(kDns, 0, 1), now_);
    const auto page = engine_.connections(0, 8, now_);
    ASSERT_EQ(page.connections.size(), 2u);
    EXPECT_EQ(page.connections[0].expires_s, 30u);
    EXPECT_EQ(page.connections[1].expires_s, 5u);
    EXPECT_EQ(page.connections[1].state, "UDP");
    (void)send(tcp_flag::kFin | tcp_flag::kAck);
    EXPECT_EQ(engine_.connections(0, 1, now_).connections[0].expires_s, 7u);
    wait(8s);
    EXPECT_EQ(engine_.connection_count(), 0u);
}

TEST_F(EnginePacket, a_timeout_of_0_changes_nothing_and_none_is_longer_than_31_days) {
    engine_.set_timeouts({.tcp_s = 0, .tcp_fin_s = 4'000'000'000, .udp_s = 5});
    EXPECT_EQ(engine_.timeouts(),
              (model::ConnectionTimeouts{.tcp_s = 900, .tcp_fin_s = 31 * 86400, .udp_s = 5}));
    add(kWeb, {.scheduler = "rr", .persistence = model::Persistence{.timeout_s = ~0u}}, 1);
    (void)send(tcp_flag::kSyn);
    EXPECT_EQ(engine_.connections(0, 1, now_).connections[0].expires_s, kTimeoutSecondsMax);
}

TEST_F(EnginePacket, lookup_neither_counts_nor_moves_anything) {
    add(kWeb, {.scheduler = "rr"}, 1);
    const Verdict opened = open();
    now_ += 100s;
    const Verdict found = engine_.lookup(packet(kWeb, 0, 40000), now_);
    EXPECT_EQ(found.action, Action::forward);
    EXPECT_EQ(found.connection, opened.connection);
    EXPECT_NE(engine_.lookup(packet(kWeb, 0, 40001), now_).action, Action::forward);
    EXPECT_EQ(server_view(0).counters.packets_in, 2u);
    EXPECT_EQ(engine_.connections(0, 1, now_).connections[0].expires_s, 800u);
}

TEST_F(EnginePacket, a_service_for_every_port_without_persistence_rejects) {
    add({.address = kWeb.address, .port = 0}, {.scheduler = "rr"}, 1);
    EXPECT_EQ(send(tcp_flag::kSyn).action, Action::reject);
}

TEST_F(EnginePacket, a_persistent_connection_is_not_scheduled_anew_when_its_port_is_used_again) {
    add(kWeb, {.scheduler = "rr", .persistence = model::Persistence{}}, 2);
    const Verdict first = open();
    (void)send(tcp_flag::kRst);
    const Verdict second = open();
    EXPECT_EQ(first.connection, second.connection);
    EXPECT_EQ(server_view(0).counters.connections + server_view(1).counters.connections, 1u);
}

TEST_F(EnginePacket, fin_wait_is_over_only_in_reuse_mode_two) {
    add(kWeb, {.scheduler = "rr"}, 2);
    const Verdict first = open();
    (void)send(tcp_flag::kFin | tcp_flag::kAck);
    EXPECT_EQ(send(tcp_flag::kSyn).connection, first.connection);
    (void)send(tcp_flag::kAck);
    (void)send(tcp_flag::kFin | tcp_flag::kAck);
    ASSERT_TRUE(engine_.set("conn_reuse_mode", 2));
    EXPECT_NE(send(tcp_flag::kSyn).connection, first.connection);
}

TEST_F(EnginePacket, deleting_a_server_under_expire_nodest_conn_ends_its_connections) {
    add(kWeb, {.scheduler = "rr", .persistence = model::Persistence{}}, 1);
    ASSERT_TRUE(engine_.set("expire_nodest_conn", 1));
    for (std::uint16_t port = 1; port <= 3; ++port) {
        (void)open(port);
    }
    EXPECT_EQ(engine_.connection_count(), 4u);
    ASSERT_TRUE(engine_.delete_server(kWeb, server_key(1)));
    wait(0s);
    EXPECT_EQ(engine_.connection_count(), 0u) << "the template went with the last of them";
}

TEST_F(EnginePacket, expire_says_that_there_is_more_until_deleted_servers_connections_are_gone) {
    add(kWeb, {.scheduler = "rr"}, 1);
    ASSERT_TRUE(engine_.set("expire_nodest_conn", 1));
    for (std::uint16_t port = 1; port <= 3; ++port) {
        (void)open(port);
    }
    ASSERT_TRUE(engine_.delete_server(kWeb, server_key(1)));
    EXPECT_TRUE(engine_.expire(now_, 2));
    EXPECT_EQ(engine_.connection_count(), 1u);
    while (engine_.expire(now_, 2)) {
    }
    EXPECT_EQ(engine_.connection_count(), 0u);
}

TEST_F(EnginePacket, a_page_of_connections_has_what_was_asked_for_and_leads_on) {
    add(kWeb, {.scheduler = "rr"}, 1);
    for (std::uint16_t port = 1; port <= 5; ++port) {
        (void)open(port);
    }
    const auto first = engine_.connections(0, 3, now_);
    EXPECT_EQ(first.connections.size(), 3u);
    ASSERT_NE(first.next_cursor, 0u);
    const auto second = engine_.connections(first.next_cursor, 3, now_);
    EXPECT_EQ(second.connections.size(), 2u);
    EXPECT_EQ(second.next_cursor, 0u);
}

}  // namespace
}  // namespace fpvs::engine
