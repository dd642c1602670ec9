// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <random>

#include "hw/abi/hash.hpp"
#include "hw/kernels/flow/flow_hash.hpp"
#include "hw/kernels/flow/flow_lookup.hpp"

namespace fpvs::kernels {
namespace {

using abi::Method;
using abi::Opcode;
using abi::Reason;

TEST(FlowHash, buckets_are_the_hosts) {
    std::mt19937_64 random(11);
    for (int round = 0; round < 2000; ++round) {
        const abi::HashKey key{random(), random()};
        FlowHashState state{};
        state.key_low = key.low;
        state.key_high = key.high;
        const bool ipv6 = round % 2 == 1;
        const std::uint64_t low = ipv6 ? random() : random() & 0xffffffffu;
        const std::uint64_t high = ipv6 ? random() : 0;
        const auto port = static_cast<std::uint16_t>(random());
        const auto service = static_cast<std::uint16_t>(random() % abi::kServicesMax);
        const bool reply = random() % 2 == 1;
        ServiceHeader header{};
        header.packet.ipv6 = ipv6 ? 1 : 0;
        header.flow.client_address = cat(ap_uint<64>(high), ap_uint<64>(low));
        header.flow.client_port = port;
        header.flow.service = service;
        header.flow.reply = reply ? 1 : 0;
        const std::uint64_t hash = abi::flow_hash(key, high, low, port, service, reply, ipv6);
        const HashedHeader hashed = hash_header(state, header);
        ASSERT_EQ(hashed.bucket_0, abi::flow_bucket(hash, 0, abi::kFlowBucketsLog2Max));
        ASSERT_EQ(hashed.bucket_1, abi::flow_bucket(hash, 1, abi::kFlowBucketsLog2Max));
        ASSERT_EQ(hashed.young, hash >> abi::kYoungHashLsb & (abi::kYoungMax - 1));
    }
}

TEST(FlowHash, the_key_is_set_by_command) {
    FlowHashState state{};
    hls::stream<Command> commands;
    hls::stream<ServiceHeader> served;
    hls::stream<Command> commands_on;
    hls::stream<HashedHeader> hashed;
    Command command{};
    command.opcode = static_cast<int>(Opcode::set_hash_key);
    command.payload = cat(ap_uint<64>(0xfedcba9876543210u), ap_uint<64>(0x0123456789abcdefu));
    commands.write(command);
    served.write(ServiceHeader{});
    flow_hash_step(state, commands, served, commands_on, hashed);
    flow_hash_step(state, commands, served, commands_on, hashed);
    EXPECT_EQ(commands_on.size(), 1u);
    const std::uint64_t hash =
        abi::flow_hash({0x0123456789abcdefu, 0xfedcba9876543210u}, 0, 0, 0, 0, false, false);
    EXPECT_EQ(hashed.read().bucket_0, abi::flow_bucket(hash, 0, abi::kFlowBucketsLog2Max));
}

struct Tables {
    FlowWord flows[FlowTable::arrays][FlowTable::words] = {};
    Flow6Word flows6[Flow6Table::arrays][Flow6Table::words] = {};
};

constexpr unsigned kClientAddress = 0xc6336402;
constexpr unsigned kClientPort = 40000;
constexpr unsigned kService = 7;

// Addresses that IPv4 and IPv6 would confuse if only the low half were compared.
AddressBits ipv6_address(std::uint64_t low, std::uint64_t high = 0xfd00000c00000000u) {
    return cat(ap_uint<64>(high), ap_uint<64>(low));
}

FlowWord flow_entry(unsigned client, unsigned server, Method method = Method::nat) {
    FlowWord entry = 0;
    lib::set<abi::FlowEntry::client_address>(entry, client);
    lib::set<abi::FlowEntry::client_port>(entry, kClientPort);
    lib::set<abi::FlowEntry::service>(entry, kService);
    lib::set<abi::FlowEntry::valid>(entry, 1);
    lib::set<abi::FlowEntry::server>(entry, server);
    lib::set<abi::FlowEntry::method>(entry, static_cast<int>(method));
    return entry;
}

Flow6Word flow6_entry(const AddressBits& client, unsigned server, Method method = Method::nat) {
    Flow6Word entry = 0;
    lib::set<abi::Flow6Entry::client_address_low>(entry, slice<63, 0>(client));
    lib::set<abi::Flow6Entry::client_address_high>(entry, slice<127, 64>(client));
    lib::set<abi::Flow6Entry::client_port>(entry, kClientPort);
    lib::set<abi::Flow6Entry::service>(entry, kService);
    lib::set<abi::Flow6Entry::valid>(entry, 1);
    lib::set<abi::Flow6Entry::server>(entry, server);
    lib::set<abi::Flow6Entry::method>(entry, static_cast<int>(method));
    return entry;
}

HashedHeader hashed_header(unsigned bucket_0, unsigned bucket_1) {
    HashedHeader header{};
    header.packet.protocol = lib::kProtocolTcp;
    header.packet.tcp_flags = lib::kTcpAck;
    header.flow.client_address = kClientAddress;
    header.flow.client_port = kClientPort;
    header.flow.service = kService;
    header.flow.service_found = 1;
    header.bucket_0 = bucket_0;
    header.bucket_1 = bucket_1;
    return header;
}

HashedHeader hashed6_header(unsigned bucket_0, unsigned bucket_1) {
    HashedHeader header = hashed_header(bucket_0, bucket_1);
    header.packet.ipv6 = 1;
    header.flow.client_address = ipv6_address(kClientAddress);
    return header;
}

struct Stage {
    std::unique_ptr<Tables> tables = std::make_unique<Tables>();
    hls::stream<Command> commands;
    hls::stream<HashedHeader> hashed;
    hls::stream<Command> commands_on;
    hls::stream<FlowHeader> found;

    void step() {
        flow_lookup_step(tables->flows, tables->flows6, commands, hashed, commands_on, found);
    }
    void write(Opcode opcode, unsigned bucket, unsigned way, const ap_uint<320>& payload) {
        Command command{};
        command.opcode = static_cast<int>(opcode);
        command.index = bucket;
        command.way = way;
        command.payload = payload;
        commands.write(command);
        step();
        commands_on.read();
    }
    FlowHeader look_up(const HashedHeader& header) {
        hashed.write(header);
        step();
        return found.read();
    }
};

constexpr unsigned kBucket0 = abi::kFlowBuckets - 1;
constexpr unsigned kBucket1 = 5;

TEST(FlowLookup, any_way_of_either_half_may_hold_a_flow) {
    for (unsigned way = 0; way < abi::kFlowBucketWays; ++way) {
        Stage stage;
        const bool upper = way >= abi::kFlowWays;
        for (unsigned other = 0; other < abi::kFlowBucketWays; ++other) {
            const bool other_upper = other >= abi::kFlowWays;
            stage.write(Opcode::write_flow,
                        other_upper ? kBucket1 : kBucket0,
                        other,
                        flow_entry(other == way ? kClientAddress : 100 + other, 200 + other));
        }
        const FlowHeader flow = stage.look_up(hashed_header(kBucket0, kBucket1));
        EXPECT_EQ(flow.reason, kUndecided);
        EXPECT_EQ(flow.found, 1) << way;
        EXPECT_EQ(flow.place.way, way);
        EXPECT_EQ(flow.place.bucket, upper ? kBucket1 : kBucket0);
        EXPECT_EQ(flow.server, 200 + way);
        // The halves are not each other's.
        EXPECT_EQ(stage.look_up(hashed_header(kBucket1, kBucket0)).found, 0);
    }
}

TEST(FlowLookup, any_way_of_either_half_may_hold_a_flow_of_ipv6) {
    const unsigned bucket_0 = abi::kFlow6Buckets - 1;
    for (unsigned way = 0; way < abi::kFlowBucketWays; ++way) {
        Stage stage;
        const bool upper = way >= abi::kFlowWays;
        for (unsigned other = 0; other < abi::kFlowBucketWays; ++other) {
            const bool other_upper = other >= abi::kFlowWays;
            const std::uint64_t low = other == way ? kClientAddress : 100 + other;
            stage.write(Opcode::write_flow6,
                        other_upper ? kBucket1 : bucket_0,
                        other,
                        flow6_entry(ipv6_address(low), 200 + other));
        }
        const FlowHeader flow = stage.look_up(hashed6_header(bucket_0, kBucket1));
        EXPECT_EQ(flow.found, 1) << way;
        EXPECT_EQ(flow.place.way, way);
        EXPECT_EQ(flow.place.bucket, upper ? kBucket1 : bucket_0);
        EXPECT_EQ(flow.server, 200 + way);
        EXPECT_EQ(stage.look_up(hashed6_header(kBucket1, bucket_0)).found, 0);
    }
}

// The host writes the new place before it clears the old one.
TEST(FlowLookup, a_flow_that_is_being_moved_is_at_its_first_place) {
    for (unsigned from = 0; from < abi::kFlowBucketWays; ++from) {
        for (unsigned to = 0; to < abi::kFlowBucketWays; ++to) {
            Stage stage;
            stage.write(Opcode::write_flow, 3, from, flow_entry(kClientAddress, 20));
            stage.write(Opcode::write_flow, 3, to, flow_entry(kClientAddress, 20));
            const Flow6Word entry6 = flow6_entry(ipv6_address(kClientAddress), 21);
            stage.write(Opcode::write_flow6, 3, from, entry6);
            stage.write(Opcode::write_flow6, 3, to, entry6);
            const FlowHeader flow = stage.look_up(hashed_header(3, 3));
            EXPECT_EQ(flow.place.way, std::min(from, to));
            EXPECT_EQ(flow.server, 20);
            const FlowHeader flow6 = stage.look_up(hashed6_header(3, 3));
            EXPECT_EQ(flow6.place.way, std::min(from, to));
            EXPECT_EQ(flow6.server, 21);
        }
    }
}

TEST(FlowLookup, families_do_not_meet) {
    Stage stage;
    stage.write(Opcode::write_flow, 3, 0, flow_entry(kClientAddress, 1));
    EXPECT_EQ(stage.look_up(hashed6_header(3, 3)).found, 0);
    HashedHeader mapped = hashed6_header(3, 3);
    mapped.flow.client_address = kClientAddress;
    EXPECT_EQ(stage.look_up(mapped).found, 0);
    stage.write(Opcode::write_flow6, 4, 0, flow6_entry(kClientAddress, 2));
    EXPECT_EQ(stage.look_up(hashed_header(4, 4)).found, 0);
    mapped = hashed6_header(4, 4);
    mapped.flow.client_address = kClientAddress;
    EXPECT_EQ(stage.look_up(mapped).server, 2);
}

TEST(FlowLookup, every_bit_of_a_key_is_compared) {
    Stage stage;
    stage.write(Opcode::write_flow, 3, 0, flow_entry(kClientAddress, 1));
    stage.write(Opcode::write_flow6, 3, 4, flow6_entry(ipv6_address(kClientAddress), 1));
    for (const bool ipv6 : {false, true}) {
        const HashedHeader right = ipv6 ? hashed6_header(3, 3) : hashed_header(3, 3);
        ASSERT_EQ(stage.look_up(right).found, 1);
        for (int bit = 0; bit < (ipv6 ? 128 : 32); ++bit) {
            HashedHeader wrong = right;
            wrong.flow.client_address ^= AddressBits(1) << bit;
            EXPECT_EQ(stage.look_up(wrong).found, 0) << bit;
        }
        for (int bit = 0; bit < 16; ++bit) {
            HashedHeader wrong = right;
            wrong.flow.client_port ^= PortBits(1) << bit;
            EXPECT_EQ(stage.look_up(wrong).found, 0) << bit;
        }
        for (int bit = 0; bit < 12; ++bit) {
            HashedHeader wrong = right;
            wrong.flow.service ^= ServiceBits(1) << bit;
            EXPECT_EQ(stage.look_up(wrong).found, 0) << bit;
        }
    }
    HashedHeader wrong = hashed_header(3, 3);
    wrong.flow.reply = 1;
    EXPECT_EQ(stage.look_up(wrong).found, 0);
}

TEST(FlowLookup, an_answer_has_all_parts_of_the_entry) {
    Stage stage;
    FlowWord entry = flow_entry(kClientAddress, 0xabc, Method::full_nat);
    lib::set<abi::FlowEntry::reply>(entry, 1);
    lib::set<abi::FlowEntry::next_hop>(entry, 0x987);
    lib::set<abi::FlowEntry::other_address>(entry, 0x0a0000d0);
    lib::set<abi::FlowEntry::other_port>(entry, 5001);
    stage.write(Opcode::write_flow, 3, 5, entry);
    HashedHeader header = hashed_header(2, 3);
    header.flow.reply = 1;
    header.flow.from_server = 1;
    header.server = 0xabc;
    const FlowHeader flow = stage.look_up(header);
    EXPECT_EQ(flow.found, 1);
    EXPECT_EQ(flow.server, 0xabc);
    EXPECT_EQ(flow.method, static_cast<int>(Method::full_nat));
    EXPECT_EQ(flow.reply_next_hop, 0x987);
    EXPECT_EQ(flow.other_address, 0x0a0000d0);
    EXPECT_EQ(flow.other_port, 5001);
    Flow6Word entry6 = flow6_entry(ipv6_address(kClientAddress), 0xdef, Method::tunnel);
    lib::set<abi::Flow6Entry::next_hop>(entry6, 0x765);
    stage.write(Opcode::write_flow6, 3, 1, entry6);
    const FlowHeader flow6 = stage.look_up(hashed6_header(3, 2));
    EXPECT_EQ(flow6.server, 0xdef);
    EXPECT_EQ(flow6.method, static_cast<int>(Method::tunnel));
    EXPECT_EQ(flow6.reply_next_hop, 0x765);
    EXPECT_EQ(flow6.other_address, 0);
}

TEST(FlowLookup, a_reply_comes_from_the_connections_own_server) {
    Stage stage;
    stage.write(Opcode::write_flow, 3, 0, flow_entry(kClientAddress, 20));
    HashedHeader reply = hashed_header(3, 3);
    reply.flow.from_server = 1;
    reply.server = 20;
    EXPECT_EQ(stage.look_up(reply).found, 1);
    reply.server = 21;
    const FlowHeader other = stage.look_up(reply);
    EXPECT_EQ(other.found, 0);
    EXPECT_EQ(other.reason, kUndecided);
    EXPECT_EQ(other.server, 21);
}

TEST(FlowLookup, a_cleared_entry_is_gone) {
    Stage stage;
    stage.write(Opcode::write_flow, 3, 2, flow_entry(kClientAddress, 5));
    EXPECT_EQ(stage.look_up(hashed_header(3, 3)).found, 1);
    stage.write(Opcode::write_flow, 3, 2, 0);
    EXPECT_EQ(stage.look_up(hashed_header(3, 3)).found, 0);
}

TEST(FlowLookup, an_empty_way_does_not_match_a_packet_of_zeros) {
    Stage stage;
    HashedHeader header{};
    EXPECT_EQ(stage.look_up(header).found, 0);
    header.packet.ipv6 = 1;
    EXPECT_EQ(stage.look_up(header).found, 0);
}

TEST(FlowLookup, a_syn_is_the_hosts_business_but_not_a_servers_answer_to_one) {
    Stage stage;
    stage.write(Opcode::write_flow, 3, 0, flow_entry(kClientAddress, 20));
    struct Case {
        unsigned flags;
        bool from_server;
        bool punt;
    };
    for (const Case& one : {Case{lib::kTcpSyn, false, true},
                            Case{lib::kTcpSyn | lib::kTcpAck, false, true},
                            Case{lib::kTcpSyn | lib::kTcpFin, false, true},
                            Case{lib::kTcpSyn, true, true},
                            Case{lib::kTcpSyn | lib::kTcpAck, true, false},
                            Case{lib::kTcpFin | lib::kTcpAck, false, false},
                            Case{lib::kTcpRst, false, false}}) {
        HashedHeader header = hashed_header(3, 3);
        header.packet.tcp_flags = one.flags;
        header.flow.from_server = one.from_server ? 1 : 0;
        header.server = 20;
        EXPECT_EQ(stage.look_up(header).reason,
                  one.punt ? reason_bits(Reason::tcp_syn) : ReasonBits(kUndecided))
            << one.flags;
        header.flow.client_port = 1;
        EXPECT_EQ(stage.look_up(header).reason, kUndecided);
    }
    HashedHeader init = hashed_header(3, 3);
    init.packet.protocol = lib::kProtocolSctp;
    init.packet.tcp_flags = 0;
    init.packet.opens = 1;
    EXPECT_EQ(stage.look_up(init).reason, reason_bits(Reason::tcp_syn));
    HashedHeader datagram = init;
    datagram.packet.protocol = lib::kProtocolUdp;
    EXPECT_EQ(stage.look_up(datagram).reason, kUndecided);
}

TEST(FlowLookup, the_hosts_connections_go_to_the_host_whatever_their_flags) {
    Stage stage;
    stage.write(Opcode::write_flow, 3, 0, flow_entry(kClientAddress, 20, Method::host));
    HashedHeader header = hashed_header(3, 3);
    EXPECT_EQ(stage.look_up(header).reason, reason_bits(Reason::host_flow));
    header.packet.tcp_flags = lib::kTcpSyn;
    EXPECT_EQ(stage.look_up(header).reason, reason_bits(Reason::host_flow));
    header.reason = reason_bits(Reason::service_miss);
    EXPECT_EQ(stage.look_up(header).reason, reason_bits(Reason::service_miss));
}

TEST(FlowTableShape, banks_are_the_buckets_upper_bits) {
    using Full = FlowTableShape<18>;
    static_assert(Full::words == 1 << 15 && Full::banks == 8 && Full::arrays == 48, "of a U250");
    EXPECT_EQ(word_of<Full>(0x2abcd), 0x2bcd);
    EXPECT_EQ(bank_of<Full>(0x2abcd), 5);
    using Small = FlowTableShape<11>;
    static_assert(Small::words == 1 << 11 && Small::banks == 1, "of a simulation");
    EXPECT_EQ(word_of<Small>(0x2abcd), 0x3cd);
    EXPECT_EQ(bank_of<Small>(0x2abcd), 0);
}

// A table of several banks, read and written through all of them.
TEST(FlowTableShape, each_bucket_of_a_table_with_banks_has_a_word_of_its_own) {
    using Table = FlowTableShape<17>;
    auto table = std::make_unique<FlowWord[][Table::words]>(Table::arrays);
    auto& flows = *reinterpret_cast<FlowWord(*)[Table::arrays][Table::words]>(table.get());
    std::mt19937 random(3);
    std::vector<unsigned> buckets;
    for (int i = 0; i < 1000; ++i) {
        buckets.push_back(random() % (1 << 17));
        Command command{};
        command.index = buckets.back();
        command.way = buckets.back() % abi::kFlowBucketWays;
        command.payload = flow_entry(buckets.back(), 1);
        write_way<Table>(flows, command);
    }
    for (const unsigned bucket : buckets) {
        FlowWord entries[abi::kFlowBucketWays];
        read_ways<Table>(flows, hashed_header(bucket, bucket), entries);
        for (unsigned way = 0; way < abi::kFlowBucketWays; ++way) {
            const bool here = way == bucket % abi::kFlowBucketWays;
            EXPECT_EQ(entries[way], here ? flow_entry(bucket, 1) : FlowWord(0)) << bucket;
        }
    }
}

}  // namespace
}  // namespace fpvs::kernels
