// SPDX-License-Identifier: Apache-2.0
// flow hash: where the connection's entry would lie, and what IPVS's schedulers hash.
//
// Consumes service headers and commands (set_hash_key), produces one HashedHeader a frame.  II 1.
// State: the key.  The seven SipRounds are the deepest logic of the card, so they have a process of
// their own, one for both families; it computes the very function of hw/abi that the host computes.
// The hashes of IPVS's schedulers are shorter and take their time beside it.
#pragma once

#include <hls_stream.h>

#include <fpvs_hls.hpp>

#include "hw/abi/commands.hpp"
#include "hw/abi/hash.hpp"
#include "hw/kernels/records.hpp"
#include "hw/kernels/steer/steer_place.hpp"

namespace fpvs {
namespace kernels {

// Reset value: all zero.
struct FlowHashState {
    ap_uint<64> key_low;
    ap_uint<64> key_high;
};

// The third word of the key; abi::flow_hash.
inline ap_uint<64> flow_hash_word(const Flow& flow, const ap_uint<1>& ipv6) {
#pragma HLS INLINE
    return cat(ap_uint<34>(0), ipv6, flow.reply, flow.service, flow.client_port);
}

inline HashedHeader hash_header(const FlowHashState& state, const ServiceHeader& header) {
#pragma HLS INLINE
    abi::HashKey key;
    key.low = state.key_low.to_uint64();
    key.high = state.key_high.to_uint64();
    const ap_uint<64> word_0 = slice<63, 0>(header.flow.client_address);
    const ap_uint<64> word_1 = slice<127, 64>(header.flow.client_address);
    const ap_uint<64> word_2 = flow_hash_word(header.flow, header.packet.ipv6);
    const ap_uint<64> hash =
        abi::siphash_1_3(key, word_0.to_uint64(), word_1.to_uint64(), word_2.to_uint64());

    HashedHeader hashed;
    hashed.reason = header.reason;
    hashed.version = header.version;
    hashed.packet = header.packet;
    hashed.flow = header.flow;
    hashed.steer = header.steer;
    hashed.steer_hash = steer_hash(header.steer, header.flow);
    hashed.server = header.server;
    hashed.bucket_0 = slice<abi::kFlowBucketsLog2Max - 1, 0>(hash);
    hashed.bucket_1 = slice<32 + abi::kFlowBucketsLog2Max - 1, 32>(hash);
    hashed.young = slice<abi::kYoungHashLsb + abi::kYoungLog2 - 1, abi::kYoungHashLsb>(hash);
    return hashed;
}

inline void flow_hash_step(FlowHashState& state,
                           hls::stream<Command>& commands,
                           hls::stream<ServiceHeader>& served,
                           hls::stream<Command>& commands_on,
                           hls::stream<HashedHeader>& hashed) {
#pragma HLS INLINE
    if (!commands.empty()) {
        const Command command = commands.read();
        if (command.opcode == static_cast<int>(abi::Opcode::set_hash_key)) {
            state.key_low = slice<63, 0>(command.payload);
            state.key_high = slice<127, 64>(command.payload);
        }
        commands_on.write(command);
    } else if (!served.empty()) {
        const ServiceHeader header = served.read();
        hashed.write(hash_header(state, header));
    }
}

inline void flow_hash(hls::stream<Command>& commands,
                      hls::stream<ServiceHeader>& served,
                      hls::stream<Command>& commands_on,
                      hls::stream<HashedHeader>& hashed) {
#pragma HLS PIPELINE II = 1 style = flp
#pragma HLS INLINE off
    static FlowHashState state;
#pragma HLS RESET variable = state
    flow_hash_step(state, commands, served, commands_on, hashed);
}

}  // namespace kernels
}  // namespace fpvs
