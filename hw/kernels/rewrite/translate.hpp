// SPDX-License-Identifier: Apache-2.0
// What changes within a forwarded packet: a hop less to live, other ends if it is translated, and
// the checksums that cover them.
//
// Checksums are brought up to date by what has changed (RFC 1624, equation 3), never made anew: a
// packet that came damaged stays visibly damaged.  Of the two zeros they get the one that Linux
// gives (hw/lib/checksum.hpp).
#pragma once

#include <ap_int.h>

#include <fpvs_hls.hpp>

#include "hw/kernels/records.hpp"
#include "hw/lib/checksum.hpp"
#include "hw/lib/headers.hpp"

namespace fpvs {
namespace kernels {

// TTL is the upper octet of its word.
constexpr int kOneHopLess = 0xffff - 0x0100;

// From the start of the transport header, in 16-bit words.
constexpr int kTcpChecksumWord = 8;
constexpr int kUdpChecksumWord = 3;

// The ends that the packet leaves with.
inline Translation ends_of(const Decision& decision) {
#pragma HLS INLINE
    Translation ends = decision.translation;
    if (ends.new_source == 0) {
        ends.source = decision.packet.source;
        ends.source_port = decision.packet.source_port;
    }
    if (ends.new_destination == 0) {
        ends.destination = decision.packet.destination;
        ends.destination_port = decision.packet.destination_port;
    }
    return ends;
}

// Old words taken out and new ones put in.  Those of IPv4 addresses' upper halves cancel out.
inline ap_uint<lib::sum_bits(32)> change_of_addresses(const Packet& packet,
                                                      const Translation& ends) {
#pragma HLS INLINE
    return lib::WordSum<32>::of(cat(AddressBits(~packet.source),
                                    AddressBits(~packet.destination),
                                    ends.source,
                                    ends.destination));
}

inline ap_uint<lib::sum_bits(4)> change_of_ports(const Packet& packet, const Translation& ends) {
#pragma HLS INLINE
    return lib::WordSum<4>::of(cat(PortBits(~packet.source_port),
                                   PortBits(~packet.destination_port),
                                   ends.source_port,
                                   ends.destination_port));
}

inline Edits edits_of(const Decision& decision) {
#pragma HLS INLINE
    const Packet& packet = decision.packet;
    const Translation ends = ends_of(decision);
    const bool tcp = packet.protocol == lib::kProtocolTcp;
    const ap_uint<lib::sum_bits(32)> addresses = change_of_addresses(packet, ends);
    const ap_uint<24> ip_sum =
        addresses + ap_uint<18>(ap_uint<16>(~packet.ip_checksum) + ap_uint<16>(kOneHopLess));
    const ap_uint<24> l4_sum =
        addresses + ap_uint<20>(change_of_ports(packet, ends) + ap_uint<16>(~packet.l4_checksum));
    const ap_uint<16> l4_folded = lib::fold_carries(l4_sum);

    Edits edits;
    edits.verdict = decision.verdict;
    edits.tags = packet.tags;
    edits.ipv6 = packet.ipv6;
    edits.ttl = ap_uint<8>(packet.ttl - 1);
    edits.ip_checksum = ap_uint<16>(~lib::fold_carries(ip_sum));
    edits.translated = decision.translation.new_source | decision.translation.new_destination;
    edits.source = ends.source;
    edits.destination = ends.destination;
    edits.source_port = ends.source_port;
    edits.destination_port = ends.destination_port;
    edits.l4_checksum = tcp ? ap_uint<16>(~l4_folded) : lib::udp_checksum(l4_folded);
    edits.ports_word = slice<6, 1>(packet.l4_offset);
    edits.l4_checksum_word =
        ap_uint<6>(edits.ports_word + ap_uint<4>(tcp ? kTcpChecksumWord : kUdpChecksumWord));
    return edits;
}

}  // namespace kernels
}  // namespace fpvs
