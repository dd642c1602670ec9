// SPDX-License-Identifier: Apache-2.0
#include "hw/kernels/service/service.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <random>

#include "hw/abi/hash.hpp"
#include "hw/lib/headers.hpp"

namespace fpvs::kernels {
namespace {

using abi::Opcode;
using abi::Reason;

struct End {
    AddressBits address;
    std::uint16_t port = 80;
    int protocol = lib::kProtocolTcp;
    bool ipv6 = false;
};

End ipv4_end(std::uint32_t address, std::uint16_t port = 80) {
    return {.address = address, .port = port};
}

End ipv6_end(std::uint64_t low, std::uint16_t port = 80) {
    return {.address = cat(ap_uint<64>(0xfd00000c00000000u), ap_uint<64>(low)),
            .port = port,
            .ipv6 = true};
}

template <class Entry, class Word>
Word entry_for(const End& end) {
    Word entry = 0;
    lib::set<typename Entry::address_low>(entry, slice<63, 0>(end.address));
    lib::set<typename Entry::address_high>(entry, slice<127, 64>(end.address));
    lib::set<typename Entry::port>(entry, end.port);
    lib::set<typename Entry::protocol>(entry, end.protocol);
    lib::set<typename Entry::ipv6>(entry, end.ipv6 ? 1 : 0);
    lib::set<typename Entry::valid>(entry, 1);
    return entry;
}

std::uint32_t bucket_of(const End& end, bool reply) {
    const std::uint64_t high = slice<127, 64>(end.address).to_uint64();
    const std::uint64_t low = slice<63, 0>(end.address).to_uint64();
    const auto protocol = static_cast<std::uint8_t>(end.protocol);
    return reply ? abi::reply_bucket(high, low, end.port, protocol)
                 : abi::service_bucket(high, low, end.port, protocol);
}

struct Tables {
    ServiceWord services[abi::kTableWays][kServiceWords] = {};
    ReplyWord replies[abi::kTableWays][kReplyWords] = {};
};

struct Stage {
    ServiceState state{};
    std::unique_ptr<Tables> tables = std::make_unique<Tables>();
    hls::stream<Command> commands;
    hls::stream<ParsedHeader> parsed;
    hls::stream<Command> commands_on;
    hls::stream<ServiceHeader> served;

    void step() {
        service_step(
            state, tables->services, tables->replies, commands, parsed, commands_on, served);
    }
    void command(Opcode opcode, unsigned index, unsigned way, unsigned bank, ap_uint<320> payload) {
        Command command{};
        command.opcode = static_cast<int>(opcode);
        command.index = index;
        command.way = way;
        command.table = bank;
        command.payload = payload;
        commands.write(command);
        step();
        const Command on = commands_on.read();
        EXPECT_EQ(on.opcode, command.opcode);
        EXPECT_EQ(on.answered, 0);
    }
    void set_version(unsigned version) { command(Opcode::set_version, version, 0, 0, 0); }
    void write_service(const End& end, unsigned service, unsigned way = 0, unsigned bank = 0) {
        ServiceWord entry = entry_for<abi::ServiceEntry, ServiceWord>(end);
        lib::set<abi::ServiceEntry::service>(entry, service);
        command(Opcode::write_service, bucket_of(end, false), way, bank, entry);
    }
    void write_reply(const End& end,
                     unsigned service,
                     unsigned server,
                     bool full_nat = false,
                     unsigned way = 0,
                     unsigned bank = 0) {
        ReplyWord entry = entry_for<abi::ReplyEntry, ReplyWord>(end);
        lib::set<abi::ReplyEntry::service>(entry, service);
        lib::set<abi::ReplyEntry::server>(entry, server);
        lib::set<abi::ReplyEntry::full_nat>(entry, full_nat ? 1 : 0);
        command(Opcode::write_reply, bucket_of(end, true), way, bank, entry);
    }
    ServiceHeader packet(const End& source, const End& destination, ReasonBits reason = 0) {
        ParsedHeader header{};
        header.reason = reason;
        header.packet.source = source.address;
        header.packet.source_port = source.port;
        header.packet.destination = destination.address;
        header.packet.destination_port = destination.port;
        header.packet.protocol = destination.protocol;
        header.packet.ipv6 = destination.ipv6 ? 1 : 0;
        parsed.write(header);
        step();
        return served.read();
    }
};

const End kClient = ipv4_end(0xc6336402, 40000);
const End kVirtual = ipv4_end(0x0a000064);
const End kServer = ipv4_end(0xc0a80001, 8080);

TEST(Service, buckets_are_the_hosts) {
    std::mt19937_64 random(7);
    for (int round = 0; round < 10000; ++round) {
        End end;
        end.address = cat(ap_uint<64>(round % 2 == 0 ? 0 : random()), ap_uint<64>(random()));
        end.port = static_cast<std::uint16_t>(random());
        end.protocol = static_cast<int>(random() % 256);
        Packet packet{};
        packet.destination = end.address;
        packet.destination_port = end.port;
        packet.source = end.address;
        packet.source_port = end.port;
        packet.protocol = end.protocol;
        ASSERT_EQ(service_index(0, packet), bucket_of(end, false));
        ASSERT_EQ(service_index(1, packet), bucket_of(end, false) + abi::kServiceBuckets);
        ASSERT_EQ(reply_index(0, packet), bucket_of(end, true));
        ASSERT_EQ(reply_index(1, packet), bucket_of(end, true) + abi::kReplyBuckets);
    }
}

TEST(Service, a_packet_to_a_virtual_service_has_its_clients_key) {
    Stage stage;
    stage.write_service(kVirtual, 7);
    const ServiceHeader served = stage.packet(kClient, kVirtual);
    EXPECT_EQ(served.reason, kUndecided);
    EXPECT_EQ(served.flow.service_found, 1);
    EXPECT_EQ(served.flow.service, 7);
    EXPECT_EQ(served.flow.from_server, 0);
    EXPECT_EQ(served.flow.reply, 0);
    EXPECT_EQ(served.flow.client_address, kClient.address);
    EXPECT_EQ(served.flow.client_port, kClient.port);
}

TEST(Service, a_reply_has_the_key_of_whom_it_is_for) {
    Stage stage;
    stage.write_reply(kServer, 7, 300);
    const ServiceHeader served = stage.packet(kServer, kClient);
    EXPECT_EQ(served.reason, kUndecided);
    EXPECT_EQ(served.flow.service_found, 1);
    EXPECT_EQ(served.flow.service, 7);
    EXPECT_EQ(served.flow.from_server, 1);
    EXPECT_EQ(served.flow.reply, 0);
    EXPECT_EQ(served.flow.client_address, kClient.address);
    EXPECT_EQ(served.flow.client_port, kClient.port);
    EXPECT_EQ(served.server, 300);
}

TEST(Service, a_reply_of_full_nat_has_the_key_of_the_local_end) {
    Stage stage;
    stage.write_reply(kServer, 7, 300, true);
    const End local = ipv4_end(0x0a0000d0, 5001);
    const ServiceHeader served = stage.packet(kServer, local);
    EXPECT_EQ(served.flow.reply, 1);
    EXPECT_EQ(served.flow.client_address, local.address);
    EXPECT_EQ(served.flow.client_port, 5001);
}

TEST(Service, a_reply_goes_before_a_service) {
    Stage stage;
    stage.write_service(kVirtual, 7);
    stage.write_reply(kServer, 9, 300);
    const ServiceHeader served = stage.packet(kServer, kVirtual);
    EXPECT_EQ(served.flow.from_server, 1);
    EXPECT_EQ(served.flow.service, 9);
}

TEST(Service, every_part_of_an_end_is_compared) {
    Stage stage;
    const End virtual_end = ipv6_end(0x100);
    const End server = ipv6_end(0x200, 8080);
    stage.write_service(virtual_end, 7);
    stage.write_reply(server, 8, 1);
    const auto misses = [&](const End& source, const End& destination) {
        const ServiceHeader served = stage.packet(source, destination);
        EXPECT_EQ(served.flow.service_found, 0);
        return served.reason == reason_bits(Reason::service_miss);
    };
    const End client = ipv6_end(2, 40000);
    EXPECT_FALSE(stage.packet(client, virtual_end).flow.service_found == 0);
    EXPECT_FALSE(stage.packet(server, client).flow.service_found == 0);
    for (int bit = 0; bit < 128; ++bit) {
        // Each in the bucket of the right end: only the compare can tell.
        End other = virtual_end;
        other.address ^= AddressBits(1) << bit;
        ServiceWord entry = entry_for<abi::ServiceEntry, ServiceWord>(other);
        EXPECT_FALSE(service_matches(entry, stage.packet(client, virtual_end).packet)) << bit;
        other = server;
        other.address ^= AddressBits(1) << bit;
        ReplyWord reply = entry_for<abi::ReplyEntry, ReplyWord>(other);
        EXPECT_FALSE(reply_matches(reply, stage.packet(server, client).packet)) << bit;
    }
    End other = virtual_end;
    other.port = 81;
    EXPECT_TRUE(misses(client, other));
    other = virtual_end;
    other.protocol = lib::kProtocolUdp;
    EXPECT_TRUE(misses(client, other));
    other = virtual_end;
    other.ipv6 = false;
    EXPECT_TRUE(misses(client, other));
    other = server;
    other.port = 8081;
    EXPECT_TRUE(misses(other, client));
}

TEST(Service, any_way_of_a_bucket_may_hold_it) {
    for (unsigned way = 0; way < abi::kTableWays; ++way) {
        Stage stage;
        for (unsigned other = 0; other < abi::kTableWays; ++other) {
            // Same fold, other address: the upper halves of the address are exchanged.
            const End full = ipv4_end(0x00640a00 + 0x01000001 * (other + 1));
            ServiceWord entry = entry_for<abi::ServiceEntry, ServiceWord>(full);
            lib::set<abi::ServiceEntry::service>(entry, 100 + other);
            stage.command(Opcode::write_service, bucket_of(kVirtual, false), other, 0, entry);
            ReplyWord reply = entry_for<abi::ReplyEntry, ReplyWord>(full);
            stage.command(Opcode::write_reply, bucket_of(kServer, true), other, 0, reply);
        }
        stage.write_service(kVirtual, 7, way);
        stage.write_reply(kServer, 8, 300, false, way);
        EXPECT_EQ(stage.packet(kClient, kVirtual).flow.service, 7) << way;
        EXPECT_EQ(stage.packet(kServer, kClient).flow.service, 8) << way;
        EXPECT_EQ(stage.packet(kServer, kClient).server, 300) << way;
    }
}

TEST(Service, an_empty_way_does_not_match_a_packet_of_zeros) {
    Stage stage;
    const End zero{.address = 0, .port = 0, .protocol = 0};
    EXPECT_EQ(stage.packet(zero, zero).reason, reason_bits(Reason::service_miss));
}

TEST(Service, a_settled_frame_keeps_its_reason_and_has_no_service) {
    Stage stage;
    stage.write_service(kVirtual, 7);
    stage.write_reply(kServer, 8, 300);
    const ServiceHeader served = stage.packet(kServer, kVirtual, reason_bits(Reason::fragment));
    EXPECT_EQ(served.reason, reason_bits(Reason::fragment));
    EXPECT_EQ(served.flow.service_found, 0);
}

TEST(Service, both_tables_turn_over_with_the_version_at_once) {
    Stage stage;
    stage.write_service(kVirtual, 1, 0, 0);
    stage.write_reply(kServer, 1, 11, false, 0, 0);
    stage.write_service(kVirtual, 2, 3, 1);
    stage.write_reply(kServer, 2, 22, false, 3, 1);
    for (const unsigned version : {0u, 1u, 1u, 0u, 1u}) {
        stage.set_version(version);
        const ServiceHeader forward = stage.packet(kClient, kVirtual);
        const ServiceHeader reply = stage.packet(kServer, kClient);
        EXPECT_EQ(forward.version, version);
        EXPECT_EQ(forward.flow.service, version + 1);
        EXPECT_EQ(reply.version, version);
        EXPECT_EQ(reply.flow.service, version + 1);
        EXPECT_EQ(reply.server, 11 * (version + 1));
    }
}

TEST(Service, a_cleared_entry_is_gone_and_the_other_bank_stays) {
    Stage stage;
    stage.write_service(kVirtual, 1, 0, 0);
    stage.write_service(kVirtual, 2, 0, 1);
    stage.command(Opcode::write_service, bucket_of(kVirtual, false), 0, 0, 0);
    EXPECT_EQ(stage.packet(kClient, kVirtual).reason, reason_bits(Reason::service_miss));
    stage.set_version(1);
    EXPECT_EQ(stage.packet(kClient, kVirtual).flow.service, 2);
}

TEST(Service, the_rule_for_scheduling_is_the_entrys) {
    Stage stage;
    ServiceWord entry = entry_for<abi::ServiceEntry, ServiceWord>(kVirtual);
    lib::set<abi::ServiceEntry::steer>(entry, static_cast<int>(abi::Steer::maglev));
    lib::set<abi::ServiceEntry::steer_port>(entry, 1);
    lib::set<abi::ServiceEntry::steer_base>(entry, 0x31234);
    lib::set<abi::ServiceEntry::steer_size>(entry, 65521);
    lib::set<abi::ServiceEntry::steer_reciprocal>(entry, abi::steer_reciprocal(65521));
    lib::set<abi::ServiceEntry::cursor>(entry, 13);
    stage.command(Opcode::write_service, bucket_of(kVirtual, false), 2, 0, entry);
    const SteerRule rule = stage.packet(kClient, kVirtual).steer;
    EXPECT_EQ(rule.kind, static_cast<int>(abi::Steer::maglev));
    EXPECT_EQ(rule.use_port, 1);
    EXPECT_EQ(rule.base, 0x31234);
    EXPECT_EQ(rule.size, 65521);
    EXPECT_EQ(rule.reciprocal.to_uint64(), abi::steer_reciprocal(65521));
    EXPECT_EQ(rule.cursor, 13);
}

}  // namespace
}  // namespace fpvs::kernels
