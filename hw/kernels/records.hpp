// SPDX-License-Identifier: Apache-2.0
// What the stages tell each other about a frame, in the order in which a frame meets them.
//
// The beats of a frame wait in a FIFO while its header, as one of these records, walks from stage
// to stage.  What parse saw goes along unchanged (Packet); what a stage finds is a part that it
// puts beside it.  `reason` is zero until a stage has settled the frame's verdict; from then on
// stages pass it unchanged, and of a frame with a reason other parts may have any value.
//
// An address of either family has 128 bits; an IPv4 address lies in the low 32, the rest is zero.
#pragma once

#include <ap_int.h>

#include "hw/abi/entries.hpp"
#include "hw/abi/limits.hpp"
#include "hw/abi/reasons.hpp"

namespace fpvs {
namespace kernels {

// Two beats: Ethernet 14, two VLAN tags 8, IPv4 60 or IPv6 40 with 48 of extension headers, TCP up
// to its checksum 18.
constexpr int kHeadBytes = 128;
constexpr int kHeadBits = 8 * kHeadBytes;

using ReasonBits = ap_uint<abi::kReasonsLog2>;
constexpr int kUndecided = 0;

inline ReasonBits reason_bits(abi::Reason reason) {
#pragma HLS INLINE
    return ReasonBits(static_cast<unsigned>(reason));
}

using LengthBits = ap_uint<14>;
static_assert(abi::kFrameBytesMax < 1 << 14, "a frame's length fits LengthBits");
using AddressBits = ap_uint<128>;
using PortBits = ap_uint<16>;
using ServiceBits = ap_uint<12>;
using ServerBits = ap_uint<abi::kServersLog2>;
using NextHopBits = ap_uint<abi::kNextHopsLog2>;
using MethodBits = ap_uint<3>;
using EpochBits = ap_uint<abi::kEpochBits>;

// frame_head -> parse.  Bytes of `head` at and above `length` have no meaning.
struct FrameHead {
    ap_uint<kHeadBits> head;
    LengthBits length;  // Of the frame; saturates if it is oversize.
    ap_uint<1> oversize;
    ap_uint<1> port;
};

// frame_head -> rewrite, past all stages between, one a frame: the ones' complement sum of the
// 16-bit words of its IP packet as it came, carries folded in; what a tunnel's checksum is made of.
using PacketSum = ap_uint<16>;

// What parse saw; part of all records behind it.
struct Packet {
    LengthBits length;    // Of the frame.
    LengthBits ip_bytes;  // Of the IP packet, its header included.
    ap_uint<1> port;      // It came by this one.
    ap_uint<2> tags;      // VLAN tags.
    ap_uint<1> ipv6;
    ap_uint<8> protocol;   // TCP, UDP or SCTP.
    ap_uint<7> l4_offset;  // From the start of the frame to the transport header.
    ap_uint<8> tcp_flags;  // 0 of others.
    // It may begin a connection: TCP with SYN and without ACK, FIN and RST, SCTP INIT, any UDP.
    ap_uint<1> opens;
    ap_uint<8> ttl;  // Or hop limit.
    ap_uint<8> tos;  // Or traffic class.
    ap_uint<1> dont_fragment;
    ap_uint<16> ip_checksum;  // IPv4's, as it came.
    ap_uint<16> l4_checksum;  // TCP's or UDP's, as it came.
    AddressBits source;
    AddressBits destination;
    PortBits source_port;
    PortBits destination_port;
};

// parse -> service.
struct ParsedHeader {
    ReasonBits reason;
    Packet packet;
};

// Whose packet it is: of this service, and of its client, or for FULLNAT's replies of the local
// end.
struct Flow {
    AddressBits client_address;
    PortBits client_port;
    ServiceBits service;
    ap_uint<1> service_found;
    ap_uint<1> from_server;  // It came from a server of the service.
    ap_uint<1> reply;        // As in abi::FlowEntry: its key is that of the local end.
};

// How the card schedules for the service; abi::ServiceEntry.
struct SteerRule {
    ap_uint<3> kind;
    ap_uint<1> use_port;
    ap_uint<abi::kSteerWordsLog2> base;
    ap_uint<17> size;
    ap_uint<41> reciprocal;
    ap_uint<abi::kCursorsLog2> cursor;
};

// service -> flow hash.
struct ServiceHeader {
    ReasonBits reason;
    ap_uint<1> version;  // Of the tables that served it.
    Packet packet;
    Flow flow;
    SteerRule steer;
    ServerBits server;  // That it came from.
};

// flow hash -> flow lookup.  Buckets of the two halves, and the place among the young ones.
struct HashedHeader {
    ReasonBits reason;
    ap_uint<1> version;
    Packet packet;
    Flow flow;
    SteerRule steer;
    ap_uint<32> steer_hash;  // Of the client; hw/kernels/steer/steer_place.hpp
    ServerBits server;
    ap_uint<abi::kFlowBucketsLog2Max> bucket_0;
    ap_uint<abi::kFlowBucketsLog2Max> bucket_1;
    ap_uint<abi::kYoungLog2> young;
};

// Where a flow lies: the activity table's place.
struct FlowPlace {
    ap_uint<abi::kFlowBucketsLog2Max> bucket;
    ap_uint<3> way;  // half * kFlowWays + way.
};

// Where the server that the card would choose is written.
struct SteerPlace {
    ap_uint<3> kind;                     // abi::Steer
    ap_uint<abi::kSteerWordsLog2> word;  // For in_turn the first of `size` words.
    ap_uint<17> size;
    ap_uint<abi::kCursorsLog2> cursor;
};

// flow lookup -> steer.  With `found`, server and method are the flow's.  Without, and undecided,
// steer says what becomes of it: a reply then is flow_miss.
struct FlowHeader {
    ReasonBits reason;
    ap_uint<1> version;
    Packet packet;
    Flow flow;
    SteerPlace steer;
    ap_uint<abi::kYoungLog2> young;
    ap_uint<1> found;
    FlowPlace place;
    ServerBits server;
    MethodBits method;
    NextHopBits reply_next_hop;
    ap_uint<32> other_address;
    PortBits other_port;
};

// steer -> server.  `steered`: the card chose the server; `learn`: the host is to be told of that
// choice, whatever becomes of this packet.
struct SteeredHeader {
    ReasonBits reason;
    ap_uint<1> version;
    Packet packet;
    Flow flow;
    ap_uint<1> found;
    ap_uint<1> steered;
    ap_uint<1> learn;
    FlowPlace place;
    ServerBits server;
    MethodBits method;  // Of a flow; of a steered packet it is the server's.
    NextHopBits reply_next_hop;
    ap_uint<32> other_address;
    PortBits other_port;
};

// What the packet's ends become.
struct Translation {
    ap_uint<1> new_source;
    ap_uint<1> new_destination;
    AddressBits source;
    PortBits source_port;
    AddressBits destination;
    PortBits destination_port;
};

// The outer header that a tunnel puts before it.
struct Outer {
    ap_uint<1> present;
    ap_uint<1> ipv6;
    ap_uint<2> tunnel;  // abi::Tunnel
    ap_uint<1> checksum;
    PortBits port;  // GUE's destination.
    AddressBits source;
    AddressBits destination;
};

// server -> next hop.
struct ServedHeader {
    ReasonBits reason;
    ap_uint<1> version;
    Packet packet;
    Flow flow;
    ap_uint<1> steered;
    ap_uint<1> learn;
    FlowPlace place;
    ServerBits server;
    NextHopBits next_hop;
    Translation translation;
    Outer outer;
};

// next hop -> rewrite: what becomes of the frame's beats.
struct Decision {
    ap_uint<2> verdict;
    ReasonBits reason;
    ap_uint<1> version;
    Packet packet;
    ap_uint<1> service_found;
    ServiceBits service;
    Translation translation;
    Outer outer;
    ap_uint<1> out_port;
    ap_uint<1> out_tagged;
    ap_uint<12> vlan;
    ap_uint<48> destination_mac;
    ap_uint<48> source_mac;
};

// next hop -> activity: what the host wants to know of it.
struct Settled {
    ReasonBits reason;
    LengthBits length;
    LengthBits ip_bytes;
    ap_uint<1> ipv6;
    ap_uint<8> tcp_flags;
    Flow flow;
    ServerBits server;
    FlowPlace place;
    ap_uint<1> learn;
};

// activity, inject, punt -> count.  Of punt only frames that found no room: they are counted under
// their first reason, too.
struct Counted {
    ReasonBits reason;
    LengthBits length;
    LengthBits ip_bytes;
    ap_uint<1> service_found;
    ServiceBits service;
    ServerBits server;
};

// activity -> event.
struct FlowNews {
    ap_uint<1> learned;  // Otherwise FIN or RST.
    ap_uint<8> tcp_flags;
    ap_uint<1> ipv6;
    Flow flow;
    ServerBits server;
};

// edit -> punt.
struct PuntInfo {
    ReasonBits reason;
    LengthBits length;
    ap_uint<1> port;
    ap_uint<1> version;
    ap_uint<1> service_found;
    ServiceBits service;
};

// rewrite -> edit: what becomes of the frame's beats, and what changes in them.
struct Edits {
    ap_uint<2> verdict;
    ap_uint<2> tags;
    ap_uint<1> ipv6;
    ap_uint<8> ttl;
    ap_uint<16> ip_checksum;
    ap_uint<1> translated;  // The rest of what is written is for such packets only.
    AddressBits source;
    AddressBits destination;
    PortBits source_port;
    PortBits destination_port;
    ap_uint<16> l4_checksum;
    // Where they are, in 16-bit words from the start of the frame.
    ap_uint<6> ports_word;
    ap_uint<6> l4_checksum_word;
    ap_uint<8> last_beat;  // That the IP packet reaches into.
    PuntInfo punt;
};

// edit -> shift: a packet's beats, with the bytes of its old Ethernet header still before it.
struct PacketBeat {
    ap_uint<abi::kBeatBits> data;
    ap_uint<1> last;
};

// A tagged Ethernet header, IPv6 with UDP and GUE.
constexpr int kPrefixBytesMax = 14 + 4 + 40 + 8 + 4;

// rewrite -> shift: what is put in the place of a forwarded packet's old Ethernet header.
struct Prefix {
    ap_uint<8 * kPrefixBytesMax> bytes;
    ap_uint<5> words;      // It has 2 + 4 * words bytes.
    ap_uint<5> old_words;  // And the old one 2 + 4 * old_words.
    ap_uint<1> out_port;
    ap_uint<1> longer;   // The frame leaves with a beat more than edit gives,
    ap_uint<1> shorter;  // or with one less.
    ap_uint<7> filled;   // Bytes of the first beat, up to 64; zeros behind them fill a short frame.
    ap_uint<7> last_bytes;  // Of the last beat.
};

// The chain of commands: command -> parse -> service -> flow hash -> flow lookup -> steer -> server
// -> next hop -> activity -> count -> event.  The stage that owns what a command asks for puts the
// answer into the payload and sets `answered`.
struct Command {
    ap_uint<8> opcode;
    ap_uint<1> answered;
    ap_uint<3> way;
    ap_uint<2> table;
    ap_uint<abi::kFlowBucketsLog2Max> index;
    ap_uint<64> tag;
    ap_uint<320> payload;
};

}  // namespace kernels
}  // namespace fpvs
