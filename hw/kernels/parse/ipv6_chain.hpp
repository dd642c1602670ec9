// SPDX-License-Identifier: Apache-2.0
// The chain of IPv6 extension headers (RFC 8200 4), all at once.
//
// A chain is a walk of up to six steps, each as long as a header says, and a walk step by step
// would take a pipeline stage each.  So each 8-octet unit behind the IPv6 header is looked at as if
// a header began there, and only one bit a unit, whether one does, goes from step to step:
//
//   | IPv6 40 | unit 0 | unit 1 | ... | unit 5 |
//                  '--- one ---'--- another ---^ the upper header begins at unit 0 to 6
//
// Skipped are hop-by-hop options where they may stand (first), destination options, and routing
// headers that have no segments left.
#pragma once

#include <fpvs_hls.hpp>

#include "hw/kernels/records.hpp"
#include "hw/lib/bytes.hpp"
#include "hw/lib/headers.hpp"

namespace fpvs {
namespace kernels {

constexpr int kExtensionUnits = 6;
constexpr int kExtensionBytesMax = 8 * kExtensionUnits;

struct Ipv6Chain {
    ap_uint<kExtensionUnits + 1> end;  // Bit u: the upper header begins at unit u.  0: not found.
    ap_uint<8> protocol;               // Of the upper header; a fragment header is one here.
};

// What a next header field leads to.
struct NextHeader {
    ap_uint<1> options;
    ap_uint<1> routing;
    ap_uint<1> upper;
};

inline NextHeader classify_next_header(const ap_uint<8>& protocol, bool first) {
#pragma HLS INLINE
    const bool hop_by_hop = protocol == lib::kProtocolHopByHop;
    const bool destination = protocol == lib::kProtocolDestinationOptions;
    const bool routing = protocol == lib::kProtocolRouting;
    const bool unknown_here = protocol == lib::kProtocolAuthentication || (hop_by_hop && !first);
    NextHeader next;
    next.options = destination || (hop_by_hop && first) ? 1 : 0;
    next.routing = routing ? 1 : 0;
    next.upper = !hop_by_hop && !destination && !routing && !unknown_here ? 1 : 0;
    return next;
}

// `extensions`: what lies behind the IPv6 header; `payload_bytes`: its length field.
inline Ipv6Chain walk_ipv6_chain(const ap_uint<8>& first_header,
                                 const ap_uint<8 * kExtensionBytesMax>& extensions,
                                 const ap_uint<16>& payload_bytes) {
#pragma HLS INLINE
    bool may_begin_options[kExtensionUnits];  // If something leads there.
    bool may_begin_routing[kExtensionUnits];
    ap_uint<8> next_header[kExtensionUnits];
    NextHeader next[kExtensionUnits];
    ap_uint<8> more_units[kExtensionUnits];
    for (int unit = 0; unit < kExtensionUnits; ++unit) {
#pragma HLS UNROLL
        const ap_uint<32> octets = extensions.range(64 * unit + 31, 64 * unit);
        const bool fits = payload_bytes >= 8 * unit + 8;
        const bool no_segments_left = slice<31, 24>(octets) == 0;
        may_begin_options[unit] = fits;
        may_begin_routing[unit] = fits && no_segments_left;
        next_header[unit] = slice<7, 0>(octets);
        next[unit] = classify_next_header(next_header[unit], false);
        more_units[unit] = slice<15, 8>(octets);
    }

    const NextHeader lead = classify_next_header(first_header, true);
    bool begins[kExtensionUnits];  // An extension header does.
    begins[0] =
        (lead.options == 1 && may_begin_options[0]) || (lead.routing == 1 && may_begin_routing[0]);
    Ipv6Chain chain;
    chain.end = lead.upper;
    for (int to = 1; to <= kExtensionUnits; ++to) {
#pragma HLS UNROLL
        bool header = false;
        bool upper = false;
        for (int from = 0; from < to; ++from) {
#pragma HLS UNROLL
            const bool leads = more_units[from] == to - from - 1;
            if (to < kExtensionUnits) {
                const bool step = leads && ((next[from].options == 1 && may_begin_options[to]) ||
                                            (next[from].routing == 1 && may_begin_routing[to]));
                header = header || (begins[from] && step);
            }
            const bool last = leads && next[from].upper == 1;
            upper = upper || (begins[from] && last);
        }
        if (to < kExtensionUnits) {
            begins[to] = header;
        }
        chain.end[to] = upper;
    }

    // At most one extension header is followed by an upper one.
    ap_uint<8> protocol = lead.upper == 1 ? first_header : ap_uint<8>(0);
    for (int unit = 0; unit < kExtensionUnits; ++unit) {
#pragma HLS UNROLL
        const bool last = begins[unit] && next[unit].upper == 1;
        protocol = protocol | (last ? next_header[unit] : ap_uint<8>(0));
    }
    chain.protocol = protocol;
    return chain;
}

}  // namespace kernels
}  // namespace fpvs
