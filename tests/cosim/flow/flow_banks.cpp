// SPDX-License-Identifier: Apache-2.0
// flow lookup and activity with tables of eight and two banks, for `hlsc diff`: random frames and
// commands about a handful of clients and of buckets in all banks, so that entries are found, and
// places stamped, right behind the commands that write and read them.
#define FPVS_FLOW_BUCKETS_LOG2 18
#define FPVS_FLOW6_BUCKETS_LOG2 16

#include <hls_stream.h>

#include "hw/kernels/activity/activity.hpp"
#include "hw/kernels/flow/flow_lookup.hpp"

using fpvs::cat;
using fpvs::slice;
using fpvs::kernels::Command;
using fpvs::kernels::Counted;
using fpvs::kernels::Flow6Table;
using fpvs::kernels::FlowHeader;
using fpvs::kernels::FlowNews;
using fpvs::kernels::FlowTable;
using fpvs::kernels::HashedHeader;
using fpvs::kernels::Settled;
static_assert(FlowTable::banks == 8 && Flow6Table::banks == 2, "what this is about");

namespace {

using fpvs::abi::Opcode;
using Random = ap_uint<64>;

constexpr int kPort = 40000;

// One of two words in any bank.
ap_uint<18> bucket_of(const ap_uint<4>& random) {
#pragma HLS INLINE
    return cat(slice<3, 1>(random), ap_uint<14>(0), slice<0, 0>(random));
}

void frames_in(hls::stream<Random>& in, hls::stream<HashedHeader>& hashed) {
#pragma HLS PIPELINE II = 1 style = flp
#pragma HLS INLINE off
    FPVS_WAIT(in);
    const Random random = in.read();
    HashedHeader header;
    header.reason = slice<2, 0>(random) == 7 ? 1 : 0;
    header.version = 0;
    header.packet.ipv6 = slice<3, 3>(random);
    header.packet.protocol = fpvs::lib::kProtocolTcp;
    header.packet.tcp_flags = slice<7, 5>(random);
    header.packet.length = 60;
    header.packet.ip_bytes = 46;
    header.flow.client_address = slice<9, 8>(random);
    header.flow.client_port = kPort;
    header.flow.service = 7;
    header.flow.service_found = 1;
    header.flow.from_server = slice<12, 10>(random) == 7 ? 1 : 0;
    header.flow.reply = 0;
    header.bucket_0 = bucket_of(slice<16, 13>(random));
    header.bucket_1 = bucket_of(slice<20, 17>(random));
    header.young = 0;
    header.server = slice<23, 21>(random);
    hashed.write(header);
}

void commands_in(hls::stream<Random>& in, hls::stream<Command>& commands) {
#pragma HLS PIPELINE II = 1 style = flp
#pragma HLS INLINE off
    FPVS_WAIT(in);
    const Random random = in.read();
    const ap_uint<2> which = slice<1, 0>(random);
    const ap_uint<3> way = slice<4, 2>(random);
    const ap_uint<2> client = slice<6, 5>(random);
    const ap_uint<3> server = slice<9, 7>(random);
    const ap_uint<1> valid = slice<10, 10>(random);
    const ap_uint<3> method = slice<13, 11>(random);
    Command command;
    command.opcode = static_cast<int>(Opcode::set_epoch);
    command.index = bucket_of(slice<17, 14>(random));
    command.way = way >= 6 ? ap_uint<3>(way - 6) : way;
    command.table = slice<18, 18>(random);
    command.tag = slice<63, 32>(random);
    command.answered = 0;
    command.payload = 0;
    if (which == 1) {
        command.opcode = static_cast<int>(Opcode::write_flow);
        fpvs::lib::set<fpvs::abi::FlowEntry::client_address>(command.payload, client);
        fpvs::lib::set<fpvs::abi::FlowEntry::client_port>(command.payload, kPort);
        fpvs::lib::set<fpvs::abi::FlowEntry::service>(command.payload, 7);
        fpvs::lib::set<fpvs::abi::FlowEntry::valid>(command.payload, valid);
        fpvs::lib::set<fpvs::abi::FlowEntry::server>(command.payload, server);
        fpvs::lib::set<fpvs::abi::FlowEntry::method>(command.payload, method);
    } else if (which == 2) {
        command.opcode = static_cast<int>(Opcode::write_flow6);
        command.index = slice<15, 0>(command.index);
        fpvs::lib::set<fpvs::abi::Flow6Entry::client_address_low>(command.payload, client);
        fpvs::lib::set<fpvs::abi::Flow6Entry::client_port>(command.payload, kPort);
        fpvs::lib::set<fpvs::abi::Flow6Entry::service>(command.payload, 7);
        fpvs::lib::set<fpvs::abi::Flow6Entry::valid>(command.payload, valid);
        fpvs::lib::set<fpvs::abi::Flow6Entry::server>(command.payload, server);
        fpvs::lib::set<fpvs::abi::Flow6Entry::method>(command.payload, method);
    } else if (which == 3) {
        command.opcode = static_cast<int>(Opcode::read_activity);
    } else {
        command.index = slice<27, 19>(random);
    }
    commands.write(command);
}

// What is found leaves, as if nothing else could keep it.
void settle(hls::stream<FlowHeader>& found,
            hls::stream<Settled>& settled,
            hls::stream<ap_uint<128>>& out) {
#pragma HLS PIPELINE II = 1 style = flp
#pragma HLS INLINE off
    if (!found.empty()) {
        const FlowHeader header = found.read();
        const bool leaves = header.reason == 0 && header.found == 1;
        Settled frame;
        frame.reason =
            leaves ? fpvs::kernels::reason_bits(fpvs::abi::Reason::forwarded) : header.reason;
        frame.length = header.packet.length;
        frame.ip_bytes = header.packet.ip_bytes;
        frame.ipv6 = header.packet.ipv6;
        frame.tcp_flags = header.packet.tcp_flags;
        frame.flow = header.flow;
        frame.server = header.server;
        frame.place = header.place;
        frame.learn = 0;
        settled.write(frame);
        out.write(cat(ap_uint<58>(0),
                      header.reason,
                      header.found,
                      header.place.way,
                      header.place.bucket,
                      header.server,
                      header.method,
                      header.reply_next_hop,
                      slice<14, 0>(header.other_address)));
    }
}

void commands_out(hls::stream<Command>& commands, hls::stream<ap_uint<64>>& out) {
#pragma HLS PIPELINE II = 1 style = flp
#pragma HLS INLINE off
    if (!commands.empty()) {
        const Command command = commands.read();
        out.write(cat(slice<22, 0>(command.payload),
                      command.answered,
                      command.opcode,
                      slice<31, 0>(command.tag)));
    }
}

void news_out(hls::stream<FlowNews>& news, hls::stream<ap_uint<32>>& out) {
#pragma HLS PIPELINE II = 1 style = flp
#pragma HLS INLINE off
    if (!news.empty()) {
        const FlowNews one = news.read();
        out.write(cat(ap_uint<10>(0), one.tcp_flags, one.ipv6, one.learned, one.server));
    }
}

void counted_out(hls::stream<Counted>& counted, hls::stream<ap_uint<32>>& out) {
#pragma HLS PIPELINE II = 1 style = flp
#pragma HLS INLINE off
    if (!counted.empty()) {
        const Counted one = counted.read();
        out.write(cat(ap_uint<14>(0), one.reason, one.server));
    }
}

}  // namespace

extern "C" void flow_banks(hls::stream<Random>& frames,
                           hls::stream<Random>& orders,
                           hls::stream<ap_uint<128>>& results,
                           hls::stream<ap_uint<64>>& answers,
                           hls::stream<ap_uint<32>>& told,
                           hls::stream<ap_uint<32>>& counts) {
#pragma HLS INTERFACE ap_ctrl_none port = return
#pragma HLS INTERFACE axis port = frames register_mode = both
#pragma HLS INTERFACE axis port = orders register_mode = both
#pragma HLS INTERFACE axis port = results register_mode = both
#pragma HLS INTERFACE axis port = answers register_mode = both
#pragma HLS INTERFACE axis port = told register_mode = both
#pragma HLS INTERFACE axis port = counts register_mode = both
#pragma HLS DATAFLOW disable_start_propagation
    static hls::stream<HashedHeader> hashed("hashed");
#pragma HLS STREAM variable = hashed depth = 16
    static hls::stream<FlowHeader> found("found");
#pragma HLS STREAM variable = found depth = 16
    static hls::stream<Settled> settled("settled");
#pragma HLS STREAM variable = settled depth = 16
    static hls::stream<FlowNews> news("news");
#pragma HLS STREAM variable = news depth = 16
    static hls::stream<Counted> counted("counted");
#pragma HLS STREAM variable = counted depth = 16
    static hls::stream<Command> to_lookup("to_lookup");
#pragma HLS STREAM variable = to_lookup depth = 16
    static hls::stream<Command> to_activity("to_activity");
#pragma HLS STREAM variable = to_activity depth = 16
    static hls::stream<Command> done("done");
#pragma HLS STREAM variable = done depth = 16
    frames_in(frames, hashed);
    commands_in(orders, to_lookup);
    fpvs::kernels::flow_lookup(to_lookup, hashed, to_activity, found);
    settle(found, settled, results);
    fpvs::kernels::activity(to_activity, settled, done, news, counted);
    commands_out(done, answers);
    news_out(news, told);
    counted_out(counted, counts);
}
