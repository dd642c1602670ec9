// SPDX-License-Identifier: Apache-2.0
// steer by itself, for `hlsc diff`: random frames and commands about a handful of places, clients,
// words and cursors, so that nearly every call meets what the calls just before it wrote.
#include <hls_stream.h>

#include "hw/kernels/steer/steer.hpp"

using fpvs::cat;
using fpvs::slice;
using fpvs::kernels::Command;
using fpvs::kernels::FlowHeader;
using fpvs::kernels::SteeredHeader;

namespace {

void frames_in(hls::stream<ap_uint<64>>& in, hls::stream<FlowHeader>& flows) {
#pragma HLS PIPELINE II = 1 style = flp
#pragma HLS INLINE off
    FPVS_WAIT(in);
    const ap_uint<64> random = in.read();
    FlowHeader header;
    header.reason = slice<2, 0>(random) == 7 ? 1 : 0;
    header.found = slice<5, 3>(random) == 7 ? 1 : 0;
    header.flow.from_server = slice<8, 6>(random) == 7 ? 1 : 0;
    header.flow.client_address = slice<10, 9>(random);
    header.flow.client_port = 0;
    header.flow.service = 0;
    header.young = slice<12, 11>(random);
    header.packet.ipv6 = 0;
    header.packet.opens = slice<13, 13>(random);
    header.packet.tcp_flags = slice<14, 14>(random) << 1;
    header.steer.kind = slice<17, 15>(random);
    header.steer.word = slice<19, 18>(random);
    header.steer.size = slice<22, 20>(random);
    header.steer.cursor = slice<23, 23>(random);
    header.server = slice<35, 24>(random);
    flows.write(header);
}

// Of the commands that steer minds: set_epoch, write_steer, set_cursor, clear_young.
void commands_in(hls::stream<ap_uint<64>>& in, hls::stream<Command>& commands) {
#pragma HLS PIPELINE II = 1 style = flp
#pragma HLS INLINE off
    FPVS_WAIT(in);
    const ap_uint<64> random = in.read();
    const ap_uint<2> which = slice<1, 0>(random);
    Command command;
    command.opcode = 7;
    if (which == 1) {
        command.opcode = 14;
    } else if (which == 2) {
        command.opcode = 16;
    } else if (which == 3) {
        command.opcode = 17;
    }
    command.index = slice<4, 2>(random);
    command.payload = slice<17, 5>(random);
    command.answered = 0;
    command.way = 0;
    command.table = 0;
    command.tag = 0;
    commands.write(command);
}

void frames_out(hls::stream<SteeredHeader>& steered, hls::stream<ap_uint<32>>& out) {
#pragma HLS PIPELINE II = 1 style = flp
#pragma HLS INLINE off
    if (!steered.empty()) {
        const SteeredHeader header = steered.read();
        out.write(cat(ap_uint<12>(0), header.reason, header.steered, header.learn, header.server));
    }
}

void commands_out(hls::stream<Command>& commands, hls::stream<ap_uint<8>>& out) {
#pragma HLS PIPELINE II = 1 style = flp
#pragma HLS INLINE off
    if (!commands.empty()) {
        const Command command = commands.read();
        out.write(command.opcode);
    }
}

}  // namespace

extern "C" void steer_alone(hls::stream<ap_uint<64>>& frames,
                            hls::stream<ap_uint<64>>& orders,
                            hls::stream<ap_uint<32>>& results,
                            hls::stream<ap_uint<8>>& orders_on) {
#pragma HLS INTERFACE ap_ctrl_none port = return
#pragma HLS INTERFACE axis port = frames register_mode = both
#pragma HLS INTERFACE axis port = orders register_mode = both
#pragma HLS INTERFACE axis port = results register_mode = both
#pragma HLS INTERFACE axis port = orders_on register_mode = both
#pragma HLS DATAFLOW disable_start_propagation
    static hls::stream<FlowHeader> flows("flows");
#pragma HLS STREAM variable = flows depth = 16
    static hls::stream<Command> commands("commands");
#pragma HLS STREAM variable = commands depth = 16
    static hls::stream<SteeredHeader> steered("steered");
#pragma HLS STREAM variable = steered depth = 16
    static hls::stream<Command> commands_on("commands_on");
#pragma HLS STREAM variable = commands_on depth = 16
    frames_in(frames, flows);
    commands_in(orders, commands);
    fpvs::kernels::steer(commands, flows, commands_on, steered);
    frames_out(steered, results);
    commands_out(commands_on, orders_on);
}
