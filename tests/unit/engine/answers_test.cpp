// SPDX-License-Identifier: Apache-2.0
// Connections that servers answer by way of the director: NAT and FULLNAT.
#include "tests/unit/engine/engine_kit.hpp"

namespace fpvs::engine {
namespace {

constexpr std::uint16_t kClientPort = 40000;

class Answers : public EngineTest {
  protected:
    void SetUp() override {
        ASSERT_TRUE(engine_.add_service(kWeb, {.scheduler = "rr"}));
        ASSERT_TRUE(
            engine_.add_server(kWeb, server_key(1), {.forwarding = model::Forwarding::nat}));
    }
    [[nodiscard]] static Packet answer(std::uint8_t flags, std::uint16_t client_port) {
        return {.protocol = model::Protocol::tcp,
                .tcp_flags = flags,
                .ip_length_bytes = kPacketBytes,
                .source_address = server_key(1).address,
                .source_port = server_key(1).port,
                .destination_address = model::Ipv4{0x0a010001},
                .destination_port = client_port};
    }
    // As a worker asks: keys and guesses first, the decision after whatever `between` does.
    template <class Between>
    [[nodiscard]] Verdict answer_after(const Packet& packet, Between&& between) {
        EXPECT_TRUE(engine_.may_be_reply(packet));
        Flow flow;
        Flow reply;
        engine_.set_flow(flow, packet);
        engine_.set_reply(reply, packet);
        engine_.prefetch(flow);
        engine_.prefetch_reply(reply);
        engine_.prefetch_connection(flow);
        engine_.prefetch_replied(reply);
        between();
        return engine_.handle(packet, flow, reply, now_);
    }
    [[nodiscard]] Verdict answer_in_burst(std::uint8_t flags) {
        return answer_after(answer(flags, kClientPort), [] {});
    }
};

TEST_F(Answers, go_to_the_client_and_are_counted_with_the_server) {
    (void)open(kClientPort);
    const Verdict verdict = answer_in_burst(tcp_flag::kAck);
    EXPECT_EQ(verdict.action, Action::forward);
    EXPECT_EQ(verdict.direction, Direction::to_client);
    EXPECT_EQ(counter("replies"), 1u);
    EXPECT_EQ(server_view(0).counters.packets_out, 1u);
    EXPECT_EQ(server_view(0).counters.bytes_out, kPacketBytes);
}

TEST_F(Answers, keep_the_connection_alive) {
    engine_.set_timeouts({.tcp_s = 60});
    (void)open(kClientPort);
    for (int i = 0; i < 3; ++i) {
        wait(40s);
        EXPECT_EQ(answer_in_burst(tcp_flag::kAck).action, Action::forward);
    }
    EXPECT_EQ(engine_.connection_count(), 1u);
    wait(61s);
    EXPECT_EQ(engine_.connection_count(), 0u);
}

TEST_F(Answers, move_the_state_when_they_end_the_connection) {
    (void)open(kClientPort);
    (void)answer_in_burst(tcp_flag::kAck);
    (void)answer_in_burst(tcp_flag::kFin | tcp_flag::kAck);
    EXPECT_EQ(engine_.connections(0, 1, now_).connections.at(0).state, "FIN_WAIT");
    (void)send(tcp_flag::kFin | tcp_flag::kAck, kClientPort);
    EXPECT_EQ(engine_.connections(0, 1, now_).connections.at(0).state, "TIME_WAIT");
}

// A client's connections by two virtual addresses may have the same answers.
TEST_F(Answers, find_the_connection_that_lives_where_another_with_the_same_answers_is_over) {
    constexpr model::ServiceKey kOther = {.address = model::Ipv4{0x0a080003}, .port = 80};
    ASSERT_TRUE(engine_.add_service(kOther, {.scheduler = "rr"}));
    ASSERT_TRUE(engine_.add_server(kOther, server_key(1), {.forwarding = model::Forwarding::nat}));
    engine_.set_timeouts({.tcp_s = 60});
    const auto connect = [this](const model::ServiceKey& service) {
        (void)engine_.handle(packet(service, tcp_flag::kSyn, kClientPort), now_);
        (void)engine_.handle(packet(service, tcp_flag::kAck, kClientPort), now_);
    };
    connect(kWeb);
    now_ += 40s;
    connect(kOther);
    now_ += 40s;  // And nobody looked at timers.
    EXPECT_EQ(answer_in_burst(tcp_flag::kAck).action, Action::forward);
}

// An earlier packet of the burst may have ended what was guessed.
TEST_F(Answers, of_a_connection_that_ended_meanwhile_are_nobodys) {
    (void)open(kClientPort);
    const Verdict verdict = answer_after(answer(tcp_flag::kAck, kClientPort), [this] {
        engine_.flush();
        wait(16min);
    });
    EXPECT_NE(verdict.action, Action::forward);
}

TEST_F(Answers, of_a_record_that_is_another_connections_now_are_nobodys) {
    (void)open(kClientPort);
    const Verdict verdict = answer_after(answer(tcp_flag::kAck, kClientPort), [this] {
        wait(16min);
        (void)open(kClientPort + 1);
    });
    EXPECT_NE(verdict.action, Action::forward);
    EXPECT_EQ(answer_after(answer(tcp_flag::kAck, kClientPort + 1), [] {}).action, Action::forward);
}

TEST_F(Answers, a_clients_packet_in_a_burst_goes_to_the_connection_that_replaced_the_guess) {
    (void)open(kClientPort);
    const Packet packet = EngineTest::packet(kWeb, tcp_flag::kAck, kClientPort);
    Flow flow;
    engine_.set_flow(flow, packet);
    engine_.prefetch(flow);
    engine_.prefetch_connection(flow);
    (void)send(tcp_flag::kRst, kClientPort);
    ASSERT_TRUE(engine_.add_server(kWeb, server_key(2), {.forwarding = model::Forwarding::nat}));
    const Verdict replacement = send(tcp_flag::kSyn, kClientPort);
    const Verdict verdict = engine_.handle(packet, flow, now_);
    EXPECT_EQ(verdict.connection, replacement.connection);
    EXPECT_EQ(verdict.server, replacement.server);
}

TEST(FullNat, every_port_of_every_local_address_is_used_before_any_connection_is_refused) {
    constexpr std::uint32_t kPorts = 65536 - 1024;  // Of one address.
    constexpr std::uint32_t kAddresses = 2;
    Engine engine({.connections_max = kAddresses * kPorts + 1024, .hash_seed = 7});
    ASSERT_TRUE(engine.add_service(kDns, {.scheduler = "rr"}));
    ASSERT_TRUE(
        engine.add_server(kDns, server_key(1, 53), {.forwarding = model::Forwarding::full_nat}));
    for (std::uint32_t i = 0; i < kAddresses; ++i) {
        ASSERT_TRUE(engine.add_local_address(kDns, model::Ipv4{0x0a090001 + i}));
    }
    const auto send = [&engine](std::uint32_t client) {
        return engine.handle({.protocol = model::Protocol::udp,
                              .ip_length_bytes = kPacketBytes,
                              .source_address = model::Ipv4{0x0b000000 + client},
                              .source_port = 5353,
                              .destination_address = kDns.address,
                              .destination_port = kDns.port},
                             1000s);
    };
    for (std::uint32_t client = 0; client < kAddresses * kPorts; ++client) {
        ASSERT_EQ(send(client).action, Action::forward) << client;
    }
    const Verdict refused = send(kAddresses * kPorts);
    EXPECT_EQ(refused.action, Action::drop);
    EXPECT_EQ(refused.reason, Reason::local_ports_exhausted);
}

// The search for a local end comes by the old one's when the addresses become more.
TEST(FullNat, a_connection_that_takes_the_place_of_another_gets_a_local_end_of_its_own) {
    Engine engine({.connections_max = 8, .hash_seed = 7});
    ASSERT_TRUE(engine.add_service(kWeb, {.scheduler = "rr"}));
    ASSERT_TRUE(
        engine.add_server(kWeb, server_key(1), {.forwarding = model::Forwarding::full_nat}));
    ASSERT_TRUE(engine.add_local_address(kWeb, model::Ipv4{0x0a090001}));
    const auto send = [&engine](std::uint8_t flags) {
        const Packet packet{.protocol = model::Protocol::tcp,
                            .tcp_flags = flags,
                            .ip_length_bytes = kPacketBytes,
                            .source_address = model::Ipv4{0x0b000001},
                            .source_port = kClientPort,
                            .destination_address = kWeb.address,
                            .destination_port = kWeb.port};
        return engine.translation(packet, engine.handle(packet, 1000s));
    };
    const Translation first = send(tcp_flag::kSyn);
    (void)send(tcp_flag::kAck);
    (void)send(tcp_flag::kRst);
    ASSERT_TRUE(engine.add_local_address(kWeb, model::Ipv4{0x0a090002}));
    const Translation second = send(tcp_flag::kSyn);
    EXPECT_TRUE(first.source_address != second.source_address ||
                first.source_port != second.source_port);
    EXPECT_EQ(engine.connection_count(), 1u);
}

}  // namespace
}  // namespace fpvs::engine
