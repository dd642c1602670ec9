// SPDX-License-Identifier: Apache-2.0
// Several workers' engines as one director.
#include <gtest/gtest.h>

#include <chrono>
#include <set>
#include <string>

#include "tests/kit/engine_group.hpp"

namespace fpvs::engine {
namespace {

using namespace std::chrono_literals;
using model::Forwarding;
using model::Protocol;

const model::ServiceKey kWeb{.address = model::Ipv4{0xc0000201}, .port = 80};
constexpr std::uint32_t kFirstServer = 0x0a000001;

class Workers : public testing::Test {
  protected:
    explicit Workers(std::size_t workers = 4) : group_({.hash_seed = 11}, workers) {}

    void serve(const model::ServiceSettings& service, Forwarding forwarding, std::uint32_t count) {
        ASSERT_TRUE(group_.first().add_service(kWeb, service));
        for (std::uint32_t i = 0; i < count; ++i) {
            ASSERT_TRUE(
                group_.first().add_server(kWeb,
                                          {.address = model::Ipv4{kFirstServer + i}, .port = 80},
                                          {.forwarding = forwarding}));
        }
    }
    [[nodiscard]] static Packet from_client(std::uint32_t client, std::uint8_t flags) {
        return {.tcp_flags = flags,
                .ip_length_bytes = 60,
                .source_address = model::Ipv4{0x0b000000 + client},
                .source_port = static_cast<std::uint16_t>(1024 + client),
                .destination_address = kWeb.address,
                .destination_port = kWeb.port};
    }
    Verdict send(std::uint32_t client, std::uint8_t flags) {
        return group_.handle(from_client(client, flags), now_);
    }
    // The server's answer to what the verdict forwarded.
    [[nodiscard]] Packet answer_to(const Packet& packet, const Verdict& verdict) {
        const Translation ends = group_.last().translation(packet, verdict);
        return {.tcp_flags = tcp_flag::kSyn | tcp_flag::kAck,
                .ip_length_bytes = 60,
                .source_address = ends.destination_address,
                .source_port = ends.destination_port,
                .destination_address = ends.source_address,
                .destination_port = ends.source_port};
    }
    [[nodiscard]] model::ServiceView web() { return *group_.first().service(kWeb); }
    void wait(Engine::Time time) {
        now_ += time;
        group_.expire(now_);
    }

    kit::EngineGroup group_;
    Engine::Time now_ = 1000s;
};

TEST_F(Workers, take_turns_as_one_by_rr) {
    serve({.scheduler = "rr"}, Forwarding::direct_routing, 4);
    std::set<const Engine*> used;
    for (std::uint32_t client = 0; client < 400; ++client) {
        const auto verdict = send(client, tcp_flag::kSyn);
        ASSERT_EQ(verdict.server_address.ipv4().value, kFirstServer + 3 - client % 4) << client;
        used.insert(&group_.last());
    }
    EXPECT_EQ(used.size(), 4u);
    for (const auto& server : web().servers) {
        EXPECT_EQ(server.active_connections, 100u);
        EXPECT_EQ(server.counters.packets_in, 100u);
        EXPECT_EQ(server.counters.connections, 100u);
    }
    EXPECT_EQ(web().counters.bytes_in, 400u * 60);
}

TEST_F(Workers, know_each_others_connections_by_lc) {
    serve({.scheduler = "lc"}, Forwarding::direct_routing, 2);
    for (std::uint32_t client = 0; client < 100; ++client) {
        (void)send(client, tcp_flag::kSyn);
        (void)send(client, tcp_flag::kAck);
    }
    EXPECT_EQ(web().servers[0].active_connections, 50u);
    EXPECT_EQ(web().servers[1].active_connections, 50u);
}

TEST_F(Workers, share_a_servers_threshold) {
    serve({.scheduler = "rr"}, Forwarding::direct_routing, 1);
    ASSERT_TRUE(group_.first().edit_server(
        kWeb, {.address = model::Ipv4{kFirstServer}, .port = 80}, {.upper_threshold = 10}));
    int taken = 0;
    for (std::uint32_t client = 0; client < 100; ++client) {
        taken += send(client, tcp_flag::kSyn).action == Action::forward ? 1 : 0;
    }
    EXPECT_EQ(taken, 10);
}

TEST_F(Workers, find_the_connection_of_a_reply) {
    for (const Forwarding forwarding : {Forwarding::nat, Forwarding::full_nat}) {
        serve({.scheduler = "rr"}, forwarding, 4);
        ASSERT_TRUE(group_.first().add_local_address(kWeb, model::Ipv4{0x0a0000fe}));
        for (std::uint32_t client = 0; client < 200; ++client) {
            const Packet opening = from_client(client, tcp_flag::kSyn);
            const auto there = group_.handle(opening, now_);
            ASSERT_EQ(there.action, Action::forward);
            const Packet answer = answer_to(opening, there);
            const Engine* const owner = &group_.last();
            const auto back = group_.handle(answer, now_);
            ASSERT_EQ(back.action, Action::forward);
            ASSERT_EQ(back.direction, Direction::to_client);
            ASSERT_EQ(&group_.last(), owner);
            const Translation ends = group_.last().translation(answer, back);
            ASSERT_EQ(ends.destination_port, opening.source_port);
            ASSERT_EQ(ends.source_address, kWeb.address);
        }
        EXPECT_EQ(web().counters.packets_out, 200u);
        group_.first().flush();
        wait(400s);
        EXPECT_EQ(group_.first().connection_count(), 0u);
    }
}

// A real server that talks to a virtual service looks like a server that answers.
TEST_F(Workers, take_a_servers_own_connections_for_what_they_are) {
    serve({.scheduler = "rr"}, Forwarding::nat, 2);
    for (std::uint16_t port = 2000; port < 2100; ++port) {
        Packet opening = from_client(0, tcp_flag::kSyn);
        opening.source_address = model::Ipv4{kFirstServer};
        opening.source_port = port;
        const auto there = group_.handle(opening, now_);
        ASSERT_EQ(there.action, Action::forward);
        ASSERT_EQ(there.direction, Direction::to_server);
        const auto back = group_.handle(answer_to(opening, there), now_);
        ASSERT_EQ(back.direction, Direction::to_client);
        opening.tcp_flags = tcp_flag::kAck;
        ASSERT_EQ(group_.handle(opening, now_).direction, Direction::to_server);
    }
    EXPECT_EQ(group_.first().connection_count(), 100u);
    EXPECT_EQ(web().counters.connections, 100u);
}

TEST_F(Workers, share_persistence_templates) {
    serve({.scheduler = "rr", .persistence = model::Persistence{.timeout_s = 50}},
          Forwarding::direct_routing,
          4);
    std::set<std::uint32_t> servers;
    std::set<const Engine*> used;
    for (std::uint16_t port = 2000; port < 2100; ++port) {
        Packet packet = from_client(0, tcp_flag::kSyn);
        packet.source_port = port;
        servers.insert(group_.handle(packet, now_).server_address.ipv4().value);
        used.insert(&group_.last());
    }
    EXPECT_EQ(used.size(), 4u);
    EXPECT_EQ(servers.size(), 1u);
    std::size_t templates = 0;
    for (const auto& connection : group_.connections(now_)) {
        templates += connection.template_entry ? 1 : 0;
    }
    EXPECT_EQ(templates, 1u);
    EXPECT_EQ(group_.first().connection_count(), 101u);
    wait(200s);
    EXPECT_EQ(group_.first().connection_count(), 0u);
}

TEST_F(Workers, all_learn_of_a_deleted_server) {
    serve({.scheduler = "rr"}, Forwarding::direct_routing, 1);
    for (std::uint32_t client = 0; client < 100; ++client) {
        (void)send(client, tcp_flag::kSyn);
        ASSERT_EQ(send(client, tcp_flag::kAck).action, Action::forward);
    }
    ASSERT_TRUE(
        group_.first().delete_server(kWeb, {.address = model::Ipv4{kFirstServer}, .port = 80}));
    for (std::uint32_t client = 0; client < 100; ++client) {
        ASSERT_EQ(send(client, tcp_flag::kAck).reason, Reason::server_unavailable);
    }
}

TEST_F(Workers, sweep_the_connections_of_a_deleted_server) {
    serve({.scheduler = "rr", .persistence = model::Persistence{}}, Forwarding::direct_routing, 1);
    ASSERT_TRUE(group_.first().set("expire_nodest_conn", 1));
    for (std::uint32_t client = 0; client < 100; ++client) {
        (void)send(client, tcp_flag::kSyn);
    }
    EXPECT_EQ(group_.first().connection_count(), 200u);
    ASSERT_TRUE(
        group_.first().delete_server(kWeb, {.address = model::Ipv4{kFirstServer}, .port = 80}));
    wait(1s);
    EXPECT_EQ(group_.first().connection_count(), 0u);
}

TEST_F(Workers, obey_timeouts_and_settings_at_once) {
    serve({.scheduler = "rr"}, Forwarding::direct_routing, 1);
    for (std::uint32_t client = 0; client < 100; ++client) {
        (void)send(client, tcp_flag::kSyn);
        (void)send(client, tcp_flag::kAck);
    }
    group_.first().set_timeouts({.tcp_s = 5, .tcp_fin_s = 0, .udp_s = 0});
    for (std::uint32_t client = 0; client < 100; ++client) {
        (void)send(client, tcp_flag::kAck);
    }
    wait(6s);
    EXPECT_EQ(group_.first().connection_count(), 0u);
}

TEST_F(Workers, zero_all_counters) {
    serve({.scheduler = "rr"}, Forwarding::nat, 1);
    for (std::uint32_t client = 0; client < 100; ++client) {
        (void)send(client, tcp_flag::kSyn);
    }
    ASSERT_TRUE(group_.first().zero(std::nullopt));
    EXPECT_EQ(web().counters.packets_in, 0u);
    EXPECT_EQ(web().servers[0].counters.bytes_in, 0u);
    (void)send(7, tcp_flag::kAck);
    EXPECT_EQ(web().counters.packets_in, 1u);
    EXPECT_EQ(web().servers[0].counters.bytes_in, 60u);
}

// The workers' tables have room for more, but the director has not.
TEST(WorkersLimit, connections_of_all_workers_are_counted_together) {
    kit::EngineGroup group({.connections_max = 100, .hash_seed = 5}, 3);
    ASSERT_TRUE(group.first().add_service(kWeb, {.scheduler = "rr"}));
    ASSERT_TRUE(
        group.first().add_server(kWeb, {.address = model::Ipv4{kFirstServer}, .port = 80}, {}));
    for (std::uint16_t port = 1; port <= 150; ++port) {
        const auto verdict = group.handle({.tcp_flags = tcp_flag::kSyn,
                                           .source_address = model::Ipv4{1},
                                           .source_port = static_cast<std::uint16_t>(1000 + port),
                                           .destination_address = kWeb.address,
                                           .destination_port = 80},
                                          1000s);
        ASSERT_EQ(verdict.action, port <= 100 ? Action::forward : Action::drop) << port;
    }
    EXPECT_EQ(group.first().connection_count(), 100u);
}

TEST(WorkersLimit, what_one_list_shows_is_paged_over_templates_and_connections) {
    kit::EngineGroup group({.hash_seed = 5}, 1);
    ASSERT_TRUE(
        group.first().add_service(kWeb, {.scheduler = "rr", .persistence = model::Persistence{}}));
    ASSERT_TRUE(
        group.first().add_server(kWeb, {.address = model::Ipv4{kFirstServer}, .port = 80}, {}));
    for (std::uint32_t client = 1; client <= 10; ++client) {
        (void)group.handle({.tcp_flags = tcp_flag::kSyn,
                            .source_address = model::Ipv4{client},
                            .source_port = 1000,
                            .destination_address = kWeb.address,
                            .destination_port = 80},
                           1000s);
    }
    std::set<std::pair<std::uint32_t, bool>> seen;
    std::uint64_t cursor = 0;
    int pages = 0;
    do {
        const auto page = group.first().connections(cursor, 3, 1000s);
        EXPECT_LE(page.connections.size(), 3u);
        for (const auto& connection : page.connections) {
            EXPECT_TRUE(
                seen.insert({connection.client_address.ipv4().value, connection.template_entry})
                    .second);
        }
        cursor = page.next_cursor;
        ++pages;
    } while (cursor != 0);
    EXPECT_EQ(seen.size(), 20u);
    EXPECT_EQ(pages, 7);
}

}  // namespace
}  // namespace fpvs::engine
