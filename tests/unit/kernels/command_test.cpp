// SPDX-License-Identifier: Apache-2.0
#include "hw/kernels/command/command.hpp"

#include <gtest/gtest.h>

#include <cstdint>

namespace fpvs::kernels {
namespace {

using abi::CounterTable;
using abi::Opcode;

CommandBeat beat_of(int opcode, std::uint32_t index, unsigned way, unsigned table) {
    CommandBeat beat = 0;
    lib::set<abi::Command::opcode>(beat, opcode);
    lib::set<abi::Command::index>(beat, index);
    lib::set<abi::Command::way>(beat, way);
    lib::set<abi::Command::table>(beat, table);
    return beat;
}

bool exists(Opcode opcode, std::uint32_t index, unsigned way = 0, unsigned table = 0) {
    return command_exists(beat_of(static_cast<int>(opcode), index, way, table));
}

// Up to `count` and no further, also where only the upper bits of an index tell.
void expect_indices(Opcode opcode, std::uint32_t count, unsigned way = 0, unsigned table = 0) {
    EXPECT_TRUE(exists(opcode, 0, way, table)) << static_cast<int>(opcode);
    EXPECT_TRUE(exists(opcode, count - 1, way, table)) << static_cast<int>(opcode);
    EXPECT_FALSE(exists(opcode, count, way, table)) << static_cast<int>(opcode);
    EXPECT_FALSE(exists(opcode, 1u << 31, way, table)) << static_cast<int>(opcode);
    EXPECT_FALSE(exists(opcode, 0x40000, way, table)) << static_cast<int>(opcode);
}

// Ways below `ways` and tables below `tables` exist, and no others, those modulo 8 or 4 neither.
void expect_ways_and_tables(Opcode opcode, unsigned ways, unsigned tables) {
    for (unsigned way = 0; way < 256; ++way) {
        EXPECT_EQ(exists(opcode, 0, way), way < ways) << way;
    }
    for (unsigned table = 0; table < 256; ++table) {
        EXPECT_EQ(exists(opcode, 0, 0, table), table < tables) << table;
    }
}

TEST(Command, an_index_exists_up_to_the_size_of_its_table) {
    expect_indices(Opcode::write_port, abi::kPortsMax);
    expect_indices(Opcode::write_service, abi::kServiceBuckets, 3, 1);
    expect_indices(Opcode::write_reply, abi::kReplyBuckets, 3, 1);
    expect_indices(Opcode::write_flow, abi::kFlowBuckets, 5);
    expect_indices(Opcode::write_flow6, abi::kFlow6Buckets, 5);
    expect_indices(Opcode::read_activity, abi::kFlowBuckets, 5, 0);
    expect_indices(Opcode::read_activity, abi::kFlow6Buckets, 5, 1);
    expect_indices(Opcode::write_next_hop, abi::kNextHopsMax);
    expect_indices(Opcode::write_server, abi::kServersMax);
    expect_indices(Opcode::write_virtual_end, abi::kServicesMax);
    expect_indices(Opcode::write_steer, abi::kSteerWords);
    expect_indices(Opcode::set_version, 2);
    expect_indices(Opcode::set_cursor, abi::kCursorsMax);
    expect_indices(Opcode::clear_young, abi::kYoungMax);
    expect_indices(Opcode::set_epoch, 1u << abi::kEpochBits);
    expect_indices(
        Opcode::read_counter, abi::kReasonsMax, 3, static_cast<unsigned>(CounterTable::reasons));
    for (const CounterTable table : {CounterTable::servers, CounterTable::replies}) {
        expect_indices(Opcode::read_counter, abi::kServersMax, 3, static_cast<unsigned>(table));
    }
    expect_indices(
        Opcode::read_counter, abi::kServicesMax, 3, static_cast<unsigned>(CounterTable::services));
}

TEST(Command, ways_and_tables_exist_where_an_opcode_has_them) {
    expect_ways_and_tables(Opcode::write_service, abi::kTableWays, 2);
    expect_ways_and_tables(Opcode::write_reply, abi::kTableWays, 2);
    expect_ways_and_tables(Opcode::write_flow, abi::kFlowBucketWays, 256);
    expect_ways_and_tables(Opcode::write_flow6, abi::kFlowBucketWays, 256);
    expect_ways_and_tables(Opcode::read_activity, abi::kFlowBucketWays, 2);
    expect_ways_and_tables(Opcode::read_counter, abi::kCounterBanks, 4);
}

TEST(Command, opcodes_that_are_not_listed_do_not_exist) {
    for (int opcode = 0; opcode < 256; ++opcode) {
        bool listed = false;
#define FPVS_TEST_LISTED(name, number, meaning) listed = listed || opcode == (number);
        FPVS_ABI_OPCODES(FPVS_TEST_LISTED)
#undef FPVS_TEST_LISTED
        const bool nop = opcode == static_cast<int>(Opcode::nop);
        EXPECT_EQ(command_exists(beat_of(opcode, 0, 0, 0)), listed && !nop) << opcode;
    }
}

TEST(Command, a_record_has_all_of_the_beat) {
    hls::stream<CommandBeat> beats;
    hls::stream<Command> commands;
    CommandBeat beat = beat_of(static_cast<int>(Opcode::write_reply), 1023, 3, 1);
    lib::set<abi::Command::tag>(beat, 0x0123456789abcdefu);
    lib::set<abi::Command::payload_0>(beat, 0x1111111111111111u);
    lib::set<abi::Command::payload_4>(beat, 0x5555555555555555u);
    beats.write(beat);
    command(beats, commands);
    const Command out = commands.read();
    EXPECT_EQ(out.opcode, static_cast<int>(Opcode::write_reply));
    EXPECT_EQ(out.answered, 0);
    EXPECT_EQ(out.way, 3);
    EXPECT_EQ(out.table, 1);
    EXPECT_EQ(out.index, 1023);
    EXPECT_EQ(out.tag, 0x0123456789abcdefu);
    EXPECT_EQ((slice<63, 0>(out.payload)), 0x1111111111111111u);
    EXPECT_EQ((slice<319, 256>(out.payload)), 0x5555555555555555u);
}

TEST(Command, what_does_not_exist_becomes_a_nop) {
    hls::stream<CommandBeat> beats;
    hls::stream<Command> commands;
    beats.write(beat_of(static_cast<int>(Opcode::write_flow), 0, 6, 0));
    command(beats, commands);
    EXPECT_EQ(commands.read().opcode, static_cast<int>(Opcode::nop));
}

}  // namespace
}  // namespace fpvs::kernels
