// SPDX-License-Identifier: Apache-2.0
// server: what the packet's ends become on the way to its server or back from it.
//
// Consumes steered headers and commands (write_server, write_virtual_end), produces one
// ServedHeader a frame.  II 1.  Tables: kServersMax servers, kServicesMax virtual ends.
//
//   NAT       to the server: its address and port; back: the virtual end becomes the source
//   FULLNAT   the same, and the other end too: the flow's local end, or its client
//   tunnel    an outer header before the packet
//   DR        nothing
//
// Everything else stays with the host (`method`): replies by a way that has none, SCTP's checksum,
// which no translation can mend, FULLNAT of IPv6 and of connections that have no local end yet.
#pragma once

#include <hls_stream.h>

#include <fpvs_hls.hpp>

#include "hw/abi/commands.hpp"
#include "hw/abi/entries.hpp"
#include "hw/kernels/records.hpp"
#include "hw/lib/field.hpp"

namespace fpvs {
namespace kernels {

using ServerWord = ap_uint<abi::ServerEntry::bits>;
using VirtualEndWord = ap_uint<abi::VirtualEndEntry::bits>;

constexpr int kServiceIndexBits = abi::kServiceBucketsLog2 + 2;
static_assert(abi::kServicesMax == 1 << kServiceIndexBits, "services are counted from 0");

inline bool is_method(const MethodBits& method, abi::Method which) {
#pragma HLS INLINE
    return method == static_cast<int>(which);
}

inline bool method_fits(const SteeredHeader& header,
                        const MethodBits& method,
                        const ServerWord& entry) {
#pragma HLS INLINE
    const int kSctp = 132;
    const int kTunnels = 3;  // ipip, gue, gre
    const bool reply = header.flow.from_server == 1;
    const bool same_family = lib::get<abi::ServerEntry::ipv6>(entry) == header.packet.ipv6;
    const bool translates = same_family && header.packet.protocol != kSctp;
    if (is_method(method, abi::Method::nat)) {
        return translates && header.flow.reply == 0;
    }
    if (is_method(method, abi::Method::full_nat)) {
        return translates && header.flow.reply == header.flow.from_server &&
               header.packet.ipv6 == 0 && header.steered == 0;
    }
    if (is_method(method, abi::Method::tunnel)) {
        return !reply && lib::get<abi::ServerEntry::tunnel>(entry) < kTunnels;
    }
    return is_method(method, abi::Method::direct_routing) && same_family && !reply;
}

inline Translation translation_of(const SteeredHeader& header,
                                  const MethodBits& method,
                                  const ServerWord& entry,
                                  const VirtualEndWord& end) {
#pragma HLS INLINE
    const bool reply = header.flow.from_server == 1;
    const bool nat = is_method(method, abi::Method::nat);
    const bool full_nat = is_method(method, abi::Method::full_nat);
    Translation out;
    out.new_source = full_nat || (nat && reply) ? 1 : 0;
    out.new_destination = full_nat || (nat && !reply) ? 1 : 0;
    if (reply) {
        out.source = slice<127, 0>(end);
        out.source_port = lib::get<abi::VirtualEndEntry::port>(end);
        out.destination = header.other_address;
        out.destination_port = header.other_port;
    } else {
        out.source = header.other_address;
        out.source_port = header.other_port;
        out.destination = slice<127, 0>(entry);
        out.destination_port = lib::get<abi::ServerEntry::port>(entry);
    }
    return out;
}

inline Outer outer_of(const MethodBits& method, const ServerWord& entry) {
#pragma HLS INLINE
    using abi::ServerEntry;
    Outer outer;
    outer.present = is_method(method, abi::Method::tunnel) ? 1 : 0;
    outer.ipv6 = lib::get<ServerEntry::ipv6>(entry);
    outer.tunnel = lib::get<ServerEntry::tunnel>(entry);
    outer.checksum = lib::get<ServerEntry::tunnel_checksum>(entry);
    outer.port = lib::get<ServerEntry::tunnel_port>(entry);
    outer.source = cat(lib::get<ServerEntry::outer_source_high>(entry),
                       lib::get<ServerEntry::outer_source_low>(entry));
    outer.destination = slice<127, 0>(entry);
    return outer;
}

inline ServedHeader serve(const SteeredHeader& header,
                          const ServerWord& entry,
                          const VirtualEndWord& end) {
#pragma HLS INLINE
    const MethodBits method =
        header.steered == 1 ? lib::get<abi::ServerEntry::method>(entry) : header.method;
    ServedHeader served;
    served.reason = header.reason;
    if (header.reason == kUndecided) {
        if (lib::get<abi::ServerEntry::valid>(entry) == 0) {
            served.reason = reason_bits(abi::Reason::server);
        } else if (!method_fits(header, method, entry)) {
            served.reason = reason_bits(abi::Reason::method);
        }
    }
    served.version = header.version;
    served.packet = header.packet;
    served.flow = header.flow;
    served.steered = header.steered;
    served.learn = header.learn;
    served.place = header.place;
    served.server = header.server;
    served.next_hop = header.flow.from_server == 1 ? header.reply_next_hop
                                                   : lib::get<abi::ServerEntry::next_hop>(entry);
    served.translation = translation_of(header, method, entry, end);
    served.outer = outer_of(method, entry);
    return served;
}

inline void server_step(ServerWord (&servers)[abi::kServersMax],
                        VirtualEndWord (&ends)[abi::kServicesMax],
                        hls::stream<Command>& commands,
                        hls::stream<SteeredHeader>& steered,
                        hls::stream<Command>& commands_on,
                        hls::stream<ServedHeader>& served) {
#pragma HLS INLINE
    if (!commands.empty()) {
        const Command command = commands.read();
        if (command.opcode == static_cast<int>(abi::Opcode::write_server)) {
            servers[slice<abi::kServersLog2 - 1, 0>(command.index)] = command.payload;
        } else if (command.opcode == static_cast<int>(abi::Opcode::write_virtual_end)) {
            ends[slice<kServiceIndexBits - 1, 0>(command.index)] =
                slice<abi::VirtualEndEntry::bits - 1, 0>(command.payload);
        }
        commands_on.write(command);
    } else if (!steered.empty()) {
        const SteeredHeader header = steered.read();
        const ServerWord entry = servers[header.server];
        const VirtualEndWord end = ends[slice<kServiceIndexBits - 1, 0>(header.flow.service)];
        served.write(serve(header, entry, end));
    }
}

inline void server(hls::stream<Command>& commands,
                   hls::stream<SteeredHeader>& steered,
                   hls::stream<Command>& commands_on,
                   hls::stream<ServedHeader>& served) {
#pragma HLS PIPELINE II = 1 style = flp
#pragma HLS INLINE off
    static ServerWord servers[abi::kServersMax];
#pragma HLS BIND_STORAGE variable = servers type = ram_s2p impl = bram latency = 2
#pragma HLS DEPENDENCE variable = servers type = inter dependent = false
    static VirtualEndWord ends[abi::kServicesMax];
#pragma HLS BIND_STORAGE variable = ends type = ram_s2p impl = bram latency = 2
#pragma HLS DEPENDENCE variable = ends type = inter dependent = false
    server_step(servers, ends, commands, steered, commands_on, served);
}

}  // namespace kernels
}  // namespace fpvs
