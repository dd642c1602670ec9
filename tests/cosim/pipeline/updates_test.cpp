// SPDX-License-Identifier: Apache-2.0
// Tables that change while packets pass: no packet sees half of a change, and no connection moves.
#include <fmt/core.h>
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <vector>

#include "tests/cosim/pipeline/cosim_card.hpp"
#include "tests/cosim/pipeline/measure.hpp"

namespace fpvs::cosim_test {
namespace {

using kit::FrameInput;
using kit::FrameOutput;

constexpr std::uint32_t kVip = 0x0a000064;
constexpr std::uint8_t kTcp = 6;

// A packet that sees a flow's entry sees the next hop that was written before it.
TEST_F(Cosim, no_packet_sees_half_of_an_update) {
    kit::Setup setup = director_of_all_paths();
    const Path& direct = path_named("direct");
    card().dataplane.configure(setup);
    kit::FlowSetup flow;
    flow.client = 0x0a000002;
    flow.client_port = 31000;
    flow.service = direct.service;
    flow.server = 99;
    kit::ServerSetup server;
    server.server = 99;
    server.next_hop = 9;
    kit::NextHopSetup hop = setup.next_hops[0];
    hop.next_hop = 9;
    kit::FrameSpec spec;
    spec.source_port = 31000;
    spec.destination_port = static_cast<std::uint16_t>(1000 + direct.service);
    const auto frame = kit::beats_of(kit::build_frame(spec))[0];
    PipelineCosim& streams = card().streams;
    for (int round = 0; round < 100; ++round) {
        streams.give_command(kit::write_next_hop(hop).words);
        streams.give_command(kit::write_server(server).words);
        card().dataplane.add_flow(flow);
        for (int i = 0; i < 60 + round % 7; ++i) {
            streams.give(FrameInput::rx_0, frame);
            streams.cycle();
        }
        card().dataplane.remove_flow(flow);
        streams.settle();
        streams.give_command(kit::at(abi::Opcode::write_server, 99).words);
        streams.give_command(kit::at(abi::Opcode::write_next_hop, 9).words);
    }
    const kit::Observed observed = card().dataplane.run({});
    EXPECT_GT(observed.sent.size(), 500u);
    EXPECT_GT(observed.punted.size(), 500u);
    for (const kit::Punted& punted : observed.punted) {
        ASSERT_EQ(punted.reason, abi::Reason::flow_miss);
    }
}

// Two whole configurations, in a bank each: the same virtual end is another service in either, by
// NAT, with another server, another steer table and another virtual port's reply.
kit::Setup version(std::uint16_t which) {
    kit::Setup setup;
    setup.ports[0] = {0x0200000000d0, true};
    setup.ports[1] = {0x0200000000d1, true};
    kit::NextHopSetup hop;
    hop.next_hop = which;
    hop.destination_mac = 0x020000000500u + which;
    hop.source_mac = 0x0200000000d1;
    hop.port = 1;
    setup.next_hops = {hop};
    const auto service = static_cast<std::uint16_t>(10 + which);
    kit::ServerSetup server;
    server.server = static_cast<std::uint16_t>(20 + which);
    server.next_hop = which;
    server.method = abi::Method::nat;
    server.address = 0xc0a80000u + which;
    server.port = static_cast<std::uint16_t>(8000 + which);
    setup.servers = {server};
    kit::SteerSetup steer;
    steer.kind = abi::Steer::maglev;
    steer.use_port = true;
    steer.places.assign(which == 0 ? 251 : 509, server.server);
    setup.services = {{kVip, 80, kTcp, service, steer}};
    // What the other configuration punts, this one knows as its own.
    setup.services.push_back({kVip, 81, kTcp, static_cast<std::uint16_t>(30 + which)});
    return setup;
}

TEST_F(Cosim, no_packet_sees_two_versions) {
    constexpr int kFrames = 6000;
    card().dataplane.configure({});
    PipelineCosim& streams = card().streams;
    std::vector<kit::CommandRecord> clears;
    for (const int bank : {0, 1}) {
        const auto tables = kit::table_commands(
            version(static_cast<std::uint16_t>(bank)), bank, bank == 0 ? 0u : 4096u);
        for (const kit::CommandRecord& write : tables.writes) {
            streams.give_command(write.words);
        }
        clears.insert(clears.end(), tables.clears.begin(), tables.clears.end());
    }
    for (const int port : {0, 1}) {
        streams.give_command(kit::write_port(port, version(0).ports[port]).words);
    }
    streams.settle();
    streams.take_events();
    std::mt19937 random(static_cast<std::uint32_t>(card().seed));
    for (int i = 0; i < kFrames; ++i) {
        kit::FrameSpec spec;
        spec.transport_checksum.reset();
        spec.source_address = 0x0b000000u + static_cast<std::uint32_t>(i);
        spec.tcp_flags = kit::tcp::kSyn;
        spec.destination_port = i % 3 == 0 ? 81 : 80;
        streams.give(FrameInput::rx_0, kit::beats_of(kit::build_frame(spec))[0]);
        if (random() % 16 == 0) {
            streams.give_command(
                kit::at(abi::Opcode::set_version, static_cast<std::uint32_t>(random() % 2)).words);
        }
        streams.cycle();
    }
    const kit::Observed observed = card().dataplane.run({});
    std::map<int, int> seen;
    for (const kit::Sent& sent : observed.sent) {
        const int which = sent.frame.at(5) & 1;
        ++seen[which];
        EXPECT_EQ(sent.frame.at(33), which) << "the server's address";
        EXPECT_EQ(sent.frame.at(37), (8000 + which) & 0xff) << "its port";
    }
    for (const kit::Punted& punted : observed.punted) {
        EXPECT_EQ(punted.reason, abi::Reason::flow_miss);
        EXPECT_EQ(punted.service, std::optional<std::uint16_t>(30 + punted.version));
    }
    fmt::print("{} packets by one version, {} by the other, {} handed over\n",
               seen[0],
               seen[1],
               observed.punted.size());
    EXPECT_GT(seen[0], 500);
    EXPECT_GT(seen[1], 500);
    EXPECT_EQ(observed.learned.size(), observed.sent.size());
    (void)card().dataplane.command(clears);
    card().dataplane.configure({});
}

// Connections of a mh service while its table is rewritten again and again, between their first
// packet, the host's insertion and the rest of their life.
TEST_F(Cosim, no_connection_moves_when_tables_change) {
    constexpr int kConnections = 400;
    constexpr int kPackets = 8000;
    constexpr std::uint16_t kServers = 8;
    kit::Setup setup = version(0);
    setup.servers.clear();
    setup.next_hops.clear();
    for (std::uint16_t i = 0; i < kServers; ++i) {
        kit::NextHopSetup hop = version(0).next_hops[0];
        hop.next_hop = i;
        hop.destination_mac = 0x020000000500u + i;
        setup.next_hops.push_back(hop);
        kit::ServerSetup server;
        server.server = i;
        server.next_hop = i;
        setup.servers.push_back(server);
    }
    card().dataplane.configure(setup);
    PipelineCosim& streams = card().streams;
    std::mt19937 random(static_cast<std::uint32_t>(card().seed));
    kit::ServiceSetup service = setup.services[0];
    int bank = card().dataplane.version();
    const std::uint32_t bucket = abi::service_bucket(0, kVip, 80, kTcp);
    std::uint32_t base = 0;
    int changes = 0;
    const auto change_table = [&] {
        base = base == 0 ? 8192 : 0;
        bank = 1 - bank;
        for (std::uint32_t word = 0; word < 251; ++word) {
            const auto server = static_cast<std::uint16_t>(random() % kServers);
            service.steer.places[word % 251] = server;
            streams.give_command(kit::write_steer(base + word, server).words);
        }
        service.steer.places.resize(251);
        streams.give_command(kit::write_service(bucket, 0, bank, service, base).words);
        streams.give_command(
            kit::at(abi::Opcode::set_version, static_cast<std::uint32_t>(bank)).words);
        ++changes;
    };
    change_table();
    streams.settle();
    std::map<std::uint16_t, int> server_of;  // By client port.
    int moved = 0;
    int inserted = 0;
    const auto look = [&] {
        for (const auto& frame : kit::frames_of(streams.take(FrameOutput::tx_1))) {
            const auto port = static_cast<std::uint16_t>(frame.at(34) << 8 | frame.at(35));
            const auto [entry, fresh] = server_of.try_emplace(port, frame.at(5));
            moved += !fresh && entry->second != frame.at(5) ? 1 : 0;
        }
    };
    std::map<std::uint16_t, kit::FlowSetup> learned;
    for (int i = 0; i < kPackets; i += 20) {
        for (int k = 0; k < 20; ++k) {
            const auto port = static_cast<std::uint16_t>(1000 + random() % kConnections);
            kit::FrameSpec spec;
            spec.source_port = port;
            spec.tcp_flags = learned.contains(port) ? kit::tcp::kAck : kit::tcp::kSyn;
            streams.give(FrameInput::rx_0, kit::beats_of(kit::build_frame(spec))[0]);
        }
        const kit::Observed observed = card().dataplane.run({});
        for (const kit::Sent& sent : observed.sent) {
            const auto port =
                static_cast<std::uint16_t>(sent.frame.at(34) << 8 | sent.frame.at(35));
            const auto [entry, fresh] = server_of.try_emplace(port, sent.frame.at(5));
            moved += !fresh && entry->second != sent.frame.at(5) ? 1 : 0;
        }
        for (const kit::FlowNews& news : observed.learned) {
            kit::FlowSetup flow;
            flow.client = news.client;
            flow.client_port = news.client_port;
            flow.service = news.service;
            flow.server = news.server;
            learned[news.client_port] = flow;
        }
        // The host inserts them some time later, if at all.
        for (const auto& [port, flow] : learned) {
            if (random() % 200 == 0 && !card().dataplane.flow_places().has(flow)) {
                card().dataplane.add_flow(flow);
                ++inserted;
            }
        }
        if (random() % 8 == 0) {
            change_table();
        }
    }
    look();
    fmt::print("{} connections, {} inserted, {} changes of the table: {} packets moved\n",
               server_of.size(),
               inserted,
               changes,
               moved);
    EXPECT_EQ(moved, 0);
    EXPECT_GT(changes, 20);
    EXPECT_GT(inserted, 100);
    EXPECT_EQ(server_of.size(), static_cast<std::size_t>(kConnections));
    card().dataplane.configure({});
}

}  // namespace
}  // namespace fpvs::cosim_test
