// SPDX-License-Identifier: Apache-2.0
// Several workers on one wire: whoever receives a frame, its connection's owner decides.
#include <gtest/gtest.h>

#include <chrono>
#include <set>
#include <thread>

#include "drivers/dpdk/frame_pool.hpp"
#include "host/slowpath/fragmentation.hpp"
#include "host/slowpath/readers.hpp"
#include "host/slowpath/worker_thread.hpp"
#include "tests/kit/fake_neighbours.hpp"
#include "tests/kit/fake_ports.hpp"
#include "tests/kit/monotonic_clock.hpp"
#include "tests/kit/packet.hpp"
#include "tests/kit/worker_group.hpp"
#include "tests/unit/slowpath/packets.hpp"

namespace fpvs::slowpath {
namespace {

using namespace std::chrono_literals;
using model::Forwarding;

constexpr std::size_t kWorkers = 3;
constexpr std::size_t kFrames = 8192;
constexpr std::uint32_t kClientInterface = 10;
constexpr std::uint32_t kServerInterface = 11;
constexpr std::uint16_t kFirstPort = 30000;

// As old as the EAL: never freed.
rte_mempool& many_frames() {
    static rte_mempool* const pool =
        dpdk::make_frame_pool({.name = "workers", .frames = kFrames})->release();
    return *pool;
}
rte_mempool& whole_packets() {
    static rte_mempool* const pool =
        dpdk::make_frame_pool(
            {.name = "workers whole", .frames = 16, .frame_bytes_max = kWholeFrameBytesMax})
            ->release();
    return *pool;
}

class SlowpathWorkers : public ::testing::Test {
  protected:
    SlowpathWorkers() {
        group.add_port({.number = 0,
                        .interface = "d0",
                        .interface_index = kClientInterface,
                        .mac = *model::parse_mac("02:00:00:00:00:d0")},
                       client_wire,
                       client_host);
        group.add_port({.number = 1,
                        .interface = "d1",
                        .interface_index = kServerInterface,
                        .mac = *model::parse_mac("02:00:00:00:00:d1")},
                       server_wire,
                       server_host,
                       1);
        neighbours.learn("10.0.0.2", "02:00:00:00:00:c0", kClientInterface);
        neighbours.learn("192.168.113.15", "02:00:00:00:01:05", kServerInterface);
        const std::vector<provider::Route> routes = {
            {.prefix = *model::parse_prefix("10.0.0.0/24"), .interface_index = kClientInterface}};
        (void)group.snapshots.routes.replace(std::make_unique<const RouteTable>(routes));
    }
    ~SlowpathWorkers() override {
        client_wire.waiting.clear();
        server_wire.waiting.clear();
        EXPECT_EQ(rte_mempool_in_use_count(&many_frames()), 0U) << "frames were leaked";
        EXPECT_EQ(rte_mempool_in_use_count(&whole_packets()), 0U) << "frames were leaked";
    }

    void serve(Forwarding forwarding) {
        const model::ServiceKey key{.address = *model::parse_ipv4("10.0.0.100"), .port = 80};
        ASSERT_TRUE(group.engine().add_service(key, {.scheduler = "rr"}));
        ASSERT_TRUE(
            group.engine().add_server(key,
                                      {.address = *model::parse_ipv4("192.168.113.15"), .port = 80},
                                      {.forwarding = forwarding}));
    }
    void receive(const kit::Bytes& frame, int port = 0) {
        (port == 0 ? client_wire : server_wire).waiting.push_back({port, frame});
    }
    void step() {
        now += 100us;
        group.step(now);
    }
    static kit::Bytes from_client(std::uint16_t port, std::uint8_t flags = kit::tcp::kSyn) {
        return kit::make_frame({.source_port = port, .flags = flags});
    }
    static kit::Bytes from_server(std::uint16_t client_port) {
        return kit::make_frame({.destination_mac = "02:00:00:00:00:d1",
                                .source_mac = "02:00:00:00:01:05",
                                .source = "192.168.113.15",
                                .destination = "10.0.0.2",
                                .source_port = 80,
                                .destination_port = client_port,
                                .flags = kit::tcp::kSyn | kit::tcp::kAck});
    }
    [[nodiscard]] std::size_t busy_workers() {
        std::size_t busy = 0;
        for (std::size_t worker = 0; worker < kWorkers; ++worker) {
            busy += group[worker].counters()[Outcome::forwarded].frames != 0 ? 1 : 0;
        }
        return busy;
    }

    kit::FakePort client_wire{many_frames(), "client wire"};
    kit::FakePort server_wire{many_frames(), "server wire"};
    kit::FakePort client_host{many_frames(), "d0"};
    kit::FakePort server_host{many_frames(), "d1"};
    kit::FakeNeighbours neighbours;
    kit::WorkerGroup group{kWorkers,
                           {.connections_max = 8192, .hash_seed = 4},
                           neighbours,
                           {.frames = &many_frames(), .whole_packets = &whole_packets()}};
    provider::Nanoseconds now = 100s;
};

TEST_F(SlowpathWorkers, one_worker_receives_and_all_forward) {
    serve(Forwarding::direct_routing);
    constexpr std::uint16_t kClients = 300;
    for (std::uint16_t i = 0; i < kClients; ++i) {
        receive(from_client(kFirstPort + i));
    }
    step();
    EXPECT_EQ(server_wire.take().size(), kClients);
    EXPECT_EQ(busy_workers(), kWorkers);
    EXPECT_EQ(group.count(Outcome::forwarded), kClients);
    EXPECT_GT(group.count(Incident::handed_over), kClients / 2);
    EXPECT_EQ(group.count(Incident::exchange_full), 0U);
    EXPECT_EQ(group.engine().connection_count(), kClients);
}

TEST_F(SlowpathWorkers, replies_by_another_wire_find_their_connections) {
    serve(Forwarding::nat);
    constexpr std::uint16_t kClients = 200;
    for (std::uint16_t i = 0; i < kClients; ++i) {
        receive(from_client(kFirstPort + i));
    }
    step();
    ASSERT_EQ(server_wire.take().size(), kClients);
    for (std::uint16_t i = 0; i < kClients; ++i) {
        receive(from_server(kFirstPort + i), 1);
    }
    step();
    const auto replies = client_wire.take();
    ASSERT_EQ(replies.size(), kClients);
    const kit::Bytes virtual_address = {10, 0, 0, 100};
    for (const auto& reply : replies) {
        EXPECT_TRUE(std::equal(virtual_address.begin(),
                               virtual_address.end(),
                               reply.bytes.begin() + ethernet::kHeaderBytes + ipv4::kSource));
    }
    EXPECT_EQ(group.count(Outcome::replied), kClients);
}

// The server itself is a client of something that is no service: nobody loops it around.
TEST_F(SlowpathWorkers, what_no_worker_knows_reaches_the_kernel) {
    serve(Forwarding::nat);
    for (std::uint16_t port = 1; port <= 100; ++port) {
        receive(from_server(port), 1);
    }
    step();
    EXPECT_EQ(server_host.take().size(), 100U);
    EXPECT_EQ(group.count(Outcome::pass_to_host), 100U);
}

TEST_F(SlowpathWorkers, frames_of_the_kernel_leave_once) {
    client_host.waiting.push_back({0, kit::pattern(60)});
    step();
    EXPECT_EQ(client_wire.take().size(), 1U);
    EXPECT_EQ(group.count(Incident::from_host), 1U);
}

TEST_F(SlowpathWorkers, a_packet_in_fragments_is_whole_before_it_is_handed_over) {
    serve(Forwarding::direct_routing);
    constexpr std::uint16_t kClients = 20;
    for (std::uint16_t i = 0; i < kClients; ++i) {
        TestFrame whole(kit::make_frame({.source_port = static_cast<std::uint16_t>(kFirstPort + i),
                                         .fragment = 0,
                                         .payload_bytes = 1000}));
        std::array<rte_mbuf*, kFragmentsMax> pieces{};
        const std::size_t count =
            fragment(whole.mbuf(), whole.parsed, 600, 1000u + i, test_pool(), pieces);
        ASSERT_EQ(count, 2U);
        (void)whole.frame.release();
        for (rte_mbuf* piece : std::span(pieces).first(count)) {
            receive(kit::bytes_of(*piece));
            rte_pktmbuf_free(piece);
        }
    }
    step();
    EXPECT_EQ(group.count(Outcome::reassembled), 2U * kClients);
    EXPECT_EQ(group.count(Outcome::forwarded), kClients);
    EXPECT_EQ(busy_workers(), kWorkers);
    // In pieces as they came, none longer.
    for (const auto& piece : server_wire.take()) {
        EXPECT_LE(piece.bytes.size(), ethernet::kHeaderBytes + 600U);
    }
}

// A router's "host unreachable" about what NAT sent to the server is for the client.
TEST_F(SlowpathWorkers, an_icmp_error_finds_the_connection_that_it_is_about) {
    serve(Forwarding::nat);
    constexpr std::uint16_t kClients = 50;
    for (std::uint16_t i = 0; i < kClients; ++i) {
        receive(from_client(kFirstPort + i));
    }
    step();
    for (const auto& sent : server_wire.take()) {
        constexpr std::size_t kIcmpBytes = 8;
        constexpr std::size_t kIp = ethernet::kHeaderBytes;
        kit::Bytes error = kit::make_frame({.destination_mac = "02:00:00:00:00:d1",
                                            .source_mac = "02:00:00:00:01:05",
                                            .source = "192.168.113.1",
                                            .destination = "10.0.0.2",
                                            .protocol = ip_protocol::kIcmp,
                                            .payload_bytes = kIcmpBytes + 28});
        const std::size_t icmp = kIp + ipv4::kHeaderBytesMin;
        std::fill(error.begin() + icmp, error.end(), 0);
        error[icmp] = 3;
        error[icmp + 1] = 1;
        std::copy_n(sent.bytes.begin() + kIp, 28, error.begin() + icmp + kIcmpBytes);
        kit::patch16(error, icmp + 2, kit::internet_checksum(std::span(error).subspan(icmp)));
        receive(error, 1);
    }
    step();
    EXPECT_EQ(group.count(Outcome::icmp_forwarded), kClients);
    EXPECT_EQ(client_wire.take().size(), kClients);
}

TEST_F(SlowpathWorkers, a_full_ring_loses_the_newest_and_counts_them) {
    serve(Forwarding::direct_routing);
    constexpr std::size_t kSent = 6000;
    for (std::size_t i = 0; i < kSent; ++i) {
        receive(from_client(static_cast<std::uint16_t>(1024 + i)));
    }
    while (!client_wire.waiting.empty()) {
        now += 100us;
        group[0].step(now);  // The others are stuck.
    }
    const std::uint64_t lost = group.count(Incident::exchange_full);
    EXPECT_GT(lost, 0U);
    step();
    EXPECT_EQ(group.count(Outcome::forwarded), kSent - lost);
    EXPECT_EQ(group[1].counters()[Outcome::forwarded].frames, kExchangeFrames);
    (void)server_wire.take();
}

TEST_F(SlowpathWorkers, neighbours_are_forgotten_by_the_last_worker_that_needs_them) {
    const auto address = *model::parse_address("192.168.113.15");
    SharedNeighbours shared(neighbours, 2);
    EXPECT_TRUE(shared.of(0).resolve(address));
    EXPECT_TRUE(shared.of(1).resolve(address));
    shared.of(0).forget(address);
    EXPECT_FALSE(neighbours.forgotten.contains(address));
    shared.of(1).forget(address);
    EXPECT_TRUE(neighbours.forgotten.contains(address));
}

// Threads, with routes, rules and servers that change meanwhile.
TEST_F(SlowpathWorkers, threads_lose_nothing_and_read_no_snapshot_that_is_gone) {
    serve(Forwarding::nat);
    constexpr std::uint16_t kClients = 1000;
    constexpr int kRounds = 3;
    for (int round = 0; round < kRounds; ++round) {
        for (std::uint16_t i = 0; i < kClients; ++i) {
            receive(from_client(kFirstPort + i, round == 0 ? kit::tcp::kSyn : kit::tcp::kAck));
        }
    }
    const kit::MonotonicClock clock;
    Readers readers(kWorkers);
    std::vector<std::unique_ptr<WorkerThread>> threads;
    for (std::size_t worker = 0; worker < kWorkers; ++worker) {
        threads.push_back(std::make_unique<WorkerThread>(group[worker], clock, &readers));
        ASSERT_TRUE(threads.back()->start());
    }
    const std::vector<provider::Route> routes = {
        {.prefix = *model::parse_prefix("10.0.0.0/24"), .interface_index = kClientInterface}};
    const auto served = [&] {
        std::uint64_t sum = 0;
        for (std::size_t worker = 0; worker < kWorkers; ++worker) {
            sum += threads[worker]->call([&] {
                const Counters& counters = group[worker].counters();
                return counters[Outcome::forwarded].frames +
                       counters[Incident::exchange_full].frames;
            });
        }
        return sum;
    };
    const auto give_up = clock.now() + 20s;
    while (served() < std::uint64_t{kClients} * kRounds && clock.now() < give_up) {
        auto old = group.snapshots.routes.replace(std::make_unique<const RouteTable>(routes));
        auto rules = group.snapshots.marks.replace(std::make_unique<const MarkRules>());
        readers.wait();
        old.reset();
        rules.reset();
        ASSERT_TRUE(threads[0]->call([&] { return group.engine().set("secure_tcp", 0); }));
    }
    for (const auto& thread : threads) {
        thread->stop();
    }
    EXPECT_EQ(server_wire.take().size() + group.count(Incident::exchange_full),
              std::size_t{kClients} * kRounds);
    EXPECT_EQ(busy_workers(), kWorkers);
}

}  // namespace
}  // namespace fpvs::slowpath
