// SPDX-License-Identifier: Apache-2.0
// What is put before a packet: the next hop's Ethernet header and, into a tunnel, an outer header.
//
//   | Ethernet 14 or 18 | IPv4 20 or IPv6 40 | UDP 8, GUE 4, or GRE 4 or 8 | the packet
//
// As IPVS does it: TTL is the packet's after its hop, the type of service too, with ECN by RFC 3168
// 9.1.1; "don't fragment" is an IPv4 packet's own, and an outer header without it has a running
// identification.  GUE's source port is the one that the slow path gives: it names the connection,
// so that a connection's packets take one path whoever forwards them.
#pragma once

#include <ap_int.h>

#include <fpvs_hls.hpp>

#include "hw/kernels/records.hpp"
#include "hw/lib/bytes.hpp"
#include "hw/lib/checksum.hpp"
#include "hw/lib/crc32c.hpp"
#include "hw/lib/headers.hpp"

namespace fpvs {
namespace kernels {

constexpr int kTunnelBytesMax = lib::kUdpBytes + lib::kGueBytes;
constexpr int kOuterBytesMax = lib::kIpv6Bytes + kTunnelBytesMax;
static_assert(lib::kEthernetBytes + lib::kVlanBytes + kOuterBytesMax == kPrefixBytesMax, "whole");

using TunnelBits = ap_uint<8 * kTunnelBytesMax>;
using OuterBits = ap_uint<8 * kOuterBytesMax>;
using PrefixBits = ap_uint<8 * kPrefixBytesMax>;

constexpr int kCongestionExperienced = 3;
constexpr int kOuterDontFragment = 0x4000;
constexpr int kGreHasChecksum = 0x8000;

// GUE's source ports: the range of the kernel's for its own connections begins here, and 14 bits of
// a hash choose one.
constexpr int kSourcePortBits = 14;
constexpr int kSourcePortTop = 2;  // What is above them: 32768.

// What an outer header says about the packet in it.
struct Inner {
    LengthBits bytes;
    ap_uint<1> ipv6;
    ap_uint<8> ttl;
    ap_uint<8> tos;  // By RFC 3168 9.1.1: "congestion experienced" becomes "ECN-capable".
    ap_uint<1> dont_fragment;
    ap_uint<16> sum;  // Over the whole packet.
    ap_uint<16> source_port;
};

inline ap_uint<16> gue_source_port(const Packet& packet) {
#pragma HLS INLINE
    const ap_uint<32> protocol = packet.protocol;
    const ap_uint<32> ports = cat(packet.source_port, packet.destination_port);
    const ap_uint<32> ipv4 = lib::Crc32c<3>::of(
        protocol, cat(slice<31, 0>(packet.source), slice<31, 0>(packet.destination), ports));
    const ap_uint<32> ipv6 =
        lib::Crc32c<9>::of(protocol, cat(packet.source, packet.destination, ports));
    const ap_uint<32> hash = packet.ipv6 == 1 ? ipv6 : ipv4;
    return cat(ap_uint<2>(kSourcePortTop), slice<31, 32 - kSourcePortBits>(hash));
}

// The packet as it is put into the tunnel, a hop further.  The sum over IPv4 stays: its header's
// checksum makes up for TTL.  IPv6's hop limit is the lower octet of its word.
inline Inner inner_of(const Packet& packet, const PacketSum& sum) {
#pragma HLS INLINE
    const ap_uint<1> marked = slice<1, 0>(packet.tos) == kCongestionExperienced ? 1 : 0;
    Inner inner;
    inner.bytes = packet.ip_bytes;
    inner.ipv6 = packet.ipv6;
    inner.ttl = ap_uint<8>(packet.ttl - 1);
    inner.tos = cat(slice<7, 1>(packet.tos), ap_uint<1>(packet.tos[0] && marked == 0));
    inner.dont_fragment = packet.dont_fragment & ~packet.ipv6;
    inner.sum =
        packet.ipv6 == 1 ? lib::fold_carries(ap_uint<17>(sum + ap_uint<16>(0xffff - 1))) : sum;
    inner.source_port = gue_source_port(packet);
    return inner;
}

inline ap_uint<8> inner_protocol(const Inner& inner) {
#pragma HLS INLINE
    return inner.ipv6 == 1 ? lib::kProtocolIpv6 : lib::kProtocolIpv4;
}

inline ap_uint<16> ether_type(const ap_uint<1>& ipv6) {
#pragma HLS INLINE
    return ipv6 == 1 ? lib::kEtherTypeIpv6 : lib::kEtherTypeIpv4;
}

// Of the header between the outer IP header and the packet.
struct Tunnel {
    TunnelBits bytes;
    ap_uint<4> length;
    ap_uint<8> protocol;
};

// UDP's checksum covers all from the outer addresses to the packet's end.
inline Tunnel gue_of(const Outer& outer, const Inner& inner) {
#pragma HLS INLINE
    const ap_uint<16> length = inner.bytes + ap_uint<4>(kTunnelBytesMax);
    const ap_uint<lib::sum_bits(24)> sum =
        lib::WordSum<24>::of(cat(cat(outer.source, outer.destination),
                                 cat(ap_uint<16>(lib::kProtocolUdp), length),
                                 cat(inner.source_port, outer.port, length),
                                 ap_uint<16>(inner_protocol(inner)),
                                 inner.sum,
                                 ap_uint<16>(0)));
    Tunnel tunnel;
    tunnel.bytes = 0;
    lib::put_number_at<0, 2>(tunnel.bytes, inner.source_port);
    lib::put_number_at<2, 2>(tunnel.bytes, outer.port);
    lib::put_number_at<4, 2>(tunnel.bytes, length);
    if (outer.checksum == 1) {
        lib::put_number_at<6, 2>(tunnel.bytes, lib::udp_checksum(lib::fold_carries(sum)));
    }
    lib::put_number_at<9, 1>(tunnel.bytes, inner_protocol(inner));
    tunnel.length = kTunnelBytesMax;
    tunnel.protocol = lib::kProtocolUdp;
    return tunnel;
}

inline Tunnel gre_of(const Outer& outer, const Inner& inner) {
#pragma HLS INLINE
    const ap_uint<16> type = ether_type(inner.ipv6);
    Tunnel tunnel;
    tunnel.bytes = 0;
    lib::put_number_at<2, 2>(tunnel.bytes, type);
    tunnel.length = lib::kGreBytes;
    tunnel.protocol = lib::kProtocolGre;
    if (outer.checksum == 1) {
        const ap_uint<18> sum = ap_uint<16>(kGreHasChecksum) + type + inner.sum;
        lib::put_number_at<0, 2>(tunnel.bytes, ap_uint<16>(kGreHasChecksum));
        lib::put_number_at<4, 2>(tunnel.bytes, ap_uint<16>(~lib::fold_carries(sum)));
        tunnel.length = lib::kGreBytes + lib::kGreChecksumBytes;
    }
    return tunnel;
}

inline Tunnel tunnel_of(const Outer& outer, const Inner& inner) {
#pragma HLS INLINE
    if (outer.tunnel == static_cast<int>(abi::Tunnel::gue)) {
        return gue_of(outer, inner);
    }
    if (outer.tunnel == static_cast<int>(abi::Tunnel::gre)) {
        return gre_of(outer, inner);
    }
    Tunnel ipip;
    ipip.bytes = 0;
    ipip.length = 0;
    ipip.protocol = inner_protocol(inner);
    return ipip;
}

inline OuterBits outer_ipv4(const Outer& outer,
                            const Inner& inner,
                            const Tunnel& tunnel,
                            const ap_uint<16>& identification) {
#pragma HLS INLINE
    const ap_uint<16> total = inner.bytes + tunnel.length + ap_uint<5>(lib::kIpv4BytesMin);
    const ap_uint<16> flags = inner.dont_fragment == 1 ? kOuterDontFragment : 0;
    const ap_uint<160> header =
        cat(cat(ap_uint<8>(0x45), inner.tos, total),
            cat(identification, flags),
            cat(inner.ttl, tunnel.protocol, ap_uint<16>(0)),
            cat(slice<31, 0>(outer.source), slice<31, 0>(outer.destination)));
    OuterBits bytes = 0;
    lib::put_number_at<0, lib::kIpv4BytesMin>(bytes, header);
    lib::put_number_at<10, 2>(
        bytes, ap_uint<16>(~lib::fold_carries(lib::WordSum<lib::kIpv4BytesMin / 2>::of(header))));
    return bytes | OuterBits(tunnel.bytes) << (8 * lib::kIpv4BytesMin);
}

inline OuterBits outer_ipv6(const Outer& outer, const Inner& inner, const Tunnel& tunnel) {
#pragma HLS INLINE
    const ap_uint<16> payload = inner.bytes + tunnel.length;
    OuterBits bytes = 0;
    lib::put_number_at<0, 4>(bytes, cat(ap_uint<4>(6), inner.tos, ap_uint<20>(0)));
    lib::put_number_at<4, 2>(bytes, payload);
    lib::put_number_at<6, 1>(bytes, tunnel.protocol);
    lib::put_number_at<7, 1>(bytes, inner.ttl);
    lib::put_number_at<8, 16>(bytes, outer.source);
    lib::put_number_at<24, 16>(bytes, outer.destination);
    return bytes | OuterBits(tunnel.bytes) << (8 * lib::kIpv6Bytes);
}

// The Ethernet header of the next hop, and `outer` behind it.
inline PrefixBits prefix_bytes(const Decision& decision,
                               const ap_uint<16>& type,
                               const OuterBits& outer) {
#pragma HLS INLINE
    PrefixBits bytes = 0;
    lib::put_number_at<0, 6>(bytes, decision.destination_mac);
    lib::put_number_at<6, 6>(bytes, decision.source_mac);
    if (decision.out_tagged == 1) {
        lib::put_number_at<12, 2>(bytes, ap_uint<16>(lib::kEtherTypeVlan));
        lib::put_number_at<14, 2>(bytes, ap_uint<16>(decision.vlan));
        lib::put_number_at<16, 2>(bytes, type);
        return bytes | PrefixBits(outer) << (8 * (lib::kEthernetBytes + lib::kVlanBytes));
    }
    lib::put_number_at<12, 2>(bytes, type);
    return bytes | PrefixBits(outer) << (8 * lib::kEthernetBytes);
}

// Of an outer header with a running one; the next packet's is one more.
inline bool takes_identification(const Decision& decision) {
#pragma HLS INLINE
    return decision.outer.present == 1 && decision.outer.ipv6 == 0 &&
           (decision.packet.dont_fragment == 0 || decision.packet.ipv6 == 1);
}

inline Prefix prefix_of(const Decision& decision,
                        const PacketSum& sum,
                        const ap_uint<16>& identification) {
#pragma HLS INLINE
    const Outer& outer = decision.outer;
    const Inner inner = inner_of(decision.packet, sum);
    const Tunnel tunnel = tunnel_of(outer, inner);

    OuterBits outer_bytes = 0;
    ap_uint<6> outer_length = 0;
    ap_uint<1> ipv6 = decision.packet.ipv6;
    if (outer.present == 1) {
        ipv6 = outer.ipv6;
        if (outer.ipv6 == 1) {
            outer_bytes = outer_ipv6(outer, inner, tunnel);
            outer_length = ap_uint<6>(tunnel.length + ap_uint<6>(lib::kIpv6Bytes));
        } else {
            const ap_uint<16> number =
                takes_identification(decision) ? identification : ap_uint<16>(0);
            outer_bytes = outer_ipv4(outer, inner, tunnel, number);
            outer_length = ap_uint<6>(tunnel.length + ap_uint<6>(lib::kIpv4BytesMin));
        }
    }
    Prefix prefix;
    prefix.bytes = prefix_bytes(decision, ether_type(ipv6), outer_bytes);
    prefix.words = ap_uint<5>(slice<5, 2>(outer_length) + ap_uint<3>(3) + decision.out_tagged);
    prefix.old_words = ap_uint<3>(decision.packet.tags + ap_uint<3>(3));
    prefix.out_port = decision.out_port;
    return prefix;
}

}  // namespace kernels
}  // namespace fpvs
