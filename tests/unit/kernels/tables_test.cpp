// SPDX-License-Identifier: Apache-2.0
// The lookups: services, flows, next hops.
#include <gtest/gtest.h>

#include <cstdint>
#include <memory>

#include "hw/abi/hash.hpp"
#include "hw/kernels/flow/flow_hash.hpp"
#include "hw/kernels/flow/flow_lookup.hpp"
#include "hw/kernels/next_hop/next_hop.hpp"
#include "hw/kernels/service/service.hpp"

namespace fpvs::kernels {
namespace {

TEST(Service, bucket_is_the_hosts) {
    std::uint32_t random = 1;
    const auto next = [&random] { return random = random * 1664525u + 1013904223u; };
    for (int round = 0; round < 10000; ++round) {
        ParsedHeader header{};
        const std::uint32_t address = next();
        const auto port = static_cast<std::uint16_t>(next() >> 16);
        const bool tcp = next() >> 31 == 1;
        header.service_address = address;
        header.service_port = port;
        header.tcp = tcp ? 1 : 0;
        ASSERT_EQ(service_bucket(header).to_uint(),
                  abi::service_bucket(address, port, tcp ? 6 : 17));
    }
}

ServiceWord service_entry(std::uint32_t address, std::uint16_t port, int protocol, int service) {
    ServiceWord entry = 0;
    lib::set<abi::ServiceEntry::address>(entry, address);
    lib::set<abi::ServiceEntry::port>(entry, port);
    lib::set<abi::ServiceEntry::protocol>(entry, protocol);
    lib::set<abi::ServiceEntry::valid>(entry, 1);
    lib::set<abi::ServiceEntry::service>(entry, service);
    return entry;
}

TEST(Service, any_way_of_the_bucket_may_hold_it) {
    ParsedHeader header{};
    header.service_address = 0x0a000064;
    header.service_port = 80;
    header.tcp = 1;
    const ServiceWord other = service_entry(0x0a000065, 80, 6, 9);
    for (int way = 0; way < 4; ++way) {
        ServiceWord entries[4] = {other, other, other, other};
        entries[way] = service_entry(0x0a000064, 80, 6, 7);
        const ServiceHeader served = serve(header, entries[0], entries[1], entries[2], entries[3]);
        EXPECT_EQ(served.service_found, 1);
        EXPECT_EQ(served.service, 7);
        EXPECT_EQ(served.reason, kUndecided);
    }
    EXPECT_EQ(serve(header, other, other, other, other).reason,
              reason_bits(abi::Reason::service_miss));
}

TEST(Service, an_empty_way_does_not_match_a_packet_of_zeros) {
    ParsedHeader header{};
    const ServiceWord empty = 0;
    EXPECT_EQ(serve(header, empty, empty, empty, empty).service_found, 0);
}

TEST(Service, a_settled_frame_keeps_its_reason_and_has_no_service) {
    ParsedHeader header{};
    header.reason = reason_bits(abi::Reason::fragment);
    header.service_address = 0x0a000064;
    header.service_port = 80;
    header.tcp = 1;
    const ServiceWord entry = service_entry(0x0a000064, 80, 6, 7);
    const ServiceHeader served = serve(header, entry, entry, entry, entry);
    EXPECT_EQ(served.reason, header.reason);
    EXPECT_EQ(served.service_found, 0);
    EXPECT_EQ(served.service, 0);
}

TEST(FlowHash, bucket_is_the_hosts) {
    FlowHashState state{};
    state.key_low = 0x0123456789abcdefu;
    state.key_high = 0xfedcba9876543210u;
    for (std::uint32_t i = 0; i < 1000; ++i) {
        ServiceHeader header{};
        header.client_address = 0x0a000000 + 7919 * i;
        header.client_port = 1000 + i;
        header.service = i % 4096;
        const std::uint64_t key = abi::flow_key(0x0a000000 + 7919 * i,
                                                static_cast<std::uint16_t>(1000 + i),
                                                static_cast<std::uint16_t>(i % 4096));
        EXPECT_EQ(hash_header(state, header).bucket.to_uint(),
                  abi::flow_bucket({0x0123456789abcdefu, 0xfedcba9876543210u}, key));
    }
}

struct FlowTables {
    FlowWord ways[4][abi::kFlowBuckets] = {};
};

struct FlowStage {
    std::unique_ptr<FlowTables> tables = std::make_unique<FlowTables>();
    hls::stream<Command> commands;
    hls::stream<HashedHeader> hashed;
    hls::stream<Command> commands_on;
    hls::stream<FlowHeader> flows;

    void step() {
        flow_lookup_step(tables->ways[0],
                         tables->ways[1],
                         tables->ways[2],
                         tables->ways[3],
                         commands,
                         hashed,
                         commands_on,
                         flows);
    }
    void write(unsigned bucket, unsigned way, std::uint32_t client, unsigned server) {
        Command command{};
        command.opcode = static_cast<int>(abi::Opcode::write_flow);
        command.index = bucket;
        command.way = way;
        FlowWord entry = 0;
        lib::set<abi::FlowEntry::client_address>(entry, client);
        lib::set<abi::FlowEntry::client_port>(entry, 30000);
        lib::set<abi::FlowEntry::service>(entry, 7);
        lib::set<abi::FlowEntry::valid>(entry, client == 0 ? 0 : 1);
        lib::set<abi::FlowEntry::server>(entry, server);
        command.payload = entry;
        commands.write(command);
        step();
        commands_on.read();
    }
    FlowHeader look_up(std::uint32_t client, unsigned service = 7, unsigned flags = 0x10) {
        HashedHeader header{};
        header.client_address = client;
        header.client_port = 30000;
        header.service = service;
        header.bucket = 16383;
        header.tcp_flags = flags;
        hashed.write(header);
        step();
        return flows.read();
    }
};

TEST(FlowLookup, a_full_bucket_holds_four_flows_and_says_which_way) {
    FlowStage stage;
    for (unsigned way = 0; way < 4; ++way) {
        stage.write(16383, way, 100 + way, 200 + way);
    }
    for (unsigned way = 0; way < 4; ++way) {
        const FlowHeader flow = stage.look_up(100 + way);
        EXPECT_EQ(flow.reason, kUndecided);
        EXPECT_EQ(flow.way, way);
        EXPECT_EQ(flow.server, 200 + way);
    }
    EXPECT_EQ(stage.look_up(104).reason, reason_bits(abi::Reason::flow_miss));
    EXPECT_EQ(stage.look_up(100, 8).reason, reason_bits(abi::Reason::flow_miss));
}

TEST(FlowLookup, a_cleared_entry_is_gone) {
    FlowStage stage;
    stage.write(16383, 2, 100, 5);
    EXPECT_EQ(stage.look_up(100).reason, kUndecided);
    stage.write(16383, 2, 0, 0);
    EXPECT_EQ(stage.look_up(100).reason, reason_bits(abi::Reason::flow_miss));
}

TEST(FlowLookup, a_syn_is_the_hosts_business) {
    FlowStage stage;
    stage.write(16383, 0, 100, 5);
    for (const unsigned flags : {kTcpSyn, kTcpSyn | 0x10, kTcpSyn | kTcpFin}) {
        EXPECT_EQ(stage.look_up(100, 7, flags).reason, reason_bits(abi::Reason::tcp_syn));
    }
    EXPECT_EQ(stage.look_up(101, 7, kTcpSyn).reason, reason_bits(abi::Reason::flow_miss));
}

NextHopWord hop(unsigned mtu, bool tagged) {
    NextHopWord entry = 0;
    lib::set<abi::NextHopEntry::valid>(entry, 1);
    lib::set<abi::NextHopEntry::mtu>(entry, mtu);
    lib::set<abi::NextHopEntry::tagged>(entry, tagged ? 1 : 0);
    return entry;
}

TEST(NextHop, reasons_come_in_the_order_of_their_list) {
    FlowHeader flow{};
    flow.method = static_cast<int>(abi::Method::nat);
    flow.ip_bytes = 1501;
    flow.ttl_spent = 1;
    flow.tagged = 1;
    const NextHopWord entry = hop(1500, false);
    EXPECT_EQ(settle(flow, 0), reason_bits(abi::Reason::method));
    flow.method = static_cast<int>(abi::Method::direct_routing);
    EXPECT_EQ(settle(flow, 0), reason_bits(abi::Reason::next_hop));
    EXPECT_EQ(settle(flow, entry), reason_bits(abi::Reason::ttl));
    flow.ttl_spent = 0;
    EXPECT_EQ(settle(flow, entry), reason_bits(abi::Reason::mtu));
    flow.ip_bytes = 1500;
    EXPECT_EQ(settle(flow, entry), reason_bits(abi::Reason::vlan_change));
    flow.tagged = 0;
    EXPECT_EQ(settle(flow, entry), reason_bits(abi::Reason::forwarded));
    flow.reason = reason_bits(abi::Reason::other_host);
    EXPECT_EQ(settle(flow, entry), reason_bits(abi::Reason::other_host));
}

TEST(NextHop, a_verdict_is_that_of_the_list) {
    for (int number = 1; number < abi::kReasonsMax; ++number) {
        EXPECT_EQ(verdict_bits(number).to_uint(),
                  static_cast<unsigned>(abi::verdict_of(static_cast<abi::Reason>(number))));
    }
}

}  // namespace
}  // namespace fpvs::kernels
