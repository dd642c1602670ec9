// SPDX-License-Identifier: Apache-2.0
// What the stages tell each other about a frame, in the order in which a frame meets them.
//
// The beats of a frame wait in a FIFO while its header, as one of these records, walks from stage
// to stage.  A record has only what later stages need.  `reason` is zero until a stage has settled
// the frame's verdict; from then on stages pass it unchanged.
#pragma once

#include <ap_int.h>

#include "hw/abi/limits.hpp"
#include "hw/abi/reasons.hpp"

namespace fpvs {
namespace kernels {

constexpr int kHeadBytes = 96;  // Ethernet 14, VLAN 4, IPv4 60, TCP up to its flags 14, rounded up.
constexpr int kHeadBits = 8 * kHeadBytes;

using ReasonBits = ap_uint<abi::kReasonsLog2>;
constexpr int kUndecided = 0;

inline ReasonBits reason_bits(abi::Reason reason) {
#pragma HLS INLINE
    return ReasonBits(static_cast<unsigned>(reason));
}

using LengthBits = ap_uint<14>;
static_assert(abi::kFrameBytesMax < 1 << 14, "a frame's length fits LengthBits");

// frame_head -> parse.  Bytes of `head` at and above `length` have no meaning.
struct FrameHead {
    ap_uint<kHeadBits> head;
    LengthBits length;  // Of the frame; saturates if it is oversize.
    ap_uint<1> oversize;
    ap_uint<1> port;
};

// parse -> service.
struct ParsedHeader {
    ReasonBits reason;
    LengthBits length;
    LengthBits ip_bytes;
    ap_uint<1> port;
    ap_uint<1> tagged;
    ap_uint<1> ttl_spent;  // TTL is 0 or 1.
    ap_uint<1> tcp;        // Not UDP.
    ap_uint<8> tcp_flags;
    ap_uint<32> client_address;
    ap_uint<16> client_port;
    ap_uint<32> service_address;
    ap_uint<16> service_port;
};

// service -> flow hash.
struct ServiceHeader {
    ReasonBits reason;
    LengthBits length;
    LengthBits ip_bytes;
    ap_uint<1> port;
    ap_uint<1> tagged;
    ap_uint<1> ttl_spent;
    ap_uint<8> tcp_flags;
    ap_uint<32> client_address;
    ap_uint<16> client_port;
    ap_uint<1> service_found;
    ap_uint<12> service;
};

// flow hash -> flow lookup.
struct HashedHeader {
    ReasonBits reason;
    LengthBits length;
    LengthBits ip_bytes;
    ap_uint<1> port;
    ap_uint<1> tagged;
    ap_uint<1> ttl_spent;
    ap_uint<8> tcp_flags;
    ap_uint<32> client_address;
    ap_uint<16> client_port;
    ap_uint<1> service_found;
    ap_uint<12> service;
    ap_uint<abi::kFlowBucketsLog2> bucket;
};

// flow lookup -> next hop.
struct FlowHeader {
    ReasonBits reason;
    LengthBits length;
    LengthBits ip_bytes;
    ap_uint<1> port;
    ap_uint<1> tagged;
    ap_uint<1> ttl_spent;
    ap_uint<8> tcp_flags;
    ap_uint<32> client_address;
    ap_uint<16> client_port;
    ap_uint<1> service_found;
    ap_uint<12> service;
    ap_uint<abi::kFlowBucketsLog2> bucket;
    ap_uint<2> way;
    ap_uint<abi::kServersLog2> server;
    ap_uint<12> next_hop;
    ap_uint<3> method;
};

// next hop -> rewrite: what becomes of the frame's beats.
struct Decision {
    ap_uint<2> verdict;
    ReasonBits reason;
    LengthBits length;
    ap_uint<1> port;
    ap_uint<1> service_found;
    ap_uint<12> service;
    ap_uint<1> tagged;
    ap_uint<1> out_port;
    ap_uint<12> vlan;
    ap_uint<48> destination_mac;
    ap_uint<48> source_mac;
};

// next hop -> activity: what the host wants to know of it.
struct Settled {
    ReasonBits reason;
    LengthBits length;
    LengthBits ip_bytes;
    ap_uint<8> tcp_flags;
    ap_uint<32> client_address;
    ap_uint<16> client_port;
    ap_uint<12> service;
    ap_uint<abi::kServersLog2> server;
    ap_uint<abi::kFlowBucketsLog2> bucket;
    ap_uint<2> way;
};

// activity, inject -> count.
struct Counted {
    ReasonBits reason;
    LengthBits length;
    LengthBits ip_bytes;
    ap_uint<abi::kServersLog2> server;
};

// activity -> event.
struct FlowFlags {
    ap_uint<8> tcp_flags;
    ap_uint<32> client_address;
    ap_uint<16> client_port;
    ap_uint<12> service;
    ap_uint<abi::kServersLog2> server;
};

// rewrite -> punt.
struct PuntInfo {
    ReasonBits reason;
    LengthBits length;
    ap_uint<1> port;
    ap_uint<1> service_found;
    ap_uint<12> service;
};

// The chain of commands: command -> parse -> service -> flow hash -> flow lookup -> next hop ->
// activity -> count -> event.  The stage that owns what a command asks for puts the answer into the
// payload and sets `answered`.
struct Command {
    ap_uint<4> opcode;
    ap_uint<1> answered;
    ap_uint<2> way;
    ap_uint<1> table;
    ap_uint<16> index;
    ap_uint<64> tag;
    ap_uint<128> payload;
};

}  // namespace kernels
}  // namespace fpvs
