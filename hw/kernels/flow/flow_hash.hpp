// SPDX-License-Identifier: Apache-2.0
// flow hash: the bucket of the packet's flow.
//
// Consumes served headers and commands (set_hash_key), produces one HashedHeader a frame.  II 1.
// State: the key.  The five SipRounds are the deepest logic of the card, so they have a process of
// their own; it computes the very function of hw/abi that the host computes.
#pragma once

#include <hls_stream.h>

#include <fpvs_hls.hpp>

#include "hw/abi/commands.hpp"
#include "hw/abi/hash.hpp"
#include "hw/kernels/records.hpp"

namespace fpvs {
namespace kernels {

// Reset value: all zero.
struct FlowHashState {
    ap_uint<64> key_low;
    ap_uint<64> key_high;
};

inline HashedHeader hash_header(const FlowHashState& state, const ServiceHeader& header) {
#pragma HLS INLINE
    abi::HashKey key;
    key.low = state.key_low.to_uint64();
    key.high = state.key_high.to_uint64();
    const ap_uint<64> flow =
        cat(ap_uint<4>(0), header.service, header.client_port, header.client_address);
    const ap_uint<64> hash = abi::siphash_1_3(key, flow.to_uint64());

    HashedHeader hashed;
    hashed.reason = header.reason;
    hashed.length = header.length;
    hashed.ip_bytes = header.ip_bytes;
    hashed.port = header.port;
    hashed.tagged = header.tagged;
    hashed.ttl_spent = header.ttl_spent;
    hashed.tcp_flags = header.tcp_flags;
    hashed.client_address = header.client_address;
    hashed.client_port = header.client_port;
    hashed.service_found = header.service_found;
    hashed.service = header.service;
    hashed.bucket = slice<abi::kFlowBucketsLog2 - 1, 0>(hash);
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
