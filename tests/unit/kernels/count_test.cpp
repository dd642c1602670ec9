// SPDX-License-Identifier: Apache-2.0
#include "hw/kernels/count/count.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>

#include "hw/kernels/activity/activity.hpp"
#include "hw/kernels/event/event.hpp"

namespace fpvs::kernels {
namespace {

struct Tables {
    CounterWord reasons[kReasonWords] = {};
    CounterWord servers[kServerWords] = {};
};

struct CountStage {
    CountState state{};
    std::unique_ptr<Tables> tables = std::make_unique<Tables>();
    hls::stream<Command> commands;
    hls::stream<Counted> counted;
    hls::stream<Counted> injected;
    hls::stream<Command> commands_on;

    void run(int steps) {
        for (int i = 0; i < steps; ++i) {
            count_step(
                state, tables->reasons, tables->servers, commands, counted, injected, commands_on);
        }
    }
    void read(unsigned index, abi::CounterTable table) {
        for (unsigned bank = 0; bank < abi::kCounterBanks; ++bank) {
            Command command{};
            command.opcode = static_cast<int>(abi::Opcode::read_counter);
            command.way = bank;
            command.index = index;
            command.table = static_cast<int>(table);
            commands.write(command);
        }
    }
    // Packets, bytes of the answers that came.
    std::pair<std::uint64_t, std::uint64_t> sum(unsigned answers) {
        std::pair<std::uint64_t, std::uint64_t> sum{0, 0};
        EXPECT_EQ(commands_on.size(), answers);
        while (!commands_on.empty()) {
            const Command answer = commands_on.read();
            EXPECT_EQ(answer.answered, 1);
            sum.first += slice<63, 0>(answer.payload).to_uint64();
            sum.second += slice<127, 64>(answer.payload).to_uint64();
        }
        return sum;
    }
};

Counted record(abi::Reason reason, unsigned length, unsigned server = 0, unsigned ip_bytes = 0) {
    Counted out{};
    out.reason = reason_bits(reason);
    out.length = length;
    out.server = server;
    out.ip_bytes = ip_bytes;
    return out;
}

using Sum = std::pair<std::uint64_t, std::uint64_t>;

TEST(Count, sums_over_the_banks) {
    CountStage stage;
    for (int i = 0; i < 1001; ++i) {
        stage.counted.write(record(abi::Reason::forwarded, 60, 77, 46));
        stage.injected.write(record(abi::Reason::injected, 100));
    }
    stage.run(2002);
    EXPECT_TRUE(stage.counted.empty() && stage.injected.empty());
    stage.read(static_cast<unsigned>(abi::Reason::forwarded), abi::CounterTable::reasons);
    stage.run(40);
    EXPECT_EQ(stage.sum(4), (Sum{1001, 60060}));
    stage.read(static_cast<unsigned>(abi::Reason::injected), abi::CounterTable::reasons);
    stage.run(40);
    EXPECT_EQ(stage.sum(4), (Sum{1001, 100100}));
    stage.read(77, abi::CounterTable::servers);
    stage.run(40);
    EXPECT_EQ(stage.sum(4), (Sum{1001, 46046}));
    stage.read(0, abi::CounterTable::servers);
    stage.run(40);
    EXPECT_EQ(stage.sum(4), (Sum{0, 0}));
}

TEST(Count, a_word_is_touched_by_every_fourth_call_at_most) {
    CountStage stage;
    for (int i = 0; i < 400; ++i) {
        stage.counted.write(record(abi::Reason::ttl, 1));
        stage.read(static_cast<unsigned>(abi::Reason::ttl), abi::CounterTable::reasons);
    }
    const unsigned reason = static_cast<unsigned>(abi::Reason::ttl);
    int last_change[abi::kCounterBanks] = {-4, -4, -4, -4};
    for (int call = 0; call < 10000; ++call) {
        CounterWord before[abi::kCounterBanks];
        for (unsigned bank = 0; bank < abi::kCounterBanks; ++bank) {
            before[bank] = stage.tables->reasons[bank * abi::kReasonsMax + reason];
        }
        const bool holds = stage.state.held_valid == 1;
        const unsigned way = stage.state.held.way.to_uint();
        stage.run(1);
        const bool answered = holds && !stage.commands_on.empty();
        for (unsigned bank = 0; bank < abi::kCounterBanks; ++bank) {
            const bool changed =
                before[bank] != stage.tables->reasons[bank * abi::kReasonsMax + reason];
            if (changed || (answered && way == bank)) {
                EXPECT_GE(call - last_change[bank], abi::kCounterBanks);
                last_change[bank] = call;
            }
        }
        while (!stage.commands_on.empty()) {
            stage.commands_on.read();
        }
    }
    EXPECT_TRUE(stage.counted.empty() && stage.commands.empty());
}

TEST(Count, only_forwarded_frames_count_for_a_server) {
    CountStage stage;
    stage.counted.write(record(abi::Reason::ttl, 60, 3, 46));
    stage.counted.write(record(abi::Reason::injected, 60, 3, 46));
    stage.run(2);
    stage.read(3, abi::CounterTable::servers);
    stage.run(40);
    EXPECT_EQ(stage.sum(4), (Sum{0, 0}));
}

TEST(Count, neither_source_keeps_the_other_out) {
    CountStage stage;
    for (int i = 0; i < 100; ++i) {
        stage.counted.write(record(abi::Reason::forwarded, 60));
        stage.injected.write(record(abi::Reason::injected, 60));
    }
    stage.run(100);
    EXPECT_EQ(stage.counted.size(), 50u);
    EXPECT_EQ(stage.injected.size(), 50u);
}

struct ActivityStage {
    ActivityState state{};
    std::unique_ptr<EpochBits[]> table_memory = std::make_unique<EpochBits[]>(abi::kFlowsMax);
    hls::stream<Command> commands;
    hls::stream<Settled> settled;
    hls::stream<Command> commands_on;
    hls::stream<FlowFlags> flags;
    hls::stream<Counted> counted;

    void step() {
        using Table = EpochBits[abi::kFlowsMax];
        activity_step(state,
                      reinterpret_cast<Table&>(table_memory[0]),
                      commands,
                      settled,
                      commands_on,
                      flags,
                      counted);
    }
};

TEST(Activity, every_slot_has_its_own_epoch) {
    ActivityStage stage;
    for (const unsigned way : {0u, 1u, 3u}) {
        Command epoch{};
        epoch.opcode = static_cast<int>(abi::Opcode::set_epoch);
        epoch.index = 100 + way;
        stage.commands.write(epoch);
        stage.step();
        Settled frame{};
        frame.reason = reason_bits(abi::Reason::forwarded);
        frame.bucket = 0x3fff;
        frame.way = way;
        stage.settled.write(frame);
        stage.step();
    }
    while (!stage.commands_on.empty()) {
        stage.commands_on.read();
    }
    for (const unsigned way : {0u, 1u, 2u, 3u}) {
        Command read{};
        read.opcode = static_cast<int>(abi::Opcode::read_activity);
        read.index = 0x3fff;
        read.way = way;
        stage.commands.write(read);
        stage.step();
        const Command answer = stage.commands_on.read();
        EXPECT_EQ(answer.answered, 1);
        EXPECT_EQ(answer.payload, way == 2 ? 0 : 100 + way);
    }
    EXPECT_EQ(stage.counted.size(), 3u);
}

TEST(Event, only_answers_and_echoes_leave_the_chain) {
    hls::stream<Command> commands;
    hls::stream<FlowFlags> flags;
    hls::stream<EventBeat> axis;
    for (int opcode = 0; opcode < 10; ++opcode) {
        Command command{};
        command.opcode = opcode;
        commands.write(command);
        event_step(commands, flags, axis);
    }
    EXPECT_EQ(axis.size(), 1u);
    EXPECT_EQ(lib::get<abi::Event::kind>(axis.read()), event_kind(abi::EventKind::echo));
}

}  // namespace
}  // namespace fpvs::kernels
