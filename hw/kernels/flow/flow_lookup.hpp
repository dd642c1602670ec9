// SPDX-License-Identifier: Apache-2.0
// flow lookup: the connection's entry, by a compare of the whole key.
//
// Consumes hashed headers and commands (write_flow, write_flow6), produces one FlowHeader a frame.
// II 1.  Tables: one for each family, of two halves with a bucket of kFlowWays entries each, so a
// connection may lie in six places, and all are read at once; entries come by command only, and the
// host moves them to make room.  A SYN on a known flow may begin a new connection: the host
// decides.
#pragma once

#include <hls_stream.h>

#include <fpvs_hls.hpp>

#include "hw/abi/commands.hpp"
#include "hw/abi/entries.hpp"
#include "hw/kernels/flow/flow_tables.hpp"
#include "hw/kernels/records.hpp"
#include "hw/kernels/steer/steer_place.hpp"
#include "hw/lib/field.hpp"
#include "hw/lib/headers.hpp"

namespace fpvs {
namespace kernels {

using FlowWord = ap_uint<abi::FlowEntry::bits>;
using Flow6Word = ap_uint<abi::Flow6Entry::bits>;

// What an entry says, of either family.
struct FlowAnswer {
    ServerBits server;
    MethodBits method;
    NextHopBits reply_next_hop;
    ap_uint<32> other_address;
    PortBits other_port;
};
constexpr int kFlowAnswerBits = 12 + 3 + 12 + 32 + 16;
using FlowAnswerBits = ap_uint<kFlowAnswerBits>;

inline FlowAnswerBits answer_of(const FlowWord& entry) {
#pragma HLS INLINE
    using Entry = abi::FlowEntry;
    return cat(lib::get<Entry::other_port>(entry),
               lib::get<Entry::other_address>(entry),
               lib::get<Entry::next_hop>(entry),
               lib::get<Entry::method>(entry),
               lib::get<Entry::server>(entry));
}

inline FlowAnswerBits answer_of(const Flow6Word& entry) {
#pragma HLS INLINE
    using Entry = abi::Flow6Entry;
    return cat(ap_uint<48>(0),
               lib::get<Entry::next_hop>(entry),
               lib::get<Entry::method>(entry),
               lib::get<Entry::server>(entry));
}

inline bool flow_matches(const FlowWord& entry, const HashedHeader& header) {
#pragma HLS INLINE
    const Flow& flow = header.flow;
    const ap_uint<64> key = cat(ap_uint<1>(1),
                                ap_uint<2>(0),
                                flow.reply,
                                flow.service,
                                flow.client_port,
                                slice<31, 0>(flow.client_address));
    return slice<63, 0>(entry) == key && header.packet.ipv6 == 0;
}
static_assert(abi::FlowEntry::valid::lsb == 63, "the key is the low 64 bits");

inline bool flow_matches(const Flow6Word& entry, const HashedHeader& header) {
#pragma HLS INLINE
    const Flow& flow = header.flow;
    const ap_uint<160> key =
        cat(ap_uint<4>(8), flow.service, flow.client_port, flow.client_address);
    return slice<159, 0>(entry) == key && header.packet.ipv6 == 1;
}
static_assert(abi::Flow6Entry::valid::lsb == 159, "the key is the low 160 bits");

// What the six ways of a table say together.
struct FlowFound {
    bool found;
    ap_uint<3> way;
    FlowAnswerBits answer;  // 0 if not found.
};

// The ways that do not match are masked.  A key lies in one way, but while the host moves it in two
// of the same answer: then it is at the first.
template <class Word>
inline FlowFound find_flow(const HashedHeader& header,
                           const Word (&entries)[abi::kFlowBucketWays]) {
#pragma HLS INLINE
    ap_uint<abi::kFlowBucketWays> match = 0;
    FlowAnswerBits answers[abi::kFlowBucketWays];
    for (int way = 0; way < abi::kFlowBucketWays; ++way) {
#pragma HLS UNROLL
        const bool here = flow_matches(entries[way], header);
        match[way] = here;
        answers[way] = here ? answer_of(entries[way]) : FlowAnswerBits(0);
    }
    FlowFound found;
    found.found = match != 0;
    const ap_uint<3> lower = match[0] ? 0 : match[1] ? 1 : 2;
    const ap_uint<3> upper = match[3] ? 3 : match[4] ? 4 : 5;
    found.way = slice<2, 0>(match) != 0 ? lower : upper;
    found.answer =
        (answers[0] | answers[1]) | (answers[2] | answers[3]) | (answers[4] | answers[5]);
    return found;
}
static_assert(abi::kFlowBucketWays == 6, "find_flow has six ways");

// A SYN that may begin a new connection.  A server's SYN with ACK answers the client's.
inline bool begins_anew(const HashedHeader& header) {
#pragma HLS INLINE
    const ap_uint<8> flags = header.packet.tcp_flags;
    const bool syn = (flags & lib::kTcpSyn) != 0;
    const bool ack = (flags & lib::kTcpAck) != 0;
    const bool init = header.packet.protocol == lib::kProtocolSctp && header.packet.opens == 1;
    return init || (syn && !(ack && header.flow.from_server == 1));
}

inline FlowHeader answer_header(const HashedHeader& header,
                                const FlowFound& ipv4,
                                const FlowFound& ipv6) {
#pragma HLS INLINE
    const FlowAnswerBits answer = ipv4.answer | ipv6.answer;
    const ServerBits server = slice<11, 0>(answer);
    const MethodBits method = slice<14, 12>(answer);
    // A reply comes from the connection's own server.
    const bool others = header.flow.from_server == 1 && server != header.server;
    const bool found = (ipv4.found || ipv6.found) && !others;

    FlowHeader flow;
    if (header.reason != kUndecided) {
        flow.reason = header.reason;
    } else if (found && method == static_cast<int>(abi::Method::host)) {
        flow.reason = reason_bits(abi::Reason::host_flow);
    } else if (found && begins_anew(header)) {
        flow.reason = reason_bits(abi::Reason::tcp_syn);
    } else {
        flow.reason = kUndecided;
    }
    flow.version = header.version;
    flow.packet = header.packet;
    flow.flow = header.flow;
    flow.steer = steer_place(header.steer, header.steer_hash);
    flow.young = header.young;
    flow.found = found ? 1 : 0;
    flow.place.way = header.packet.ipv6 == 1 ? ipv6.way : ipv4.way;
    flow.place.bucket = flow.place.way >= abi::kFlowWays ? header.bucket_1 : header.bucket_0;
    flow.server = header.flow.from_server == 1 ? header.server : server;
    flow.method = method;
    flow.reply_next_hop = slice<26, 15>(answer);
    flow.other_address = slice<58, 27>(answer);
    flow.other_port = slice<74, 59>(answer);
    return flow;
}

// The six words of a bucket pair.
template <class Table, class Word>
inline void read_ways(Word (&table)[Table::arrays][Table::words],
                      const HashedHeader& header,
                      Word (&entries)[abi::kFlowBucketWays]) {
#pragma HLS INLINE
    for (int way = 0; way < abi::kFlowBucketWays; ++way) {
#pragma HLS UNROLL
        const FlowBucketBits bucket = way < abi::kFlowWays ? header.bucket_0 : header.bucket_1;
        Word word = 0;
        for (int bank = 0; bank < Table::banks; ++bank) {
#pragma HLS UNROLL
            const Word here = table[way * Table::banks + bank][word_of<Table>(bucket)];
            word = word | (bank_of<Table>(bucket) == bank ? here : Word(0));
        }
        entries[way] = word;
    }
}

template <class Table, class Word>
inline void write_way(Word (&table)[Table::arrays][Table::words], const Command& command) {
#pragma HLS INLINE
    for (int array = 0; array < Table::arrays; ++array) {
#pragma HLS UNROLL
        const bool here = command.way == array / Table::banks &&
                          bank_of<Table>(command.index) == array % Table::banks;
        if (here) {
            table[array][word_of<Table>(command.index)] = command.payload;
        }
    }
}

inline void flow_lookup_step(FlowWord (&flows)[FlowTable::arrays][FlowTable::words],
                             Flow6Word (&flows6)[Flow6Table::arrays][Flow6Table::words],
                             hls::stream<Command>& commands,
                             hls::stream<HashedHeader>& hashed,
                             hls::stream<Command>& commands_on,
                             hls::stream<FlowHeader>& found) {
#pragma HLS INLINE
    if (!commands.empty()) {
        const Command command = commands.read();
        if (command.opcode == static_cast<int>(abi::Opcode::write_flow)) {
            write_way<FlowTable>(flows, command);
        } else if (command.opcode == static_cast<int>(abi::Opcode::write_flow6)) {
            write_way<Flow6Table>(flows6, command);
        }
        commands_on.write(command);
    } else if (!hashed.empty()) {
        const HashedHeader header = hashed.read();
        FlowWord entries[abi::kFlowBucketWays];
        Flow6Word entries6[abi::kFlowBucketWays];
        read_ways<FlowTable>(flows, header, entries);
        read_ways<Flow6Table>(flows6, header, entries6);
        found.write(answer_header(header, find_flow(header, entries), find_flow(header, entries6)));
    }
}

inline void flow_lookup(hls::stream<Command>& commands,
                        hls::stream<HashedHeader>& hashed,
                        hls::stream<Command>& commands_on,
                        hls::stream<FlowHeader>& found) {
#pragma HLS PIPELINE II = 1 style = flp
#pragma HLS INLINE off
    static FlowWord flows[FlowTable::arrays][FlowTable::words];
    static Flow6Word flows6[Flow6Table::arrays][Flow6Table::words];
#pragma HLS ARRAY_PARTITION variable = flows complete dim = 1
#pragma HLS ARRAY_PARTITION variable = flows6 complete dim = 1
#pragma HLS BIND_STORAGE variable = flows type = ram_s2p impl = uram latency = 3
#pragma HLS BIND_STORAGE variable = flows6 type = ram_s2p impl = uram latency = 3
#pragma HLS DEPENDENCE variable = flows type = inter dependent = false
#pragma HLS DEPENDENCE variable = flows6 type = inter dependent = false
    flow_lookup_step(flows, flows6, commands, hashed, commands_on, found);
}

}  // namespace kernels
}  // namespace fpvs
