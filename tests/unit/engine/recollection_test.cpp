// SPDX-License-Identifier: Apache-2.0
// What one engine leaves in kept memory, given back to the next one.
#include "host/engine/recollection.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "tests/kit/temporary_folder.hpp"
#include "tests/unit/engine/engine_kit.hpp"

namespace fpvs::engine {
namespace {

constexpr std::size_t kConnectionsMax = 64;
constexpr model::IpAddress kClient = model::Ipv4{0x0a010001};
constexpr model::IpAddress kLocal = model::Ipv4{0x0a0800fe};

class RecollectionTest : public testing::Test {
  protected:
    // A process: what it has of the one before, its memory, its engines.
    struct Life {
        std::optional<Recollection> before;
        std::optional<Names> names;
        std::optional<KeptMemory> kept;
        std::unique_ptr<Director> director;
        std::vector<std::unique_ptr<Engine>> engines;
    };

    void begin_life(std::size_t workers = 1) {
        life_ = std::make_unique<Life>();
        auto kept = KeptMemory::create(path_, kConnectionsMax, workers, 42);
        ASSERT_TRUE(kept) << kept.error().text();
        life_->kept.emplace(std::move(*kept));
        if (auto before = KeptMemory::open(path_)) {
            life_->before.emplace(std::move(*before));
        }
        life_->director = std::make_unique<Director>(
            EngineOptions{.connections_max = kConnectionsMax,
                          .hash_seed = 42,
                          .kept = &*life_->kept,
                          .names_before = life_->before ? &life_->before->names() : nullptr},
            workers);
        for (std::size_t worker = 0; worker < workers; ++worker) {
            life_->engines.push_back(std::make_unique<Engine>(*life_->director, worker));
        }
    }
    void remember() {
        if (life_->before) {
            life_->before->recall_servers(first());
            life_->before->restore_templates(first(), now_);
            for (const auto& engine : life_->engines) {
                life_->before->restore_connections(*engine, now_);
            }
        }
        ASSERT_TRUE(life_->kept->commit());
    }
    // As SIGKILL leaves it.
    void die() { life_.reset(); }

    Engine& first() { return *life_->engines[0]; }
    Engine& owner(std::uint16_t client_port) {
        for (const auto& engine : life_->engines) {
            if (engine->owns(kClient, client_port)) {
                return *engine;
            }
        }
        return first();
    }
    void serve(const model::ServiceSettings& settings,
               model::Forwarding forwarding = model::Forwarding::direct_routing,
               std::vector<std::uint32_t> servers = {1, 2, 3}) {
        ASSERT_TRUE(first().add_service(kWeb, settings));
        if (forwarding == model::Forwarding::full_nat) {
            ASSERT_TRUE(first().add_local_address(kWeb, kLocal));
        }
        for (const std::uint32_t number : servers) {
            ASSERT_TRUE(first().add_server(kWeb, server_key(number), {.forwarding = forwarding}));
        }
    }
    static Packet to_service(std::uint16_t client_port, std::uint8_t flags) {
        return {.tcp_flags = flags,
                .ip_length_bytes = kPacketBytes,
                .source_address = kClient,
                .source_port = client_port,
                .destination_address = kWeb.address,
                .destination_port = kWeb.port};
    }
    Verdict send(std::uint16_t client_port, std::uint8_t flags = tcp_flag::kAck) {
        return owner(client_port).handle(to_service(client_port, flags), now_);
    }
    model::IpAddress open(std::uint16_t client_port) {
        (void)send(client_port, tcp_flag::kSyn);
        return send(client_port).server_address;
    }
    // A life of `kind`, these connections, its end, and the next life up to its memory.
    std::vector<model::IpAddress> outlive(const model::ServiceSettings& settings,
                                          model::Forwarding forwarding,
                                          std::size_t workers,
                                          std::vector<std::uint32_t> servers_after = {3, 1, 2}) {
        begin_life(workers);
        serve(settings, forwarding);
        remember();
        std::vector<model::IpAddress> servers;
        for (std::uint16_t port = 40000; port < 40009; ++port) {
            servers.push_back(open(port));
        }
        die();
        now_ += 2s;
        begin_life(workers);
        serve(settings, forwarding, servers_after);
        remember();
        return servers;
    }

    kit::TemporaryFolder folder_;
    std::string path_ = folder_ / "state";
    std::unique_ptr<Life> life_;
    Engine::Time now_ = 1000s;
};

TEST_F(RecollectionTest, connections_go_on_with_their_servers_states_and_counts) {
    const auto servers = outlive({.scheduler = "rr"}, model::Forwarding::direct_routing, 1);
    EXPECT_EQ(life_->before->connections().restored, 9U);
    EXPECT_EQ(life_->before->connections().refused, 0U);
    const auto view = first().service(kWeb);
    for (const model::ServerView& server : view->servers) {
        EXPECT_EQ(server.active_connections, 3U);
        EXPECT_EQ(server.inactive_connections, 0U);
    }
    for (std::uint16_t port = 40000; port < 40009; ++port) {
        const Verdict verdict = send(port);
        EXPECT_EQ(verdict.action, Action::forward);
        EXPECT_EQ(verdict.server_address, servers[port - 40000U]);
    }
    EXPECT_EQ(first().connection_count(), 9U);
    now_ += 901s;
    while (first().expire(now_, 100)) {
    }
    EXPECT_EQ(first().connection_count(), 0U);
}

TEST_F(RecollectionTest, numbers_mean_the_same_servers_in_whatever_order_they_come) {
    begin_life();
    serve({}, model::Forwarding::direct_routing, {1, 2, 3});
    remember();
    std::vector<model::ServerKey> keys;
    for (ServerIndex i = 0; i < 3; ++i) {
        keys.push_back(life_->kept->names().servers[i].key);
    }
    die();
    begin_life();
    serve({}, model::Forwarding::direct_routing, {9, 3, 1});
    EXPECT_TRUE(first().has_server(0, kWeb, keys[0]));
    EXPECT_TRUE(first().has_server(2, kWeb, keys[2]));
    EXPECT_TRUE(first().has_server(3, kWeb, server_key(9))) << "1 is kept for who had it";
}

TEST_F(RecollectionTest, several_workers_find_what_is_theirs) {
    for (const auto forwarding : {model::Forwarding::nat, model::Forwarding::full_nat}) {
        const auto servers = outlive({.scheduler = "rr"}, forwarding, 3);
        EXPECT_EQ(life_->before->connections().restored, 9U);
        for (std::uint16_t port = 40000; port < 40009; ++port) {
            EXPECT_EQ(send(port).server_address, servers[port - 40000U]);
        }
        die();
        std::remove(path_.c_str());
    }
}

TEST_F(RecollectionTest, answers_of_full_nat_find_their_client) {
    begin_life();
    serve({}, model::Forwarding::full_nat, {1});
    remember();
    const Verdict verdict = send(40000, tcp_flag::kSyn);
    const Translation ends = first().translation(to_service(40000, 0), verdict);
    die();
    begin_life();
    serve({}, model::Forwarding::full_nat, {1});
    remember();
    const Packet answer{.tcp_flags = tcp_flag::kSyn | tcp_flag::kAck,
                        .source_address = ends.destination_address,
                        .source_port = ends.destination_port,
                        .destination_address = ends.source_address,
                        .destination_port = ends.source_port};
    const Verdict back = first().handle(answer, now_);
    EXPECT_EQ(back.direction, Direction::to_client);
    EXPECT_EQ(first().translation(answer, back).destination_port, 40000);
}

TEST_F(RecollectionTest, connections_of_ipv6_go_on) {
    const model::ServiceKey service{.address = *model::parse_address("2001:db8::50"), .port = 80};
    const model::ServerKey server{.address = *model::parse_address("2001:db8::1:1"), .port = 80};
    Packet packet{.tcp_flags = tcp_flag::kSyn,
                  .source_address = *model::parse_address("2001:db8:1::7"),
                  .source_port = 40000,
                  .destination_address = service.address,
                  .destination_port = 80};
    for (int life = 0; life < 3; ++life) {
        begin_life();
        ASSERT_TRUE(first().add_service(service, {}));
        ASSERT_TRUE(first().add_server(service, server, {}));
        remember();
        EXPECT_EQ(first().handle(packet, now_).server_address, server.address);
        packet.tcp_flags = tcp_flag::kAck;
        die();
    }
}

TEST_F(RecollectionTest, templates_bind_their_clients_still) {
    const model::ServiceSettings sticky{.scheduler = "rr", .persistence = model::Persistence{}};
    const auto servers = outlive(sticky, model::Forwarding::direct_routing, 1);
    EXPECT_EQ(life_->before->templates().restored, 1U);
    EXPECT_EQ(open(50000), servers[0]) << "the same client";
    now_ += 200s;
    EXPECT_EQ(open(50001), servers[0]);
    now_ += 300s;
    EXPECT_EQ(open(50002), servers[0]) << "within 360 s of the one before";
}

TEST_F(RecollectionTest, a_server_that_is_not_configured_is_waited_for) {
    const auto servers = outlive({.scheduler = "rr"}, model::Forwarding::direct_routing, 1, {1, 2});
    const auto gone = model::IpAddress(server_key(3).address);
    for (std::uint16_t port = 40000; port < 40009; ++port) {
        const Verdict verdict = send(port);
        if (servers[port - 40000U] == gone) {
            EXPECT_EQ(verdict.reason, Reason::server_unavailable);
        } else {
            EXPECT_EQ(verdict.server_address, servers[port - 40000U]);
        }
    }
    ASSERT_TRUE(first().add_server(kWeb, server_key(3), {}));
    for (std::uint16_t port = 40000; port < 40009; ++port) {
        EXPECT_EQ(send(port).server_address, servers[port - 40000U]);
    }
}

TEST_F(RecollectionTest, what_expired_meanwhile_does_not_come_back) {
    begin_life();
    serve({});
    remember();
    (void)open(40000);
    (void)send(40001, tcp_flag::kSyn);
    die();
    now_ += 100s;  // A SYN is waited for for 60 seconds.
    begin_life();
    serve({});
    remember();
    EXPECT_EQ(life_->before->connections().restored, 1U);
    EXPECT_EQ(life_->before->connections().expired, 1U);
}

TEST_F(RecollectionTest, an_end_before_all_is_taken_over_loses_nothing) {
    begin_life();
    serve({});
    remember();
    (void)open(40000);
    die();
    begin_life();  // Dies before it remembers.
    serve({});
    die();
    begin_life();
    serve({});
    remember();
    EXPECT_EQ(life_->before->connections().restored, 1U);
}

TEST_F(RecollectionTest, memory_in_use_of_another_size_or_form_is_refused) {
    begin_life();
    serve({});
    remember();
    EXPECT_EQ(KeptMemory::create(path_, 8, 1, 1).error().code, Code::failed_precondition);
    EXPECT_EQ(KeptMemory::open(path_).error().code, Code::failed_precondition);
    die();
    const auto refused_with = [&](std::streamoff at, char byte) {
        std::fstream file(path_, std::ios::in | std::ios::out | std::ios::binary);
        file.seekg(at);
        const char before = static_cast<char>(file.get());
        file.seekp(at);
        file.put(static_cast<char>(before ^ byte));
        file.close();
        const auto opened = KeptMemory::open(path_);
        std::fstream again(path_, std::ios::in | std::ios::out | std::ios::binary);
        again.seekp(at);
        again.put(before);
        return opened ? std::string("taken") : opened.error().message;
    };
    EXPECT_EQ(refused_with(0, 1), "this is no file of kept memory");
    EXPECT_EQ(refused_with(8, 1), "another build of the program has left it, in a form of its own");
    EXPECT_EQ(refused_with(24, 1), "it is of an earlier boot of the machine");
    EXPECT_EQ(refused_with(4096, 1), "its tables are not as large as it says");
    EXPECT_TRUE(KeptMemory::open(path_));
    ASSERT_EQ(::truncate(path_.c_str(), 5000), 0);
    EXPECT_FALSE(KeptMemory::open(path_));
    ASSERT_EQ(::truncate(path_.c_str(), 50), 0);
    EXPECT_EQ(KeptMemory::open(path_).error().message, "it has not even a first page");
}

// Whatever is in the records, only connections of servers that are there come of them.
TEST_F(RecollectionTest, damaged_records_cost_only_themselves) {
    const auto seed = std::random_device()();
    RecordProperty("seed", static_cast<int>(seed));
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    std::mt19937 random(seed);
    for (int round = 0; round < 200; ++round) {
        std::remove(path_.c_str());
        begin_life();
        serve({.scheduler = "rr", .persistence = model::Persistence{}}, model::Forwarding::nat);
        remember();
        for (std::uint16_t port = 40000; port < 40009; ++port) {
            (void)open(port);
        }
        TableMemory records = life_->kept->connections(0);
        auto* bytes = reinterpret_cast<std::uint8_t*>(records.records.data());
        for (int i = 0; i < 4; ++i) {
            bytes[random() % (9 * sizeof(Connection))] = static_cast<std::uint8_t>(random());
        }
        // The engine itself must not see that any more.
        life_->engines.clear();
        die();
        begin_life();
        serve({.scheduler = "rr"}, model::Forwarding::nat);
        remember();
        EXPECT_GE(life_->before->connections().restored, 5U);
        for (const auto& connection : first().connections(0, 100, now_).connections) {
            EXPECT_EQ(connection.server_address.words[0] & 0xffffff00U, 0xc0a87100U);
        }
        for (std::uint16_t port = 40000; port < 40009; ++port) {
            (void)send(port, tcp_flag::kAck);
        }
        while (first().expire(now_, 100)) {
        }
    }
}

}  // namespace
}  // namespace fpvs::engine
