// SPDX-License-Identifier: Apache-2.0
// Engines of one director on threads of their own, with edits meanwhile: the books balance at the
// end.  Worth running under ThreadSanitizer.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include "tests/kit/engine_group.hpp"

namespace fpvs::engine {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kWorkers = 3;
constexpr std::uint32_t kClients = 2'000;
constexpr int kRounds = 6;  // SYN, then ACKs, then FIN.
constexpr std::uint32_t kServers = 8;
const model::ServiceKey kWeb{.address = model::Ipv4{0xc0000201}, .port = 80};
const model::ServiceKey kSticky{.address = model::Ipv4{0xc0000202}, .port = 80};

model::ServerKey server(std::uint32_t number) {
    return {.address = model::Ipv4{0x0a000000 + number}, .port = 80};
}

Packet packet_of(const model::ServiceKey& service, std::uint32_t client, int round) {
    return {.tcp_flags = round == 0 ? tcp_flag::kSyn
                         : round == kRounds - 1
                             ? static_cast<std::uint8_t>(tcp_flag::kFin | tcp_flag::kAck)
                             : tcp_flag::kAck,
            .ip_length_bytes = 50,
            .source_address = model::Ipv4{0x0b000000 + client % 100},
            .source_port = static_cast<std::uint16_t>(1024 + client),
            .destination_address = service.address,
            .destination_port = service.port};
}

class EngineThreads : public testing::Test {
  protected:
    EngineThreads() {
        for (const auto& key : {kWeb, kSticky}) {
            model::ServiceSettings settings{.scheduler = "wlc"};
            if (key == kSticky) {
                settings.persistence = model::Persistence{};
            }
            FPVS_CHECK(group_.first().add_service(key, settings));
            for (std::uint32_t i = 0; i < kServers; ++i) {
                FPVS_CHECK(group_.first().add_server(key,
                                                     server(i + (key == kSticky ? kServers : 0)),
                                                     {.forwarding = model::Forwarding::nat}));
            }
        }
    }

    // What worker `number` does with the packets that are its, and the answers to them.
    void work(std::size_t number) {
        Engine& engine = group_[number];
        auto now = Engine::Time(1000s);
        for (int round = 0; round < kRounds; ++round) {
            for (std::uint32_t client = 0; client < kClients; ++client) {
                for (const auto& service : {kWeb, kSticky}) {
                    const Packet packet = packet_of(service, client, round);
                    if (engine.sender_owner(packet) == number) {
                        exchange(engine, packet, now);
                    }
                }
            }
            now += 100ms;
            while (engine.expire(now, 64)) {
            }
            if (number == 0) {
                edit(round);
            }
        }
        ++done_;
    }

    void exchange(Engine& engine, const Packet& packet, Engine::Time now) {
        const Verdict there = engine.handle(packet, now);
        if (there.action != Action::forward) {
            ++refused_;
            return;
        }
        const Translation ends = engine.translation(packet, there);
        const Verdict back = engine.handle({.tcp_flags = tcp_flag::kAck,
                                            .ip_length_bytes = 70,
                                            .source_address = ends.destination_address,
                                            .source_port = ends.destination_port,
                                            .destination_address = ends.source_address,
                                            .destination_port = ends.source_port},
                                           now);
        answers_ += back.direction == Direction::to_client ? 1 : 0;
        ++forwarded_;
    }

    // None of these takes a server away that connections have.
    void edit(int round) {
        Engine& engine = group_.first();
        for (std::uint32_t i = 0; i < 200; ++i) {
            ASSERT_TRUE(engine.add_server(kWeb, server(1000 + i), {.weight = 0}));
            ASSERT_TRUE(engine.edit_server(kWeb,
                                           server(i % kServers),
                                           {.forwarding = model::Forwarding::nat,
                                            .weight = static_cast<std::int32_t>(1 + i % 3)}));
            ASSERT_TRUE(engine.delete_server(kWeb, server(1000 + i)));
        }
        ASSERT_TRUE(engine.set("secure_tcp", 0));
        engine.set_timeouts({.tcp_s = static_cast<std::uint32_t>(900 + round)});
        ASSERT_EQ(engine.services().size(), 2u);
    }

    kit::EngineGroup group_{{.connections_max = 65536, .hash_seed = 3}, kWorkers};
    std::atomic<std::size_t> done_ = 0;
    std::atomic<std::uint64_t> forwarded_ = 0;
    std::atomic<std::uint64_t> answers_ = 0;
    std::atomic<std::uint64_t> refused_ = 0;
};

TEST_F(EngineThreads, keep_one_directors_books) {
    std::vector<std::thread> threads;
    for (std::size_t number = 0; number < kWorkers; ++number) {
        threads.emplace_back([this, number] { work(number); });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    EXPECT_EQ(done_, kWorkers);
    EXPECT_EQ(refused_, 0u);
    EXPECT_EQ(forwarded_, 2u * kClients * kRounds);
    EXPECT_EQ(answers_, forwarded_);
    // A template a client of the persistent service.
    EXPECT_EQ(group_.first().connection_count(), 2 * kClients + 100);
    for (const auto& service : group_.first().services()) {
        EXPECT_EQ(service.counters.connections, kClients);
        EXPECT_EQ(service.counters.packets_in, kClients * kRounds);
        EXPECT_EQ(service.counters.bytes_out, 70u * kClients * kRounds);
        std::uint64_t connections = 0;
        std::uint64_t templates = 0;
        for (const auto& one : service.servers) {
            connections += one.active_connections + one.inactive_connections;
            templates += one.persistent_connections;
        }
        EXPECT_EQ(connections, kClients);
        EXPECT_EQ(templates, service.key == kSticky ? 100u : 0u);
    }
    group_.expire(5000s);
    EXPECT_EQ(group_.first().connection_count(), 0u);
}

}  // namespace
}  // namespace fpvs::engine
