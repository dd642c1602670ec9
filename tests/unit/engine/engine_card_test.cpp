// SPDX-License-Identifier: Apache-2.0
// The engine against a card that writes down what it is told.
#include <algorithm>
#include <vector>

#include "tests/unit/engine/engine_kit.hpp"

namespace fpvs::engine {
namespace {

struct FakeCard final : OffloadSink {
    void service_added(ServiceIndex service, const model::ServiceKey&) override {
        services.push_back(service);
    }
    void service_removed(ServiceIndex service) override { std::erase(services, service); }
    void steering_changed(ServiceIndex service) override { steering.push_back(service); }
    void server_available(const OffloadServer& server) override {
        std::erase(servers, server.server);
        servers.push_back(server.server);
    }
    void server_unavailable(ServerIndex server) override { std::erase(servers, server); }
    void offer(const OffloadFlow& flow) override { offered.push_back(flow); }
    void withdraw(const OffloadFlow& flow) override { withdrawn.push_back(flow.connection); }
    void query_activity(const OffloadFlow& flow) override { asked.push_back(flow.connection); }

    std::vector<ServiceIndex> services;
    std::vector<ServiceIndex> steering;  // As often as it was told.
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

    void learn(std::uint16_t client_port, ServerIndex server, std::uint8_t flags) {
        engine_.on_learned({.service = card_.services[0],
                            .server = server,
                            .client_address = model::Ipv4{0x0a010001},
                            .client_port = client_port,
                            .tcp_flags = flags},
                           now_);
    }
    // The servers were added in this order.
    [[nodiscard]] ServerIndex server_of(std::uint32_t number) const { return number - 1; }

    static constexpr model::ServiceKey kNat = {.address = model::Ipv4{0x0a080003}, .port = 80};
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
    EXPECT_EQ(flow.client_address, model::IpAddress(model::Ipv4{0x0a010001}));
    EXPECT_EQ(flow.server, established.server);
    EXPECT_EQ(flow.forwarding, model::Forwarding::direct_routing);
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
    engine_.on_card_flags(
        opened.connection, tcp_flag::kFin | tcp_flag::kAck, Direction::to_server, now_);
    EXPECT_EQ(state(), "FIN_WAIT");
    EXPECT_EQ(server_view(0).active_connections, 0u);
    EXPECT_EQ(server_view(0).inactive_connections, 1u);
    EXPECT_TRUE(card_.withdrawn.empty());
    engine_.on_card_flags(opened.connection, tcp_flag::kRst, Direction::to_server, now_);
    EXPECT_EQ(state(), "CLOSE");
    EXPECT_EQ(card_.withdrawn, std::vector{opened.connection});
    EXPECT_EQ(server_view(0).counters.packets_in, 2u) << "the card counts what it forwards";
    wait(11s);
    EXPECT_EQ(engine_.connection_count(), 0u);
    EXPECT_TRUE(card_.asked.empty());
}

TEST_F(EngineCard, a_timer_asks_the_card_and_a_busy_connection_stays) {
    const Verdict opened = open();
    wait(201s);
    EXPECT_EQ(card_.asked, std::vector{opened.connection}) << "long before its time is up";
    EXPECT_EQ(engine_.connection_count(), 1u);
    engine_.on_activity(opened.connection, 100, now_);
    EXPECT_EQ(engine_.connections(0, 1, now_).connections[0].expires_s, 800u);
    wait(99s);
    EXPECT_EQ(card_.asked.size(), 1u);
    wait(2s);
    EXPECT_EQ(card_.asked.size(), 2u);
}

TEST_F(EngineCard, a_connection_that_idles_on_the_card_waits_in_software_and_expires_in_time) {
    const Verdict opened = open();
    wait(201s);
    engine_.on_activity(opened.connection, 201, now_);
    EXPECT_EQ(card_.withdrawn, std::vector{opened.connection});
    EXPECT_EQ(counter("offloads_idle"), 1u);
    EXPECT_EQ(engine_.connections(0, 1, now_).connections[0].expires_s, 699u);
    wait(690s);
    EXPECT_EQ(send(tcp_flag::kAck).connection, opened.connection);
    EXPECT_EQ(card_.offered.size(), 2u) << "its next packet brings it back";
    wait(201s);
    engine_.on_activity(opened.connection, 201, now_);
    wait(701s);
    EXPECT_EQ(engine_.connection_count(), 0u);
    EXPECT_EQ(card_.asked.size(), 2u);
}

TEST_F(EngineCard, a_connection_with_a_short_timeout_is_asked_for_when_that_is_over) {
    add(kDns, {.scheduler = "rr"}, 1);
    const Verdict opened = engine_.handle(packet(kDns, 0, 1), now_);
    wait(299s);
    EXPECT_TRUE(card_.asked.empty());
    wait(2s);
    ASSERT_EQ(card_.asked.size(), 1u);
    engine_.on_activity(opened.connection, 250, now_);
    EXPECT_TRUE(card_.withdrawn.empty()) << "the card may schedule its next packet otherwise";
    wait(51s);
    engine_.on_activity(opened.connection, 301, now_);
    EXPECT_EQ(engine_.connection_count(), 0u);
}

TEST_F(EngineCard, a_packet_in_software_makes_the_cards_answer_moot) {
    const Verdict opened = open();
    wait(201s);
    (void)send(tcp_flag::kAck);
    engine_.on_activity(opened.connection, 5000, now_);
    EXPECT_EQ(engine_.connection_count(), 1u);
}

TEST_F(EngineCard, a_connection_of_which_the_card_says_nothing_goes_on_in_software) {
    const Verdict opened = open();
    wait(201s);
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
    engine_.on_card_flags(opened.connection, tcp_flag::kRst, Direction::to_server, now_);
    EXPECT_EQ(state(), "CLOSE");
}

TEST_F(EngineCard, messages_about_dead_connections_are_counted_and_ignored) {
    const Verdict opened = open();
    (void)send(tcp_flag::kRst);
    wait(11s);
    const Verdict next = open();
    EXPECT_EQ(next.connection.index, opened.connection.index) << "the record is used again";
    engine_.on_card_flags(opened.connection, tcp_flag::kRst, Direction::to_server, now_);
    engine_.on_activity(opened.connection, 10000, now_);
    engine_.on_offload_refused(opened.connection, now_);
    engine_.on_card_counters(77, Direction::to_server, 1, 1);
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
    wait(201s);
    EXPECT_EQ(next.asked.size(), 1u);
}

TEST_F(EngineCard, what_the_card_forwarded_counts_for_server_and_service) {
    const Verdict opened = open();
    engine_.on_card_counters(opened.server, Direction::to_server, 1000, 1'500'000);
    engine_.on_card_counters(opened.server, Direction::to_client, 10, 5'000);
    EXPECT_EQ(server_view(0).counters.packets_in, 1002u);
    EXPECT_EQ(server_view(0).counters.bytes_in, 1'500'000u + 2 * kPacketBytes);
    EXPECT_EQ(engine_.service(kWeb)->counters.packets_in, 1002u);
    EXPECT_EQ(engine_.service(kWeb)->counters.packets_out, 10u);
    EXPECT_EQ(server_view(0).counters.bytes_out, 5'000u);
}

TEST_F(EngineCard, a_syn_on_a_closing_connection_withdraws_it_and_it_is_offered_anew) {
    const Verdict opened = open();
    engine_.on_card_flags(
        opened.connection, tcp_flag::kFin | tcp_flag::kAck, Direction::to_server, now_);
    (void)send(tcp_flag::kSyn);
    EXPECT_EQ(state(), "SYN_RECV");
    EXPECT_EQ(card_.withdrawn.size(), 1u);
    (void)send(tcp_flag::kAck);
    EXPECT_EQ(card_.offered.size(), 2u);
}

TEST_F(EngineCard, nat_is_offered_and_both_sides_fins_end_it) {
    ASSERT_TRUE(engine_.add_service(kNat, {.scheduler = "rr"}));
    ASSERT_TRUE(
        engine_.add_server(kNat, server_key(9, 8080), {.forwarding = model::Forwarding::nat}));
    (void)engine_.handle(packet(kNat, tcp_flag::kSyn, 1), now_);
    const Verdict opened = engine_.handle(packet(kNat, tcp_flag::kAck, 1), now_);
    ASSERT_EQ(card_.offered.size(), 1u);
    EXPECT_EQ(card_.offered[0].forwarding, model::Forwarding::nat);
    engine_.on_card_flags(
        opened.connection, tcp_flag::kFin | tcp_flag::kAck, Direction::to_server, now_);
    EXPECT_EQ(state(), "CLOSE_WAIT");
    EXPECT_TRUE(card_.withdrawn.empty()) << "the server may still have much to say";
    engine_.on_card_flags(
        opened.connection, tcp_flag::kFin | tcp_flag::kAck, Direction::to_client, now_);
    EXPECT_EQ(state(), "TIME_WAIT");
    EXPECT_EQ(card_.withdrawn, std::vector{opened.connection});
}

TEST_F(EngineCard, full_nat_is_offered_with_its_local_end_unless_the_server_is_told_of_the_client) {
    const auto use = [this](model::ClientAddress told) {
        ASSERT_TRUE(engine_.add_service(kNat, {.scheduler = "rr", .client_address = told}));
        ASSERT_TRUE(engine_.add_local_address(kNat, model::Ipv4{0x0a090009}));
        ASSERT_TRUE(engine_.add_server(
            kNat, server_key(9, 8080), {.forwarding = model::Forwarding::full_nat}));
        (void)engine_.handle(packet(kNat, tcp_flag::kSyn, 1), now_);
        (void)engine_.handle(packet(kNat, tcp_flag::kAck, 1), now_);
    };
    use(model::ClientAddress::proxy_v2);
    EXPECT_TRUE(card_.offered.empty());
    ASSERT_TRUE(engine_.delete_service(kNat));
    wait(1000s);
    use(model::ClientAddress::not_told);
    ASSERT_EQ(card_.offered.size(), 1u);
    EXPECT_EQ(card_.offered[0].local_address, model::IpAddress(model::Ipv4{0x0a090009}));
    EXPECT_NE(card_.offered[0].local_port, 0);
}

// --- Services that the card schedules for.

TEST_F(EngineCard, steering_follows_servers_and_weights) {
    const ServiceIndex web = card_.services[0];
    auto steering = engine_.steering(web, 4096);
    ASSERT_TRUE(steering);
    EXPECT_EQ(steering->by, schedule::Choices::By::sequence);
    EXPECT_EQ(steering->servers.size(), 2u);
    const std::size_t told = card_.steering.size();
    ASSERT_TRUE(engine_.edit_server(kWeb, server_key(1), {.weight = 0}));
    EXPECT_EQ(card_.steering.size(), told + 1);
    steering = engine_.steering(web, 4096);
    ASSERT_TRUE(steering);
    EXPECT_EQ(steering->servers.size(), 1u);
    ASSERT_TRUE(engine_.edit_service(kWeb, {.scheduler = "mh"}));
    steering = engine_.steering(web, 4096);
    ASSERT_TRUE(steering);
    EXPECT_EQ(steering->by, schedule::Choices::By::maglev);
    EXPECT_EQ(steering->servers.size(), 4093u);
    EXPECT_EQ(std::count(steering->servers.begin(), steering->servers.end(), kNoIndex) > 1000, true)
        << "the places of the quiesced server are the engine's";
    EXPECT_FALSE(engine_.steering(web, 4092)) << "too large";
}

TEST_F(EngineCard, what_the_card_may_not_schedule) {
    const ServiceIndex web = card_.services[0];
    ASSERT_TRUE(engine_.edit_service(kWeb, {.scheduler = "wlc"}));
    EXPECT_FALSE(engine_.steering(web, 4096));
    ASSERT_TRUE(
        engine_.edit_service(kWeb, {.scheduler = "sh", .persistence = model::Persistence{}}));
    EXPECT_FALSE(engine_.steering(web, 4096));
    ASSERT_TRUE(engine_.edit_service(kWeb, {.scheduler = "sh", .one_packet = true}));
    EXPECT_FALSE(engine_.steering(web, 4096));
    ASSERT_TRUE(engine_.edit_service(kWeb, {.scheduler = "sh"}));
    EXPECT_TRUE(engine_.steering(web, 4096));
    ASSERT_TRUE(engine_.set("drop_packet", 3));
    EXPECT_FALSE(engine_.steering(web, 4096)) << "a defence that counts first packets";
    ASSERT_TRUE(engine_.set("drop_packet", 0));
    ASSERT_TRUE(engine_.edit_server(kWeb, server_key(1), {.forwarding = model::Forwarding::local}));
    const auto steering = engine_.steering(web, 4096);
    ASSERT_TRUE(steering);
    EXPECT_EQ(std::count(steering->servers.begin(), steering->servers.end(), kNoIndex), 128);
    ASSERT_TRUE(engine_.edit_service(kWeb, {.scheduler = "rr"}));
    EXPECT_FALSE(engine_.steering(web, 4096)) << "a sequence with gaps";
}

TEST_F(EngineCard, a_threshold_that_is_reached_is_told) {
    ASSERT_TRUE(
        engine_.edit_server(kWeb, server_key(2), {.upper_threshold = 2, .lower_threshold = 2}));
    const std::size_t told = card_.steering.size();
    learn(1, server_of(2), tcp_flag::kSyn);
    EXPECT_EQ(card_.steering.size(), told);
    learn(2, server_of(2), tcp_flag::kSyn);
    EXPECT_EQ(card_.steering.size(), told + 1);
    EXPECT_EQ(engine_.steering(card_.services[0], 4096)->servers.size(), 1u);
    wait(61s);
    EXPECT_EQ(card_.steering.size(), told + 2) << "half-open connections expired";
}

TEST_F(EngineCard, a_learned_connection_is_as_if_it_had_been_scheduled_here) {
    const ServerIndex first = engine_.steering(card_.services[0], 4096)->servers[0];
    const ServerIndex second = engine_.steering(card_.services[0], 4096)->servers[1];
    learn(1, first, tcp_flag::kSyn);
    EXPECT_EQ(state(), "SYN_RECV");
    EXPECT_TRUE(card_.offered.empty());
    EXPECT_EQ(engine_.service(kWeb)->counters.connections, 1u);
    EXPECT_EQ(engine_.service(kWeb)->counters.packets_in, 0u) << "the card's counters tell";
    learn(1, first, tcp_flag::kSyn);
    EXPECT_EQ(engine_.connection_count(), 1u);
    EXPECT_EQ(engine_.service(kWeb)->counters.connections, 1u);
    learn(1, first, tcp_flag::kAck);
    EXPECT_EQ(state(), "ESTABLISHED");
    EXPECT_EQ(card_.offered.size(), 1u);
    EXPECT_EQ(counter("connections_learned"), 1u);
    EXPECT_EQ(send(tcp_flag::kSyn, 2).server, second) << "the turn goes on";
}

TEST_F(EngineCard, a_punted_packet_of_a_learned_connection_goes_to_its_server) {
    const ServerIndex first = engine_.steering(card_.services[0], 4096)->servers[0];
    learn(1, first, tcp_flag::kSyn);
    (void)send(tcp_flag::kSyn, 2);
    EXPECT_EQ(send(tcp_flag::kAck, 1).server, first);
    EXPECT_EQ(card_.offered.size(), 1u);
}

TEST_F(EngineCard, a_connection_stays_where_the_engine_has_it_whatever_the_card_chose) {
    const Verdict opened = send(tcp_flag::kSyn, 1);
    const ServerIndex other = opened.server == server_of(1) ? server_of(2) : server_of(1);
    learn(1, other, tcp_flag::kSyn);
    EXPECT_EQ(counter("learned_elsewhere"), 1u);
    ASSERT_EQ(card_.offered.size(), 1u) << "at once, so that the next packet goes there";
    EXPECT_EQ(card_.offered[0].server, opened.server);
    EXPECT_EQ(send(tcp_flag::kAck, 1).server, opened.server);
}

TEST_F(EngineCard, a_learned_syn_on_a_connection_that_is_over_begins_another) {
    const Verdict opened = open(1);
    (void)send(tcp_flag::kRst, 1);
    learn(1, opened.server == server_of(1) ? server_of(2) : server_of(1), tcp_flag::kSyn);
    EXPECT_EQ(engine_.connection_count(), 1u);
    EXPECT_EQ(state(), "SYN_RECV");
    EXPECT_EQ(counter("learned_elsewhere"), 0u);
}

TEST_F(EngineCard, what_is_learned_of_strangers_is_counted_and_ignored) {
    learn(1, 77, tcp_flag::kSyn);
    EXPECT_EQ(engine_.connection_count(), 0u);
    EXPECT_EQ(counter("late_card_messages"), 1u);
    const ServerIndex gone = server_of(1);
    ASSERT_TRUE(engine_.delete_server(kWeb, server_key(1)));
    learn(1, gone, tcp_flag::kSyn);
    EXPECT_EQ(engine_.connection_count(), 1u) << "scheduled before the server was deleted";
    EXPECT_EQ(send(tcp_flag::kAck, 1).action, Action::drop);
}

TEST_F(EngineCard, a_full_table_learns_nothing_and_schedules_nothing) {
    for (std::uint16_t port = 1; port <= 8; ++port) {
        learn(port, server_of(1), tcp_flag::kSyn);
    }
    EXPECT_FALSE(engine_.may_steer());
    EXPECT_FALSE(engine_.steering(card_.services[0], 4096));
    learn(9, server_of(1), tcp_flag::kSyn);
    EXPECT_EQ(engine_.connection_count(), 8u);
    EXPECT_EQ(counter("connection_table_full"), 1u);
}

TEST_F(EngineCard, a_connection_is_found_by_its_clients_end) {
    learn(1, server_of(1), tcp_flag::kSyn);
    const ConnectionHandle found =
        engine_.connection_of(card_.services[0], model::Ipv4{0x0a010001}, 1);
    EXPECT_TRUE(found.valid());
    EXPECT_FALSE(engine_.connection_of(card_.services[0], model::Ipv4{0x0a010001}, 2).valid());
    engine_.on_card_flags(found, tcp_flag::kFin, Direction::to_server, now_);
    EXPECT_EQ(state(), "TIME_WAIT");
}

TEST_F(EngineCard, an_association_that_the_card_scheduled_begins_with_its_init) {
    const model::ServiceKey key{
        .address = model::Ipv4{0x0a080004}, .port = 80, .protocol = model::Protocol::sctp};
    add(key, {.scheduler = "rr"}, 1);
    const ServiceIndex service = card_.services.back();
    ASSERT_TRUE(engine_.steering(service, 4096));
    const LearnedPacket packet{.service = service,
                               .server = server_of(3),
                               .client_address = model::Ipv4{0x0a010001},
                               .client_port = 7};
    engine_.on_learned(packet, now_);
    EXPECT_EQ(state(), "INIT1");
    engine_.on_learned(packet, now_);
    EXPECT_EQ(state(), "INIT1") << "a later packet";
    ASSERT_TRUE(engine_.edit_server(key, server_key(1), {.forwarding = model::Forwarding::nat}));
    EXPECT_FALSE(engine_.steering(service, 4096)) << "its checksum covers the whole packet";
}

TEST_F(EngineCard, a_learned_nat_connection_is_offered_when_its_server_speaks) {
    ASSERT_TRUE(engine_.add_service(kNat, {.scheduler = "rr"}));
    ASSERT_TRUE(
        engine_.add_server(kNat, server_key(9, 8080), {.forwarding = model::Forwarding::nat}));
    engine_.on_learned({.service = card_.services.back(),
                        .server = server_of(3),
                        .client_address = model::Ipv4{0x0a010001},
                        .client_port = 1,
                        .tcp_flags = tcp_flag::kSyn},
                       now_);
    Packet reply{.tcp_flags = tcp_flag::kSyn | tcp_flag::kAck,
                 .ip_length_bytes = kPacketBytes,
                 .source_address = server_key(9).address,
                 .source_port = 8080,
                 .destination_address = model::Ipv4{0x0a010001},
                 .destination_port = 1};
    EXPECT_EQ(engine_.handle(reply, now_).direction, Direction::to_client);
    EXPECT_TRUE(card_.offered.empty()) << "who floods it with SYNs gets no further";
    reply.tcp_flags = tcp_flag::kAck;
    (void)engine_.handle(reply, now_);
    EXPECT_EQ(state(), "ESTABLISHED");
    EXPECT_EQ(card_.offered.size(), 1u);
}

}  // namespace
}  // namespace fpvs::engine
