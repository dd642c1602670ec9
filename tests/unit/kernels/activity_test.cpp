// SPDX-License-Identifier: Apache-2.0
#include "hw/kernels/activity/activity.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

namespace fpvs::kernels {
namespace {

using abi::Opcode;
using abi::Reason;

struct Tables {
    EpochBits last_epoch[FlowTable::arrays][FlowTable::words] = {};
    EpochBits last_epoch6[Flow6Table::arrays][Flow6Table::words] = {};
};

struct Stage {
    ActivityState state{};
    std::unique_ptr<Tables> tables = std::make_unique<Tables>();
    hls::stream<Command> commands;
    hls::stream<Settled> settled;
    hls::stream<Command> commands_on;
    hls::stream<FlowNews> news;
    hls::stream<Counted> counted;

    Command command(Opcode opcode, unsigned index, unsigned way = 0, unsigned table = 0) {
        Command command{};
        command.opcode = static_cast<int>(opcode);
        command.index = index;
        command.way = way;
        command.table = table;
        command.tag = 99;
        commands.write(command);
        step();
        return commands_on.read();
    }
    void step() {
        activity_step(state,
                      tables->last_epoch,
                      tables->last_epoch6,
                      commands,
                      settled,
                      commands_on,
                      news,
                      counted);
    }
    Counted frame(const Settled& frame) {
        settled.write(frame);
        step();
        return counted.read();
    }
    unsigned epoch_of(unsigned bucket, unsigned way, bool ipv6) {
        const Command answer = command(Opcode::read_activity, bucket, way, ipv6 ? 1 : 0);
        EXPECT_EQ(answer.answered, 1);
        EXPECT_EQ(answer.tag, 99u);
        return answer.payload.to_uint();
    }
};

Settled settled_frame(Reason reason, unsigned bucket, unsigned way, bool ipv6) {
    Settled frame{};
    frame.reason = reason_bits(reason);
    frame.length = 60;
    frame.ip_bytes = 46;
    frame.ipv6 = ipv6 ? 1 : 0;
    frame.tcp_flags = lib::kTcpAck;
    frame.flow.client_address = 0xc6336402;
    frame.flow.client_port = 40000;
    frame.flow.service = 7;
    frame.flow.service_found = 1;
    frame.server = 20;
    frame.place.bucket = bucket;
    frame.place.way = way;
    return frame;
}

TEST(Activity, a_hit_stamps_its_own_place_with_the_epoch) {
    Stage stage;
    const unsigned last = abi::kFlow6Buckets - 1;
    for (const bool ipv6 : {false, true}) {
        for (unsigned way = 0; way < abi::kFlowBucketWays; ++way) {
            const unsigned epoch = 500 - way;
            EXPECT_EQ(stage.command(Opcode::set_epoch, epoch).answered, 0);
            const Reason reason = way % 2 == 0 ? Reason::forwarded : Reason::replied;
            stage.frame(settled_frame(reason, last, way, ipv6));
        }
    }
    for (const bool ipv6 : {false, true}) {
        for (unsigned way = 0; way < abi::kFlowBucketWays; ++way) {
            EXPECT_EQ(stage.epoch_of(last, way, ipv6), 500 - way);
            EXPECT_EQ(stage.epoch_of(last - 1, way, ipv6), 0u);
        }
    }
}

TEST(Activity, only_packets_of_flows_that_left_are_hits) {
    Stage stage;
    stage.command(Opcode::set_epoch, 9);
    for (const Reason reason : {Reason::steered, Reason::mtu, Reason::flow_miss, Reason::tcp_syn}) {
        stage.frame(settled_frame(reason, 3, 1, false));
        EXPECT_EQ(stage.epoch_of(3, 1, false), 0u);
    }
    stage.frame(settled_frame(Reason::forwarded, 3, 1, false));
    EXPECT_EQ(stage.epoch_of(3, 1, false), 9u);
    EXPECT_EQ(stage.epoch_of(3, 1, true), 0u);
}

TEST(Activity, fin_and_rst_are_news_of_what_left) {
    struct Case {
        Reason reason;
        int flags;
        bool news;
    };
    for (const Case& one : {Case{Reason::forwarded, lib::kTcpFin | lib::kTcpAck, true},
                            Case{Reason::forwarded, lib::kTcpRst, true},
                            Case{Reason::forwarded, lib::kTcpSyn | lib::kTcpAck, false},
                            Case{Reason::replied, lib::kTcpFin, true},
                            Case{Reason::steered, lib::kTcpRst, true},
                            Case{Reason::steered, lib::kTcpAck, false},
                            Case{Reason::ttl, lib::kTcpFin, false},
                            Case{Reason::flow_miss, lib::kTcpRst, false}}) {
        Stage stage;
        Settled frame = settled_frame(one.reason, 3, 1, true);
        frame.tcp_flags = one.flags;
        frame.flow.from_server = one.reason == Reason::replied ? 1 : 0;
        stage.frame(frame);
        ASSERT_EQ(stage.news.size(), one.news ? 1u : 0u) << one.flags;
        if (one.news) {
            const FlowNews news = stage.news.read();
            EXPECT_EQ(news.learned, 0);
            EXPECT_EQ(news.tcp_flags, one.flags);
            EXPECT_EQ(news.ipv6, 1);
            EXPECT_EQ(news.flow.client_address, 0xc6336402);
            EXPECT_EQ(news.flow.client_port, 40000);
            EXPECT_EQ(news.flow.service, 7);
            EXPECT_EQ(news.flow.from_server, frame.flow.from_server);
            EXPECT_EQ(news.server, 20);
        }
    }
}

// The choice of a server stands, even if this packet could not be sent there.
TEST(Activity, a_server_that_was_chosen_is_news_whatever_becomes_of_the_packet) {
    for (const Reason reason : {Reason::steered, Reason::mtu, Reason::server}) {
        Stage stage;
        Settled frame = settled_frame(reason, 0, 0, false);
        frame.learn = 1;
        frame.tcp_flags = lib::kTcpSyn;
        stage.frame(frame);
        ASSERT_EQ(stage.news.size(), 1u);
        const FlowNews news = stage.news.read();
        EXPECT_EQ(news.learned, 1);
        EXPECT_EQ(news.tcp_flags, lib::kTcpSyn);
    }
}

TEST(Activity, every_frame_is_counted) {
    Stage stage;
    for (int reason = 1; reason < abi::kReasonsMax; ++reason) {
        const Counted count = stage.frame(settled_frame(static_cast<Reason>(reason), 0, 0, false));
        EXPECT_EQ(count.reason, reason);
        EXPECT_EQ(count.length, 60);
        EXPECT_EQ(count.ip_bytes, 46);
        EXPECT_EQ(count.service_found, 1);
        EXPECT_EQ(count.service, 7);
        EXPECT_EQ(count.server, 20);
    }
}

}  // namespace
}  // namespace fpvs::kernels
