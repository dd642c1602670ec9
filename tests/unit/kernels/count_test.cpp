// SPDX-License-Identifier: Apache-2.0
#include "hw/kernels/count/count.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "hw/kernels/event/event.hpp"

namespace fpvs::kernels {
namespace {

struct Tables {
    CounterWord reasons[kReasonCounts] = {};
    CounterWord servers[kServerCounts] = {};
    CounterWord replies[kServerCounts] = {};
    CounterWord services[kServiceCounts] = {};
};

struct CountStage {
    CountState state{};
    DropCount drops{};
    std::unique_ptr<Tables> tables = std::make_unique<Tables>();
    hls::stream<Command> commands;
    hls::stream<Counted> counted;
    hls::stream<Counted> injected;
    hls::stream<Counted> dropped;
    hls::stream<Command> commands_on;

    void run(int steps) {
        for (int i = 0; i < steps; ++i) {
            count_step(state,
                       drops,
                       tables->reasons,
                       tables->servers,
                       tables->replies,
                       tables->services,
                       commands,
                       counted,
                       injected,
                       dropped,
                       commands_on);
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

// Packets and bytes of each table for server 3 of service 9, after one packet of that reason.
std::vector<Sum> counted_as(abi::Reason reason) {
    CountStage stage;
    Counted packet = record(reason, 60, 3, 46);
    packet.service_found = 1;
    packet.service = 9;
    stage.counted.write(packet);
    stage.run(1);
    std::vector<Sum> sums;
    for (const auto& [table, index] :
         {std::pair(abi::CounterTable::reasons, static_cast<unsigned>(reason)),
          std::pair(abi::CounterTable::servers, 3u),
          std::pair(abi::CounterTable::replies, 3u),
          std::pair(abi::CounterTable::services, 9u)}) {
        stage.read(index, table);
        stage.run(40);
        sums.push_back(stage.sum(4));
    }
    return sums;
}

TEST(Count, servers_count_what_was_sent_to_them_and_what_they_replied) {
    const Sum frame{1, 60};
    const Sum packet{1, 46};
    const Sum none{0, 0};
    using Sums = std::vector<Sum>;
    EXPECT_EQ(counted_as(abi::Reason::forwarded), (Sums{frame, packet, none, packet}));
    EXPECT_EQ(counted_as(abi::Reason::steered), (Sums{frame, packet, none, packet}));
    EXPECT_EQ(counted_as(abi::Reason::replied), (Sums{frame, none, packet, packet}));
    EXPECT_EQ(counted_as(abi::Reason::ttl), (Sums{frame, none, none, packet}));
    EXPECT_EQ(counted_as(abi::Reason::injected), (Sums{frame, none, none, packet}));
}

TEST(Count, without_a_service_no_service_counts) {
    CountStage stage;
    stage.counted.write(record(abi::Reason::not_ip, 60));
    stage.run(1);
    stage.read(0, abi::CounterTable::services);
    stage.run(40);
    EXPECT_EQ(stage.sum(4), (Sum{0, 0}));
}

TEST(Count, what_punt_drops_costs_no_turn) {
    CountStage stage;
    for (int i = 0; i < 100; ++i) {
        stage.counted.write(record(abi::Reason::flow_miss, 60));
        stage.dropped.write(record(abi::Reason::punt_full, 60));
    }
    stage.run(100);
    EXPECT_TRUE(stage.counted.empty() && stage.dropped.empty());
    for (const abi::Reason reason : {abi::Reason::flow_miss, abi::Reason::punt_full}) {
        stage.read(static_cast<unsigned>(reason), abi::CounterTable::reasons);
        stage.run(40);
        EXPECT_EQ(stage.sum(4), (Sum{100, 6000}));
    }
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

struct EventStage {
    hls::stream<Command> commands;
    hls::stream<FlowNews> news;
    hls::stream<EventBeat> axis;
    void step() { event_step(commands, news, axis); }
};

TEST(Event, only_answers_and_echoes_leave_the_chain) {
    EventStage stage;
    for (int opcode = 0; opcode < 18; ++opcode) {
        Command command{};
        command.opcode = opcode;
        stage.commands.write(command);
        stage.step();
    }
    EXPECT_EQ(stage.axis.size(), 1u);
    EXPECT_EQ(lib::get<abi::Event::kind>(stage.axis.read()), event_kind(abi::EventKind::echo));
}

TEST(Event, news_name_the_flow_by_its_key) {
    EventStage stage;
    FlowNews news{};
    news.tcp_flags = 0x11;
    news.ipv6 = 1;
    news.flow.client_address = cat(ap_uint<64>(0x20010db800000001u), ap_uint<64>(0xfeu));
    news.flow.client_port = 40000;
    news.flow.service = 4095;
    news.flow.from_server = 1;
    news.server = 77;
    for (const bool learned : {false, true}) {
        news.learned = learned ? 1 : 0;
        news.flow.reply = learned ? 0 : 1;
        stage.news.write(news);
        stage.step();
        const EventBeat event = stage.axis.read();
        EXPECT_EQ(lib::get<abi::Event::kind>(event),
                  event_kind(learned ? abi::EventKind::learned : abi::EventKind::flow_flags));
        EXPECT_EQ(lib::get<abi::Event::tcp_flags>(event), 0x11);
        EXPECT_EQ(lib::get<abi::Event::client_address_low>(event), 0xfe);
        EXPECT_EQ(lib::get<abi::Event::client_address_high>(event), 0x20010db800000001u);
        EXPECT_EQ(lib::get<abi::Event::client_port>(event), 40000);
        EXPECT_EQ(lib::get<abi::Event::service>(event), 4095);
        EXPECT_EQ(lib::get<abi::Event::ipv6>(event), 1);
        EXPECT_EQ(lib::get<abi::Event::reply>(event), learned ? 0 : 1);
        EXPECT_EQ(lib::get<abi::Event::from_server>(event), 1);
        EXPECT_EQ(lib::get<abi::Event::server>(event), 77);
    }
}

}  // namespace
}  // namespace fpvs::kernels
