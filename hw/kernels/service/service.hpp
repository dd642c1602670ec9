// SPDX-License-Identifier: Apache-2.0
// service: is the packet for a virtual service, or a reply from a server of one?
//
// Consumes parsed headers and commands (write_service, write_reply, set_version), produces one
// ServiceHeader a frame.  II 1.  State: the version, which is the bank of both tables that packets
// see.  It is read and set here alone, once a packet, so no packet sees two versions.
//
// Tables: services by destination and their servers by source, each two banks of buckets of four
// ways, each way a RAM of its own, so that one read sees a whole bucket.  Both are read for every
// packet, and a reply goes before a service: who sends from a server's address and port answers.
// A command takes the slot of a packet.  A lookup in the cycles just after a write of the same
// entry may see either (hw/kernels/pipeline/pipeline.cpp).
#pragma once

#include <hls_stream.h>

#include <fpvs_hls.hpp>

#include "hw/abi/commands.hpp"
#include "hw/abi/entries.hpp"
#include "hw/kernels/records.hpp"
#include "hw/lib/field.hpp"

namespace fpvs {
namespace kernels {

using ServiceWord = ap_uint<abi::ServiceEntry::bits>;
using ReplyWord = ap_uint<abi::ReplyEntry::bits>;
constexpr int kServiceWords = 2 * abi::kServiceBuckets;
constexpr int kReplyWords = 2 * abi::kReplyBuckets;

// Reset value: all zero.
struct ServiceState {
    ap_uint<1> version;
};

// The fold of abi::end_fold.
inline ap_uint<16> end_fold(const AddressBits& address,
                            const PortBits& port,
                            const ap_uint<8>& protocol) {
#pragma HLS INLINE
    const ap_uint<64> words = slice<127, 64>(address) ^ slice<63, 0>(address);
    const ap_uint<32> half = slice<63, 32>(words) ^ slice<31, 0>(words);
    const ap_uint<16> word = slice<31, 16>(half) ^ slice<15, 0>(half) ^ port ^ protocol;
    return word ^ slice<15, 8>(word);
}

inline ap_uint<1 + abi::kServiceBucketsLog2> service_index(const ap_uint<1>& bank,
                                                           const Packet& packet) {
#pragma HLS INLINE
    const ap_uint<16> fold = end_fold(packet.destination, packet.destination_port, packet.protocol);
    return cat(bank, slice<abi::kServiceBucketsLog2 - 1, 0>(fold));
}

inline ap_uint<1 + abi::kReplyBucketsLog2> reply_index(const ap_uint<1>& bank,
                                                       const Packet& packet) {
#pragma HLS INLINE
    const ap_uint<16> fold = end_fold(packet.source, packet.source_port, packet.protocol);
    return cat(bank, slice<abi::kReplyBucketsLog2 - 1, 0>(fold));
}

inline bool service_matches(const ServiceWord& entry, const Packet& packet) {
#pragma HLS INLINE
    using Entry = abi::ServiceEntry;
    return lib::get<Entry::valid>(entry) == 1 &&
           cat(lib::get<Entry::address_high>(entry), lib::get<Entry::address_low>(entry)) ==
               packet.destination &&
           lib::get<Entry::port>(entry) == packet.destination_port &&
           lib::get<Entry::protocol>(entry) == packet.protocol &&
           lib::get<Entry::ipv6>(entry) == packet.ipv6;
}

inline bool reply_matches(const ReplyWord& entry, const Packet& packet) {
#pragma HLS INLINE
    using Entry = abi::ReplyEntry;
    return lib::get<Entry::valid>(entry) == 1 &&
           cat(lib::get<Entry::address_high>(entry), lib::get<Entry::address_low>(entry)) ==
               packet.source &&
           lib::get<Entry::port>(entry) == packet.source_port &&
           lib::get<Entry::protocol>(entry) == packet.protocol &&
           lib::get<Entry::ipv6>(entry) == packet.ipv6;
}

// What a bucket says of a packet.
struct ServiceFound {
    bool found;
    ServiceWord entry;
};

inline ServiceFound find_service(const Packet& packet,
                                 const ServiceWord (&entries)[abi::kTableWays]) {
#pragma HLS INLINE
    const bool match_0 = service_matches(entries[0], packet);
    const bool match_1 = service_matches(entries[1], packet);
    const bool match_2 = service_matches(entries[2], packet);
    const bool match_3 = service_matches(entries[3], packet);
    const ServiceWord lower = match_0 ? entries[0] : entries[1];
    const ServiceWord upper = match_2 ? entries[2] : entries[3];
    ServiceFound found;
    found.found = match_0 || match_1 || match_2 || match_3;
    found.entry = match_0 || match_1 ? lower : upper;
    return found;
}

struct ReplyFound {
    bool found;
    ReplyWord entry;
};

inline ReplyFound find_reply(const Packet& packet, const ReplyWord (&entries)[abi::kTableWays]) {
#pragma HLS INLINE
    const bool match_0 = reply_matches(entries[0], packet);
    const bool match_1 = reply_matches(entries[1], packet);
    const bool match_2 = reply_matches(entries[2], packet);
    const bool match_3 = reply_matches(entries[3], packet);
    const ReplyWord lower = match_0 ? entries[0] : entries[1];
    const ReplyWord upper = match_2 ? entries[2] : entries[3];
    ReplyFound found;
    found.found = match_0 || match_1 || match_2 || match_3;
    found.entry = match_0 || match_1 ? lower : upper;
    return found;
}

inline ServiceHeader serve(const ParsedHeader& header,
                           const ap_uint<1>& version,
                           const ServiceFound& service,
                           const ReplyFound& reply) {
#pragma HLS INLINE
    using Service = abi::ServiceEntry;
    using Reply = abi::ReplyEntry;
    const Packet& packet = header.packet;
    const bool undecided = header.reason == kUndecided;
    const bool from_server = reply.found;
    const bool found = undecided && (service.found || reply.found);

    ServiceHeader served;
    served.reason = undecided && !found ? reason_bits(abi::Reason::service_miss) : header.reason;
    served.version = version;
    served.packet = packet;
    Flow& flow = served.flow;
    flow.client_address = from_server ? packet.destination : packet.source;
    flow.client_port = from_server ? packet.destination_port : packet.source_port;
    flow.service = from_server ? lib::get<Reply::service>(reply.entry)
                               : lib::get<Service::service>(service.entry);
    flow.service_found = found ? 1 : 0;
    flow.from_server = from_server ? 1 : 0;
    flow.reply = from_server ? lib::get<Reply::full_nat>(reply.entry) : ap_uint<1>(0);
    SteerRule& steer = served.steer;
    steer.kind = lib::get<Service::steer>(service.entry);
    steer.use_port = lib::get<Service::steer_port>(service.entry);
    steer.base = lib::get<Service::steer_base>(service.entry);
    steer.size = lib::get<Service::steer_size>(service.entry);
    steer.reciprocal = lib::get<Service::steer_reciprocal>(service.entry);
    steer.cursor = lib::get<Service::cursor>(service.entry);
    served.server = lib::get<Reply::server>(reply.entry);
    return served;
}

inline void service_step(ServiceState& state,
                         ServiceWord (&services)[abi::kTableWays][kServiceWords],
                         ReplyWord (&replies)[abi::kTableWays][kReplyWords],
                         hls::stream<Command>& commands,
                         hls::stream<ParsedHeader>& parsed,
                         hls::stream<Command>& commands_on,
                         hls::stream<ServiceHeader>& served) {
#pragma HLS INLINE
    if (!commands.empty()) {
        const Command command = commands.read();
        const ap_uint<2> way = slice<1, 0>(command.way);
        const ap_uint<1> bank = slice<0, 0>(command.table);
        if (command.opcode == static_cast<int>(abi::Opcode::write_service)) {
            services[way][cat(bank, slice<abi::kServiceBucketsLog2 - 1, 0>(command.index))] =
                slice<abi::ServiceEntry::bits - 1, 0>(command.payload);
        } else if (command.opcode == static_cast<int>(abi::Opcode::write_reply)) {
            replies[way][cat(bank, slice<abi::kReplyBucketsLog2 - 1, 0>(command.index))] =
                slice<abi::ReplyEntry::bits - 1, 0>(command.payload);
        } else if (command.opcode == static_cast<int>(abi::Opcode::set_version)) {
            state.version = slice<0, 0>(command.index);
        }
        commands_on.write(command);
    } else if (!parsed.empty()) {
        const ParsedHeader header = parsed.read();
        ServiceWord service_entries[abi::kTableWays];
        ReplyWord reply_entries[abi::kTableWays];
        for (int way = 0; way < abi::kTableWays; ++way) {
#pragma HLS UNROLL
            service_entries[way] = services[way][service_index(state.version, header.packet)];
            reply_entries[way] = replies[way][reply_index(state.version, header.packet)];
        }
        served.write(serve(header,
                           state.version,
                           find_service(header.packet, service_entries),
                           find_reply(header.packet, reply_entries)));
    }
}

inline void service(hls::stream<Command>& commands,
                    hls::stream<ParsedHeader>& parsed,
                    hls::stream<Command>& commands_on,
                    hls::stream<ServiceHeader>& served) {
#pragma HLS PIPELINE II = 1 style = flp
#pragma HLS INLINE off
    static ServiceState state;
#pragma HLS RESET variable = state
    static ServiceWord services[abi::kTableWays][kServiceWords];
    static ReplyWord replies[abi::kTableWays][kReplyWords];
#pragma HLS ARRAY_PARTITION variable = services complete dim = 1
#pragma HLS ARRAY_PARTITION variable = replies complete dim = 1
#pragma HLS BIND_STORAGE variable = services type = ram_s2p impl = bram latency = 2
#pragma HLS BIND_STORAGE variable = replies type = ram_s2p impl = bram latency = 2
#pragma HLS DEPENDENCE variable = services type = inter dependent = false
#pragma HLS DEPENDENCE variable = replies type = inter dependent = false
    service_step(state, services, replies, commands, parsed, commands_on, served);
}

}  // namespace kernels
}  // namespace fpvs
