// SPDX-License-Identifier: Apache-2.0
// service: is the packet for a virtual service?
//
// Consumes parsed headers and commands (write_service), produces one ServiceHeader a frame.  II 1.
// Table: kServiceBuckets buckets of four ways, each way a RAM of its own, so that one read sees the
// whole bucket.  A command takes the slot of a packet.  A lookup in the cycles just after a write
// of the same entry may see either (hw/kernels/pipeline/pipeline.cpp).
#pragma once

#include <hls_stream.h>

#include <fpvs_hls.hpp>

#include "hw/abi/commands.hpp"
#include "hw/abi/entries.hpp"
#include "hw/kernels/parse/parse.hpp"
#include "hw/kernels/records.hpp"
#include "hw/lib/field.hpp"

namespace fpvs {
namespace kernels {

using ServiceWord = ap_uint<abi::ServiceEntry::bits>;
using ServiceBucketBits = ap_uint<abi::kServiceBucketsLog2>;

// The fold of abi::service_bucket.
inline ServiceBucketBits service_bucket(const ParsedHeader& header) {
#pragma HLS INLINE
    const int kProtocol = header.tcp == 1 ? kProtocolTcp : kProtocolUdp;
    const ap_uint<32> address = header.service_address;
    const ap_uint<16> port = header.service_port;
    return slice<31, 24>(address) ^ slice<23, 16>(address) ^ slice<15, 8>(address) ^
           slice<7, 0>(address) ^ slice<15, 8>(port) ^ slice<7, 0>(port) ^ ap_uint<8>(kProtocol);
}
static_assert(abi::kServiceBucketsLog2 == 8, "service_bucket folds to eight bits");

inline bool service_matches(const ServiceWord& entry, const ParsedHeader& header) {
#pragma HLS INLINE
    const int kProtocol = header.tcp == 1 ? kProtocolTcp : kProtocolUdp;
    return lib::get<abi::ServiceEntry::valid>(entry) == 1 &&
           lib::get<abi::ServiceEntry::address>(entry) == header.service_address &&
           lib::get<abi::ServiceEntry::port>(entry) == header.service_port &&
           lib::get<abi::ServiceEntry::protocol>(entry) == kProtocol;
}

inline ServiceHeader serve(const ParsedHeader& header,
                           const ServiceWord& entry_0,
                           const ServiceWord& entry_1,
                           const ServiceWord& entry_2,
                           const ServiceWord& entry_3) {
#pragma HLS INLINE
    const bool match_0 = service_matches(entry_0, header);
    const bool match_1 = service_matches(entry_1, header);
    const bool match_2 = service_matches(entry_2, header);
    const bool match_3 = service_matches(entry_3, header);
    const ServiceWord entry = match_0 ? entry_0 : match_1 ? entry_1 : match_2 ? entry_2 : entry_3;
    const bool undecided = header.reason == kUndecided;
    const bool found = undecided && (match_0 || match_1 || match_2 || match_3);

    ServiceHeader served;
    served.reason = undecided && !found ? reason_bits(abi::Reason::service_miss) : header.reason;
    served.length = header.length;
    served.ip_bytes = header.ip_bytes;
    served.port = header.port;
    served.tagged = header.tagged;
    served.ttl_spent = header.ttl_spent;
    served.tcp_flags = header.tcp_flags;
    served.client_address = header.client_address;
    served.client_port = header.client_port;
    served.service_found = found ? 1 : 0;
    served.service = found ? lib::get<abi::ServiceEntry::service>(entry) : ap_uint<12>(0);
    return served;
}

inline void service_step(ServiceWord (&way_0)[abi::kServiceBuckets],
                         ServiceWord (&way_1)[abi::kServiceBuckets],
                         ServiceWord (&way_2)[abi::kServiceBuckets],
                         ServiceWord (&way_3)[abi::kServiceBuckets],
                         hls::stream<Command>& commands,
                         hls::stream<ParsedHeader>& parsed,
                         hls::stream<Command>& commands_on,
                         hls::stream<ServiceHeader>& served) {
#pragma HLS INLINE
    if (!commands.empty()) {
        const Command command = commands.read();
        if (command.opcode == static_cast<int>(abi::Opcode::write_service)) {
            const ServiceBucketBits bucket = slice<7, 0>(command.index);
            const ServiceWord entry = slice<abi::ServiceEntry::bits - 1, 0>(command.payload);
            if (command.way == 0) {
                way_0[bucket] = entry;
            } else if (command.way == 1) {
                way_1[bucket] = entry;
            } else if (command.way == 2) {
                way_2[bucket] = entry;
            } else {
                way_3[bucket] = entry;
            }
        }
        commands_on.write(command);
    } else if (!parsed.empty()) {
        const ParsedHeader header = parsed.read();
        const ServiceBucketBits bucket = service_bucket(header);
        served.write(serve(header, way_0[bucket], way_1[bucket], way_2[bucket], way_3[bucket]));
    }
}

inline void service(hls::stream<Command>& commands,
                    hls::stream<ParsedHeader>& parsed,
                    hls::stream<Command>& commands_on,
                    hls::stream<ServiceHeader>& served) {
#pragma HLS PIPELINE II = 1 style = flp
#pragma HLS INLINE off
    static ServiceWord way_0[abi::kServiceBuckets];
    static ServiceWord way_1[abi::kServiceBuckets];
    static ServiceWord way_2[abi::kServiceBuckets];
    static ServiceWord way_3[abi::kServiceBuckets];
#pragma HLS BIND_STORAGE variable = way_0 type = ram_s2p impl = bram latency = 2
#pragma HLS BIND_STORAGE variable = way_1 type = ram_s2p impl = bram latency = 2
#pragma HLS BIND_STORAGE variable = way_2 type = ram_s2p impl = bram latency = 2
#pragma HLS BIND_STORAGE variable = way_3 type = ram_s2p impl = bram latency = 2
#pragma HLS DEPENDENCE variable = way_0 type = inter dependent = false
#pragma HLS DEPENDENCE variable = way_1 type = inter dependent = false
#pragma HLS DEPENDENCE variable = way_2 type = inter dependent = false
#pragma HLS DEPENDENCE variable = way_3 type = inter dependent = false
    service_step(way_0, way_1, way_2, way_3, commands, parsed, commands_on, served);
}

}  // namespace kernels
}  // namespace fpvs
