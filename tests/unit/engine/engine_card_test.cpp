// SPDX-License-Identifier: Apache-2.0
// The engine against a card that writes down what it is told.
#include <vector>

#include "tests/unit/engine/engine_kit.hpp"

namespace fpvs::engine {
namespace {

struct FakeCard final : OffloadSink {
    void service_added(ServiceIndex service, const model::ServiceKey&) override {
        services.push_back(service);
    }
    void service_removed(ServiceIndex service) override { std::erase(services, service); }
    void server_available(const OffloadServer& server) override {
        std::erase(servers, server.server);
        servers.push_back(server.server);
    }
    void server_unavailable(ServerIndex server) override { std::erase(servers, server); }
    void offer(const OffloadFlow& flow) override { offered.push_back(flow); }
    void withdraw(const OffloadFlow& flow) override { withdrawn.push_back(flow.connection); }
    void query_activity(const OffloadFlow& flow) override { asked.push_back(flow.connection); }

    std::vector<ServiceIndex> services;
    std::vector<ServerIndex> servers;
    std::vector<OffloadFlow> offered;
    std::vector<ConnectionHandle> withdrawn;
    std::vector<ConnectionHandle> asked;
};

class EngineCard : public EngineTest {
  protected:
    void SetUp() override {
        add(kWeb, {.scheduler = "rr"}, 2);
        engine_.attach_offload(card_);
    }
    [[nodiscard]] std::string state() const {
        const auto page = engine_.connections(0, 1, now_);
        return page.connections.empty() ? "" : page.connections[0].state;
    }

    FakeCard card_;
};

TEST_F(EngineCard, the_card_learns_of_services_and_servers_now_and_later) {
    EXPECT_EQ(card_.services.size(), 1u);
    EXPECT_EQ(card_.servers.size(), 2u);
    add(kDns, {.scheduler = "rr"}, 1);
    EXPECT_EQ(card_.services.size(), 2u);
    EXPECT_EQ(card_.servers.size(), 3u);
    ASSERT_TRUE(engine_.delete_server(kWeb, server_key(1)));
    EXPECT_EQ(card_.servers.size(), 2u);
    engine_.flush();
    EXPECT_TRUE(card_.services.empty());
    EXPECT_TRUE(card_.servers.empty());
}

TEST_F(EngineCard, tcp_is_offered_once_established_and_udp_at_once) {
    (void)send(tcp_flag::kSyn);
    EXPECT_TRUE(card_.offered.empty());
    const Verdict established = send(tcp_flag::kAck);
    ASSERT_EQ(card_.offered.size(), 1u);
    const OffloadFlow& flow = card_.offered[0];
    EXPECT_EQ(flow.connection, established.connection);
    EXPECT_EQ(flow.client_port, 40000);
    EXPECT_EQ(flow.virtual_address, kWeb.address);
    EXPECT_EQ(flow.server, established.server);
    EXPECT_EQ(flow.server_address, established.server_address);
    EXPECT_EQ(flow.service, card_.services[0]);
    (void)send(tcp_flag::kAck);
    EXPECT_EQ(card_.offered.size(), 1u);
    EXPECT_TRUE(engine_.connections(0, 1, now_).connections[0].offloaded);
    add(kDns, {.scheduler = "rr"}, 1);
    (void)engine_.handle(packet(kDns, 0, 1), now_);
    EXPECT_EQ(card_.offered.size(), 2u);
}

TEST_F(EngineCard, a_fin_that_the_card_saw_moves_the_state_and_a_rst_ends_the_offload) {
    const Verdict opened = open();
    engine_.on_card_flags(opened.connection, tcp_flag::kFin | tcp_flag::kAck, now_);
    EXPECT_EQ(state(), "FIN_WAIT");
    EXPECT_EQ(server_view(0).active_connections, 0u);
    EXPECT_EQ(server_view(0).inactive_connections, 1u);
    EXPECT_TRUE(card_.withdrawn.empty());
    engine_.on_card_flags(opened.connection, tcp_flag::kRst, now_);
    EXPECT_EQ(state(), "CLOSE");
    EXPECT_EQ(card_.withdrawn, std::vector{opened.connection});
    EXPECT_EQ(server_view(0).counters.packets_in, 2u) << "the card counts what it forwards";
    wait(11s);
    EXPECT_EQ(engine_.connection_count(), 0u);
    EXPECT_TRUE(card_.asked.empty());
}

TEST_F(EngineCard, a_timer_asks_the_card_and_a_busy_connection_stays) {
    const Verdict opened = open();
    wait(901s);
    EXPECT_EQ(card_.asked, std::vector{opened.connection});
    EXPECT_EQ(engine_.connection_count(), 1u);
    engine_.on_activity(opened.connection, 300, now_);
    EXPECT_EQ(engine_.connections(0, 1, now_).connections[0].expires_s, 600u);
    wait(601s);
    EXPECT_EQ(card_.asked.size(), 2u);
    engine_.on_activity(opened.connection, 901, now_);
    EXPECT_EQ(engine_.connection_count(), 0u);
    EXPECT_EQ(card_.withdrawn, std::vector{opened.connection});
}

TEST_F(EngineCard, a_packet_in_software_makes_the_cards_answer_moot) {
    const Verdict opened = open();
    wait(901s);
    (void)send(tcp_flag::kAck);
    engine_.on_activity(opened.connection, 5000, now_);
    EXPECT_EQ(engine_.connection_count(), 1u);
}

TEST_F(EngineCard, a_connection_of_which_the_card_says_nothing_goes_on_in_software) {
    const Verdict opened = open();
    wait(901s);
    wait(3s);
    wait(3s);
    EXPECT_EQ(card_.asked.size(), 3u);
    wait(3s);
    EXPECT_EQ(counter("activity_unanswered"), 1u);
    EXPECT_EQ(card_.withdrawn, std::vector{opened.connection});
    EXPECT_EQ(send(tcp_flag::kAck).connection, opened.connection);
    EXPECT_EQ(card_.offered.size(), 2u) << "it is offered again";
    engine_.on_card_lost(now_);
    wait(901s);
    EXPECT_EQ(engine_.connection_count(), 0u);
}

TEST_F(EngineCard, a_rst_that_was_on_its_way_when_the_offload_ended_still_closes) {
    const Verdict opened = open();
    engine_.on_card_lost(now_);
    engine_.on_card_flags(opened.connection, tcp_flag::kRst, now_);
    EXPECT_EQ(state(), "CLOSE");
}

TEST_F(EngineCard, messages_about_dead_connections_are_counted_and_ignored) {
    const Verdict opened = open();
    (void)send(tcp_flag::kRst);
    wait(11s);
    const Verdict next = open();
    EXPECT_EQ(next.connection.index, opened.connection.index) << "the record is used again";
    engine_.on_card_flags(opened.connection, tcp_flag::kRst, now_);
    engine_.on_activity(opened.connection, 10000, now_);
    engine_.on_offload_refused(opened.connection, now_);
    engine_.on_card_counters(77, 1, 1);
    EXPECT_EQ(state(), "ESTABLISHED");
    EXPECT_TRUE(engine_.connections(0, 1, now_).connections[0].offloaded);
    EXPECT_EQ(counter("late_card_messages"), 4u);
}

TEST_F(EngineCard, a_refused_connection_is_offered_again_some_seconds_later) {
    const Verdict opened = open();
    engine_.on_offload_refused(opened.connection, now_);
    EXPECT_FALSE(engine_.connections(0, 1, now_).connections[0].offloaded);
    (void)send(tcp_flag::kAck);
    EXPECT_EQ(card_.offered.size(), 1u);
    now_ += 5s;
    (void)send(tcp_flag::kAck);
    EXPECT_EQ(card_.offered.size(), 2u);
    EXPECT_EQ(counter("offloads_refused"), 1u);
}

TEST_F(EngineCard, when_the_card_is_lost_every_connection_goes_on_in_software) {
    const Verdict opened = open();
    now_ += 800s;  // Busy on the card, as far as anybody knows.
    engine_.on_card_lost(now_);
    EXPECT_FALSE(engine_.connections(0, 1, now_).connections[0].offloaded);
    EXPECT_EQ(engine_.connections(0, 1, now_).connections[0].expires_s, 900u);
    EXPECT_EQ(send(tcp_flag::kAck).connection, opened.connection);
    EXPECT_EQ(card_.offered.size(), 1u);
    FakeCard next;
    engine_.attach_offload(next);
    (void)send(tcp_flag::kAck);
    EXPECT_EQ(next.offered.size(), 1u) << "a new card gets what is there";
    wait(901s);
    EXPECT_EQ(next.asked.size(), 1u);
}

TEST_F(EngineCard, what_the_card_forwarded_counts_for_server_and_service) {
    const Verdict opened = open();
    engine_.on_card_counters(opened.server, 1000, 1'500'000);
    EXPECT_EQ(server_view(0).counters.packets_in, 1002u);
    EXPECT_EQ(server_view(0).counters.bytes_in, 1'500'000u + 2 * kPacketBytes);
    EXPECT_EQ(engine_.service(kWeb)->counters.packets_in, 1002u);
}

TEST_F(EngineCard, a_syn_on_a_closing_connection_withdraws_it_and_it_is_offered_anew) {
    const Verdict opened = open();
    engine_.on_card_flags(opened.connection, tcp_flag::kFin | tcp_flag::kAck, now_);
    (void)send(tcp_flag::kSyn);
    EXPECT_EQ(state(), "SYN_RECV");
    EXPECT_EQ(card_.withdrawn.size(), 1u);
    (void)send(tcp_flag::kAck);
    EXPECT_EQ(card_.offered.size(), 2u);
}

}  // namespace
}  // namespace fpvs::engine
