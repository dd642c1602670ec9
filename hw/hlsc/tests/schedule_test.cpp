// SPDX-License-Identifier: Apache-2.0
// Stages of hand-made processes: recurrences close, memories keep their order.
#include "hw/hlsc/schedule/schedule.hpp"

#include <gtest/gtest.h>

namespace fpvs::hlsc {
namespace {

constexpr int kIn = 0;
constexpr int kOut = 1;

// One input word of 64 bits, one output; the test fills in the rest.
struct Bench {
    Process process;
    Options options;
    Diagnostics diagnostics;
    Value word = process.graph.source(Op::stream_payload, 64, kIn, 0);
    Bit readable = process.graph.not_(process.graph.source(Op::stream_empty, 1, kIn)[0]);

    Bench() {
        process.name = "bench";
        process.reads.push_back({kIn, readable, {}});
    }
    void write(const Value& data) { process.writes.push_back({kOut, readable, data, {}, 0}); }
    bool run() { return schedule(process, options, diagnostics); }

    Ram& add_ram() {
        Ram ram;
        ram.name = "table";
        ram.depth = 16;
        ram.width = 8;
        ram.latency = 2;
        ram.reads.push_back({Graph::slice(word, 0, 4), readable, 0});
        process.rams.push_back(ram);
        return process.rams.back();
    }
    // Additions that take several stages.
    Value slow(Value v, int steps) {
        for (int i = 0; i < steps; ++i) {
            v = process.graph.add(v, process.graph.xor_(v, Graph::slice(word, i + 1, 64)));
        }
        return v;
    }
};

TEST(Schedule, a_chain_longer_than_the_clock_takes_stages) {
    Bench bench;
    bench.write(bench.slow(bench.word, 6));
    ASSERT_TRUE(bench.run()) << bench.diagnostics.text();
    EXPECT_GE(bench.process.stages, 3);
    for (const double time : bench.process.time_of) {
        EXPECT_LE(time, bench.options.clock_ns);
    }
}

TEST(Schedule, a_register_is_read_and_written_in_one_stage) {
    Bench bench;
    const Value held = bench.process.graph.source(Op::register_read, 8, 0);
    Register counter;
    counter.name = "counter";
    counter.width = 8;
    counter.enable = bench.readable;
    counter.next = bench.process.graph.add(held, Graph::slice(bench.slow(bench.word, 4), 0, 8));
    bench.process.registers.push_back(counter);
    bench.write(held);
    ASSERT_TRUE(bench.run()) << bench.diagnostics.text();
    const Register& placed = bench.process.registers[0];
    EXPECT_GT(placed.stage, 0);
    EXPECT_EQ(bench.process.stage_of[static_cast<std::size_t>(held[0].node)], placed.stage);
}

TEST(Schedule, a_recurrence_longer_than_the_clock_is_refused) {
    Bench bench;
    const Value held = bench.process.graph.source(Op::register_read, 64, 0);
    Register state;
    state.name = "state";
    state.width = 64;
    state.enable = bench.readable;
    state.next = bench.slow(held, 5);
    bench.process.registers.push_back(state);
    bench.write(held);
    EXPECT_FALSE(bench.run());
    EXPECT_NE(bench.diagnostics.text().find("'state' depends on its own value"), std::string::npos);
}

TEST(Schedule, a_table_is_stored_in_the_stage_of_its_load) {
    Bench bench;
    Ram& ram = bench.add_ram();
    ram.writes.push_back({Graph::slice(bench.word, 8, 4),
                          Graph::slice(bench.slow(bench.word, 4), 0, 8),
                          bench.readable,
                          0});
    ram.orders.push_back({0, 0, false});
    bench.write(bench.process.graph.source(Op::ram_data, 8, 0, 0));
    ASSERT_TRUE(bench.run()) << bench.diagnostics.text();
    EXPECT_GT(bench.process.rams[0].writes[0].stage, 0);
    EXPECT_EQ(bench.process.rams[0].reads[0].stage, bench.process.rams[0].writes[0].stage);
}

TEST(Schedule, a_load_after_a_store_of_its_call_comes_one_stage_later) {
    Bench bench;
    Ram& ram = bench.add_ram();
    ram.writes.push_back(
        {Graph::slice(bench.word, 8, 4), Graph::slice(bench.word, 16, 8), bench.readable, 0});
    ram.orders.push_back({0, 0, true});
    bench.write(bench.process.graph.source(Op::ram_data, 8, 0, 0));
    ASSERT_TRUE(bench.run()) << bench.diagnostics.text();
    EXPECT_EQ(bench.process.rams[0].reads[0].stage, bench.process.rams[0].writes[0].stage + 1);
}

TEST(Schedule, a_declared_distance_is_kept_or_refused) {
    for (const int distance : {1, 2, 3, 4}) {
        Bench bench;
        Ram& ram = bench.add_ram();
        const Value data = bench.process.graph.source(Op::ram_data, 8, 0, 0);
        ram.data_feeds_store = true;
        ram.dependence.raw_distance = distance;
        ram.writes.push_back({ram.reads[0].address,
                              bench.process.graph.add(data, Graph::constant(8, 1)),
                              bench.readable,
                              0});
        ram.orders.push_back({0, 0, false});
        bench.write(data);
        // The load takes two stages, so the store comes two after it.
        EXPECT_EQ(bench.run(), distance >= 3) << "distance " << distance;
    }
}

TEST(Schedule, what_is_read_must_be_known_in_the_first_stage) {
    Bench bench;
    bench.process.reads.push_back({2, bench.slow(bench.word, 6)[63], {}});
    bench.write(bench.word);
    EXPECT_FALSE(bench.run());
    EXPECT_NE(bench.diagnostics.text().find("within the first stage"), std::string::npos);
}

TEST(Schedule, state_that_nothing_depends_on_is_dropped) {
    Bench bench;
    Register unseen;
    unseen.name = "unseen";
    unseen.width = 8;
    unseen.enable = bench.readable;
    unseen.next = Graph::slice(bench.word, 0, 8);
    bench.process.registers.push_back(unseen);
    bench.write(bench.word);
    ASSERT_TRUE(bench.run());
    EXPECT_EQ(bench.process.registers[0].width, 0);
}

}  // namespace
}  // namespace fpvs::hlsc
