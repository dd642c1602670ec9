// SPDX-License-Identifier: Apache-2.0
// A director of the recordings in tests/data/pkt, in memory: port 0 (d0) to the client, port 1 (d1)
// to the servers, each with its way to the kernel; one virtual service with server s5.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "drivers/dpdk/frame_pool.hpp"
#include "host/engine/engine.hpp"
#include "host/slowpath/worker.hpp"
#include "tests/kit/fake_neighbours.hpp"
#include "tests/kit/fake_ports.hpp"
#include "tests/kit/packet.hpp"

namespace fpvs::slowpath {

constexpr const char* kClientMac = "02:00:00:00:00:c0";
constexpr const char* kServerMac = "02:00:00:00:01:05";
constexpr std::uint32_t kClientInterface = 10;
constexpr std::uint32_t kServerInterface = 11;
constexpr std::size_t kPoolFrames = 512;

class Director {
  public:
    explicit Director(Selection selection = Selection::by_worker)
        : pool(*dpdk::make_frame_pool({.name = unique_name(), .frames = kPoolFrames})) {
        expect_ok(worker.add_port({.number = 0,
                                   .interface = "d0",
                                   .interface_index = kClientInterface,
                                   .mac = *model::parse_mac("02:00:00:00:00:d0")},
                                  &client_host));
        expect_ok(worker.add_port({.number = 1,
                                   .interface = "d1",
                                   .interface_index = kServerInterface,
                                   .mac = *model::parse_mac("02:00:00:00:00:d1")},
                                  &server_host));
        worker.carry(0, &client_wire, selection);
        worker.carry(1, &server_wire, selection);
    }
    ~Director() {
        client_wire.waiting.clear();
        EXPECT_EQ(rte_mempool_in_use_count(pool.get()), held) << "frames were leaked";
    }

    static model::ServiceKey service(model::Protocol protocol = model::Protocol::tcp) {
        return {.address = *model::parse_ipv4("10.0.0.100"), .port = 80, .protocol = protocol};
    }
    void add_service(model::Protocol protocol = model::Protocol::tcp) {
        expect_ok(engine.add_service(service(protocol), {.scheduler = "rr"}));
    }
    void add_server(model::Protocol protocol = model::Protocol::tcp,
                    model::Forwarding forwarding = model::Forwarding::direct_routing) {
        expect_ok(engine.add_server(service(protocol),
                                    {.address = *model::parse_ipv4("192.168.113.15"), .port = 80},
                                    {.forwarding = forwarding}));
    }
    // A service with one server whose MAC address is known.
    void serve(model::Protocol protocol = model::Protocol::tcp) {
        add_service(protocol);
        add_server(protocol);
        learn_server();
    }
    void learn_server() { neighbours.learn("192.168.113.15", kServerMac, kServerInterface); }

    void receive(const kit::Bytes& frame, int port = 0) {
        (port == 0 ? client_wire : server_wire).waiting.push_back({port, frame});
        step();
    }
    void step(provider::Nanoseconds pass = std::chrono::microseconds(100)) {
        now += pass;
        worker.step(now);
    }
    [[nodiscard]] std::uint64_t count(Outcome outcome) const {
        return worker.counters()[outcome].frames;
    }
    [[nodiscard]] std::uint64_t count(Incident incident) const {
        return worker.counters()[incident].frames;
    }

    static void expect_ok(const Status& status) {
        EXPECT_TRUE(status) << (status ? "" : status.error().text());
    }

    static std::string unique_name() {
        static int made = 0;
        return "director" + std::to_string(made++);
    }

    dpdk::FramePool pool;
    kit::FakePort client_wire{*pool, "client wire"};
    kit::FakePort server_wire{*pool, "server wire"};
    kit::FakePort client_host{*pool, "d0"};
    kit::FakePort server_host{*pool, "d1"};
    kit::FakeNeighbours neighbours;
    engine::Engine engine{engine::EngineOptions{.connections_max = 4096, .hash_seed = 1}};
    Snapshots snapshots;
    Worker worker{engine, neighbours, {.snapshots = &snapshots}};
    provider::Nanoseconds now = std::chrono::seconds(100);
    unsigned held = 0;  // Frames that a test leaves waiting.
};

}  // namespace fpvs::slowpath
