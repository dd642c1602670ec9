// SPDX-License-Identifier: Apache-2.0
// Flow first, young connection second, table last.
#include "hw/kernels/steer/steer.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <utility>
#include <vector>

namespace fpvs::kernels {
namespace {

using abi::Opcode;
using abi::Reason;

struct Tables {
    YoungTable young = {};
    YoungServers young_servers = {};
    SteerWords words = {};
};

struct Stage {
    EpochBits epoch = 0;
    CursorBits cursors[abi::kCursorsMax] = {};
    YoungCall calls[kYoungWindow] = {};
    ServerCall servers[kServerWindow] = {};
    std::unique_ptr<Tables> tables = std::make_unique<Tables>();
    hls::stream<Command> commands;
    hls::stream<FlowHeader> flows;
    hls::stream<Command> commands_on;
    hls::stream<SteeredHeader> steered;

    void step() {
        steer_step(epoch,
                   cursors,
                   calls,
                   servers,
                   tables->young,
                   tables->young_servers,
                   tables->words,
                   commands,
                   flows,
                   commands_on,
                   steered);
    }
    void command(Opcode opcode, unsigned index, unsigned payload = 0) {
        Command command{};
        command.opcode = static_cast<int>(opcode);
        command.index = index;
        command.payload = payload;
        commands.write(command);
        step();
        ASSERT_EQ(commands_on.size(), 1u);
        commands_on.read();
    }
    // A word that names this server; 0: none.
    void word(unsigned index, unsigned server) {
        command(Opcode::write_steer, index, server == 0 ? 0 : 1u << 12 | server);
    }
    // Longer than either window, so that the tables speak.
    void pause() {
        for (int i = 0; i < kServerWindow; ++i) {
            command(Opcode::nop, 0);
        }
    }
    SteeredHeader frame(const FlowHeader& header) {
        flows.write(header);
        step();
        return steered.read();
    }
};

FlowHeader opener(unsigned client, unsigned word, abi::Steer kind = abi::Steer::maglev) {
    FlowHeader header{};
    header.packet.opens = 1;
    header.packet.tcp_flags = 0x02;
    header.flow.client_address = client;
    header.flow.client_port = 1000;
    header.flow.service = 7;
    header.young = client % abi::kYoungMax;
    header.steer.kind = static_cast<int>(kind);
    header.steer.word = word;
    header.steer.size = 1;
    header.server = 4000;
    return header;
}

FlowHeader later_packet(unsigned client, unsigned word) {
    FlowHeader header = opener(client, word);
    header.packet.opens = 0;
    header.packet.tcp_flags = 0x10;
    return header;
}

FlowHeader in_turn(unsigned client, unsigned word, unsigned size, unsigned cursor = 3) {
    FlowHeader header = opener(client, word, abi::Steer::in_turn);
    header.steer.size = size;
    header.steer.cursor = cursor;
    return header;
}

void expect_steered(const SteeredHeader& out, unsigned server, bool learn) {
    EXPECT_EQ(out.reason, kUndecided);
    EXPECT_EQ(out.steered, 1);
    EXPECT_EQ(out.server, server);
    EXPECT_EQ(out.learn, learn ? 1 : 0);
}

void expect_reason(const SteeredHeader& out, Reason reason) {
    EXPECT_EQ(out.reason, reason_bits(reason));
    EXPECT_EQ(out.steered, 0);
    EXPECT_EQ(out.learn, 0);
}

TEST(Steer, a_known_flow_and_a_settled_frame_pass) {
    Stage stage;
    stage.word(5, 11);
    FlowHeader flow = opener(1, 5);
    flow.found = 1;
    flow.method = 3;
    const SteeredHeader out = stage.frame(flow);
    EXPECT_EQ(out.reason, kUndecided);
    EXPECT_EQ(out.steered, 0);
    EXPECT_EQ(out.server, 4000);
    EXPECT_EQ(out.method, 3);
    FlowHeader settled = opener(1, 5);
    settled.reason = reason_bits(Reason::icmp);
    expect_reason(stage.frame(settled), Reason::icmp);
    expect_steered(stage.frame(opener(1, 5)), 11, true);
}

TEST(Steer, a_first_packet_goes_by_the_table_and_is_told_once) {
    Stage stage;
    stage.word(200000, 11);
    expect_steered(stage.frame(opener(1, 200000)), 11, true);
    for (int i = 0; i < 40; ++i) {
        expect_steered(stage.frame(later_packet(1, 200000)), 11, false);
    }
    expect_steered(stage.frame(opener(1, 200000)), 11, false);
}

TEST(Steer, what_does_not_open_a_connection_needs_one) {
    Stage stage;
    stage.word(5, 11);
    expect_reason(stage.frame(later_packet(1, 5)), Reason::flow_miss);
    FlowHeader unscheduled = opener(1, 5, abi::Steer::none);
    expect_reason(stage.frame(unscheduled), Reason::flow_miss);
    FlowHeader reply = opener(1, 5);
    reply.flow.from_server = 1;
    expect_reason(stage.frame(reply), Reason::flow_miss);
    expect_steered(stage.frame(opener(1, 5)), 11, true);
    FlowHeader odd = later_packet(1, 5);
    odd.packet.tcp_flags = 0x12;
    expect_reason(stage.frame(odd), Reason::flow_miss);
    expect_reason(stage.frame(reply), Reason::flow_miss);
}

TEST(Steer, a_place_without_a_server_is_the_hosts) {
    Stage stage;
    expect_reason(stage.frame(opener(1, 5)), Reason::steer_none);
    expect_reason(stage.frame(later_packet(1, 5)), Reason::steer_none);
}

TEST(Steer, a_connection_keeps_its_server_when_the_table_changes) {
    for (const bool paused : {false, true}) {
        Stage stage;
        stage.word(5, 11);
        expect_steered(stage.frame(opener(1, 5)), 11, true);
        if (paused) {
            stage.pause();
        }
        stage.word(5, 12);
        expect_steered(stage.frame(later_packet(1, 5)), 11, false);
        expect_steered(stage.frame(opener(1, 5)), 11, false);
        stage.word(5, 0);
        expect_steered(stage.frame(later_packet(1, 5)), 11, false);
        FlowHeader no_longer = later_packet(1, 9);
        no_longer.steer.kind = 0;
        expect_steered(stage.frame(no_longer), 11, false);
        stage.word(5, 12);
        expect_steered(stage.frame(opener(2, 5)), 12, true);
    }
}

TEST(Steer, the_whole_key_counts) {
    Stage stage;
    stage.word(5, 11);
    stage.word(6, 12);
    expect_steered(stage.frame(opener(1, 5)), 11, true);
    FlowHeader other = later_packet(1, 5);
    other.flow.client_port = 1001;
    expect_reason(stage.frame(other), Reason::flow_miss);
    other = later_packet(1, 5);
    other.flow.service = 8;
    expect_reason(stage.frame(other), Reason::flow_miss);
    other = later_packet(1, 5);
    other.packet.ipv6 = 1;
    expect_reason(stage.frame(other), Reason::flow_miss);
    other = later_packet(1, 5);
    other.flow.client_address[127] = 1;
    expect_reason(stage.frame(other), Reason::flow_miss);
}

TEST(Steer, who_comes_to_a_place_takes_it) {
    for (const bool paused : {false, true}) {
        Stage stage;
        stage.word(5, 11);
        expect_steered(stage.frame(opener(1, 5)), 11, true);
        if (paused) {
            stage.pause();
        }
        expect_steered(stage.frame(opener(1 + abi::kYoungMax, 5)), 11, true);
        if (paused) {
            stage.pause();
        }
        expect_reason(stage.frame(later_packet(1, 5)), Reason::flow_miss);
        expect_steered(stage.frame(later_packet(1 + abi::kYoungMax, 5)), 11, false);
    }
}

TEST(Steer, a_connection_in_turn_is_not_driven_out) {
    for (const bool paused : {false, true}) {
        Stage stage;
        stage.word(5, 11);
        stage.word(6, 12);
        expect_steered(stage.frame(in_turn(1, 5, 2)), 11, true);
        if (paused) {
            stage.pause();
        }
        // One in turn stays with the host, and its turn with the next; one by hash goes its way.
        expect_reason(stage.frame(in_turn(1 + abi::kYoungMax, 5, 2)), Reason::flow_miss);
        expect_steered(stage.frame(opener(1 + 2 * abi::kYoungMax, 6)), 12, true);
        expect_steered(stage.frame(opener(1 + 2 * abi::kYoungMax, 6)), 12, true);
        expect_steered(stage.frame(in_turn(1, 5, 2)), 11, false);
        expect_steered(stage.frame(in_turn(2, 5, 2)), 12, true);
    }
}

TEST(Steer, a_young_connection_is_told_again_in_a_later_epoch_and_ends_without_packets) {
    Stage stage;
    stage.command(Opcode::set_epoch, 510);
    stage.word(5, 11);
    expect_steered(stage.frame(opener(1, 5)), 11, true);
    stage.word(5, 12);
    for (const unsigned epoch : {1u, 4u, 5u}) {  // 510 is 2 before 0.
        stage.command(Opcode::set_epoch, epoch);
        stage.pause();
        expect_steered(stage.frame(later_packet(1, 5)), 11, true);
        stage.pause();
        expect_steered(stage.frame(later_packet(1, 5)), 11, false);
    }
    stage.pause();
    stage.command(Opcode::set_epoch, 5 + abi::kYoungEpochs);
    expect_reason(stage.frame(later_packet(1, 5)), Reason::flow_miss);
    expect_steered(stage.frame(opener(1, 5)), 12, true);
}

TEST(Steer, a_cleared_place_is_empty) {
    for (const bool paused : {false, true}) {
        Stage stage;
        stage.word(5, 11);
        expect_steered(stage.frame(opener(1, 5)), 11, true);
        if (paused) {
            stage.pause();
        }
        stage.command(Opcode::clear_young, 2);
        expect_steered(stage.frame(later_packet(1, 5)), 11, false);
        stage.command(Opcode::clear_young, 1);
        expect_reason(stage.frame(later_packet(1, 5)), Reason::flow_miss);
        stage.word(5, 12);
        expect_steered(stage.frame(opener(1, 5)), 12, true);
    }
}

TEST(Steer, a_sequence_is_walked_in_turn_by_new_connections_only) {
    Stage stage;
    for (unsigned i = 0; i < 3; ++i) {
        stage.word(100 + i, 20 + i);
    }
    stage.command(Opcode::set_cursor, 3, 2);
    const unsigned order[] = {22, 20, 21, 22, 20};
    for (unsigned i = 0; i < 5; ++i) {
        expect_steered(stage.frame(in_turn(i, 100, 3)), order[i], true);
        expect_steered(stage.frame(in_turn(i, 100, 3)), order[i], false);
    }
    // Each sequence has a cursor of its own.
    expect_steered(stage.frame(in_turn(50, 100, 3, 4)), 20, true);
    expect_steered(stage.frame(in_turn(51, 100, 3)), 21, true);
}

TEST(Steer, a_cursor_beyond_a_sequence_that_became_shorter_begins_anew) {
    Stage stage;
    for (unsigned i = 0; i < 6; ++i) {
        stage.word(100 + i, 20 + i);
    }
    stage.command(Opcode::set_cursor, 3, 5);
    expect_reason(stage.frame(in_turn(1, 100, 3)), Reason::steer_none);
    expect_steered(stage.frame(in_turn(2, 100, 3)), 20, true);
    stage.command(Opcode::set_cursor, 3, 65520);
    expect_reason(stage.frame(in_turn(3, 100, 65521)), Reason::steer_none);  // Word 65620.
    expect_steered(stage.frame(in_turn(4, 100, 65521)), 20, true);
}

// A pipeline's table is some calls behind; natively it never is, so these ask the windows alone.
TEST(Young, the_last_calls_count_before_the_table) {
    for (int number = 0; number < kYoungWindow; ++number) {
        YoungCall calls[kYoungWindow] = {};
        calls[number].place = 9;
        calls[number].key = 77;
        calls[number].wrote = 1;
        YoungEntry entry{};
        entry.key = 55;
        entry.valid = 1;
        YoungWish wish{};
        wish.place = 9;
        wish.resumes = 1;
        wish.key = 77;
        EXPECT_EQ(find_young(calls, entry, wish, 0).hit, 1) << number;
        wish.key = 55;
        EXPECT_EQ(find_young(calls, entry, wish, 0).hit, 0) << "it was driven out";
        calls[number].wrote = 0;
        EXPECT_EQ(find_young(calls, entry, wish, 0).hit, 1) << "it was not";
        calls[number].wrote = 1;
        wish.place = 8;
        EXPECT_EQ(find_young(calls, entry, wish, 0).hit, 1) << "that was another place";
        calls[number].place = 8;
        calls[number].key = 55;
        calls[number].cleared = 1;
        EXPECT_EQ(find_young(calls, entry, wish, 0).hit, 0) << "it was cleared";
    }
}

TEST(Young, the_latest_of_the_last_calls_counts) {
    for (int number = 0; number < kServerWindow; ++number) {
        ServerCall calls[kServerWindow] = {};
        for (int call = 0; call < kServerWindow; ++call) {
            calls[call].place = 9;
            calls[call].wrote = call >= number ? 1 : 0;
        }
        const ServerFound found = find_server(calls, 9);
        EXPECT_EQ(found.recent, 1);
        EXPECT_EQ(found.call, number);
        EXPECT_EQ(find_server(calls, 8).recent, 0);
    }
}

// Random connections while the table changes all the time; the host learns late or never.
TEST(Steer, no_connection_moves_while_tables_change) {
    constexpr unsigned kPackets = 300000;
    constexpr unsigned kClients = 4000;
    constexpr unsigned kWords = 251;
    std::mt19937 random(7);
    Stage stage;
    for (unsigned i = 0; i < kWords; ++i) {
        stage.word(i, 1 + random() % 100);
    }
    std::map<unsigned, unsigned> server_of;
    unsigned steered = 0;
    for (unsigned packet = 0; packet < kPackets; ++packet) {
        if (random() % 4 == 0) {
            stage.word(random() % kWords, 1 + random() % 100);
        }
        const unsigned client = random() % kClients;
        const bool opens = random() % 2 == 0;
        const SteeredHeader out = stage.frame(opens ? opener(client, client % kWords)
                                                    : later_packet(client, client % kWords));
        if (out.steered == 0) {
            EXPECT_FALSE(server_of.contains(client));
            continue;
        }
        ++steered;
        EXPECT_EQ(out.learn == 1, !server_of.contains(client));
        const auto [known, fresh] = server_of.emplace(client, out.server.to_uint());
        ASSERT_EQ(out.server, known->second) << "client " << client << " moved";
    }
    EXPECT_GT(steered, kPackets / 2);
}

}  // namespace
}  // namespace fpvs::kernels
