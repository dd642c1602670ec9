// SPDX-License-Identifier: Apache-2.0
// parse: is this a TCP or UDP packet of IPv4 that the card may handle, and whose is it?
//
// Consumes frame heads and commands (write_port), produces one ParsedHeader a frame.  II 1.  State:
// the entries of the two ports.  Anything odd gets a reason, in the order of hw/abi/reasons.hpp; of
// a frame with a reason the other fields have no meaning to later stages.
//
//   head:    | Ethernet 14 | VLAN 4, if any | IPv4 20..60 | TCP 14 of 20.., UDP 8 |
//   packet:                                 | from here, 74 octets                |
#pragma once

#include <hls_stream.h>

#include <fpvs_hls.hpp>

#include "hw/abi/commands.hpp"
#include "hw/abi/entries.hpp"
#include "hw/kernels/records.hpp"
#include "hw/lib/bytes.hpp"
#include "hw/lib/checksum.hpp"
#include "hw/lib/field.hpp"

namespace fpvs {
namespace kernels {

constexpr int kEtherTypeIpv4 = 0x0800;
constexpr int kEtherTypeVlan = 0x8100;
constexpr int kEtherTypeServiceVlan = 0x88a8;
constexpr int kProtocolTcp = 6;
constexpr int kProtocolUdp = 17;
constexpr int kTcpFin = 0x01;
constexpr int kTcpSyn = 0x02;
constexpr int kTcpRst = 0x04;

constexpr int kEthernetBytes = 14;
constexpr int kVlanBytes = 4;
constexpr int kIpv4BytesMax = 60;
constexpr int kTransportBytes = 14;  // Of the transport header, as far as it is looked at.
constexpr int kPacketBytes = kIpv4BytesMax + kTransportBytes;
static_assert(kEthernetBytes + kVlanBytes + kPacketBytes <= kHeadBytes, "the head has it all");

using PacketBits = ap_uint<8 * kPacketBytes>;
using Ipv4Bits = ap_uint<8 * kIpv4BytesMax>;
using TransportBits = ap_uint<8 * kTransportBytes>;

// At most one command in kCommandPace calls is let into the chain of commands, so that a flood of
// them leaves the packets seven of eight slots in every stage.
constexpr int kCommandPace = 8;

// Reset value: all zero, both ports disabled.
struct ParseState {
    ap_uint<abi::PortEntry::bits> port_0;
    ap_uint<abi::PortEntry::bits> port_1;
    ap_uint<3> pace;
};
static_assert(kCommandPace <= 8, "pace has three bits");

// The header with octets beyond its own length as zero, which adds nothing to the checksum.
inline Ipv4Bits ipv4_header(const PacketBits& packet, const ap_uint<4>& words) {
#pragma HLS INLINE
    Ipv4Bits header = slice<8 * kIpv4BytesMax - 1, 0>(packet);
    for (int word = 5; word < 15; ++word) {
#pragma HLS UNROLL
        if (words <= word) {
            header.range(32 * word + 31, 32 * word) = ap_uint<32>(0);
        }
    }
    return header;
}

inline TransportBits transport_header(const PacketBits& packet, const ap_uint<4>& words) {
#pragma HLS INLINE
    TransportBits header = 0;
    for (int word = 5; word <= 15; ++word) {
#pragma HLS UNROLL
        const TransportBits here = packet.range(32 * word + 8 * kTransportBytes - 1, 32 * word);
        if (words == word) {
            header = here;
        }
    }
    return header;
}

// Options that a director passes on as they are: words of no operation, a router alert, and the end
// of options with nothing after it.  Others are for a router to act on, fill in or refuse.
inline bool options_are_plain(const Ipv4Bits& header, const ap_uint<4>& words) {
#pragma HLS INLINE
    bool plain = true;
    bool ended = false;
    for (int word = 5; word < 15; ++word) {
#pragma HLS UNROLL
        const ap_uint<32> option = lib::swap_octets<32>(header.range(32 * word + 31, 32 * word));
        const bool end = option == 0;
        const bool harmless = option == 0x01010101 || option == 0x94040000;
        if (words > word && !end && (ended || !harmless)) {
            plain = false;
        }
        ended = ended || end;
    }
    return plain;
}

inline ParsedHeader parse_header(const FrameHead& frame,
                                 const ap_uint<abi::PortEntry::bits>& port_entry) {
#pragma HLS INLINE
    using abi::Reason;
    const ap_uint<48> destination = lib::number_at<0, 6>(frame.head);
    const ap_uint<16> outer_type = lib::number_at<12, 2>(frame.head);
    const ap_uint<16> inner_type = lib::number_at<16, 2>(frame.head);
    const bool tagged = outer_type == kEtherTypeVlan && frame.length >= kEthernetBytes + kVlanBytes;
    const bool stacked =
        outer_type == kEtherTypeServiceVlan ||
        (tagged && (inner_type == kEtherTypeVlan || inner_type == kEtherTypeServiceVlan));
    const ap_uint<16> type = tagged ? inner_type : outer_type;

    const PacketBits packet = tagged ? slice<8 * (kPacketBytes + 18) - 1, 8 * 18>(frame.head)
                                     : slice<8 * (kPacketBytes + 14) - 1, 8 * 14>(frame.head);
    const int kLayer3Tagged = kEthernetBytes + kVlanBytes;
    const ap_uint<5> layer_3 = tagged ? kLayer3Tagged : kEthernetBytes;
    const ap_uint<4> version = slice<7, 4>(packet);
    const ap_uint<4> words = slice<3, 0>(packet);
    const ap_uint<6> header_bytes = cat(words, ap_uint<2>(0));
    const ap_uint<16> ip_bytes = lib::number_at<2, 2>(packet);
    const ap_uint<16> fragment = lib::number_at<6, 2>(packet);
    const ap_uint<8> ttl = lib::number_at<8, 1>(packet);
    const ap_uint<8> protocol = lib::number_at<9, 1>(packet);
    const bool tcp = protocol == kProtocolTcp;
    const Ipv4Bits header = ipv4_header(packet, words);

    // A difference of lengths is only looked at where it is known not to be negative.
    const TransportBits transport = transport_header(packet, words);
    const ap_uint<16> transport_bytes = ap_uint<16>(ip_bytes - header_bytes);
    const ap_uint<6> tcp_header_bytes =
        cat(slice<7, 4>(ap_uint<8>(lib::number_at<12, 1>(transport))), ap_uint<2>(0));
    const ap_uint<16> udp_bytes = lib::number_at<4, 2>(transport);
    const bool tcp_fits =
        transport_bytes >= 20 && tcp_header_bytes >= 20 && tcp_header_bytes <= transport_bytes;
    const bool udp_fits = transport_bytes >= 8 && udp_bytes >= 8 && udp_bytes <= transport_bytes;

    ReasonBits reason = kUndecided;
    if (frame.length < abi::kFrameBytesMin) {
        reason = reason_bits(Reason::runt);
    } else if (frame.oversize == 1) {
        reason = reason_bits(Reason::oversize);
    } else if (lib::get<abi::PortEntry::enabled>(port_entry) == 0) {
        reason = reason_bits(Reason::port_disabled);
    } else if (destination[40]) {
        reason = reason_bits(Reason::group_address);
    } else if (destination != lib::get<abi::PortEntry::mac>(port_entry)) {
        reason = reason_bits(Reason::other_host);
    } else if (stacked) {
        reason = reason_bits(Reason::vlan_stacked);
    } else if (type != kEtherTypeIpv4) {
        reason = reason_bits(Reason::not_ipv4);
    } else if (version != 4 || words < 5 || frame.length < layer_3 + ap_uint<6>(20)) {
        reason = reason_bits(Reason::ip_header);
    } else if (ip_bytes < header_bytes || layer_3 + ip_bytes > frame.length) {
        reason = reason_bits(Reason::ip_length);
    } else if (!lib::checksum_is_right<kIpv4BytesMax / 2>(header)) {
        reason = reason_bits(Reason::ip_checksum);
    } else if (!options_are_plain(header, words)) {
        reason = reason_bits(Reason::ip_options);
    } else if (slice<13, 0>(fragment) != 0) {
        reason = reason_bits(Reason::fragment);
    } else if (!tcp && protocol != kProtocolUdp) {
        reason = reason_bits(Reason::protocol);
    } else if (tcp ? !tcp_fits : !udp_fits) {
        reason = reason_bits(Reason::transport_header);
    }

    ParsedHeader parsed;
    parsed.reason = reason;
    parsed.length = frame.length;
    parsed.ip_bytes = LengthBits(ip_bytes);
    parsed.port = frame.port;
    parsed.tagged = tagged ? 1 : 0;
    parsed.ttl_spent = ttl <= 1 ? 1 : 0;
    parsed.tcp = tcp ? 1 : 0;
    parsed.tcp_flags = tcp ? lib::number_at<13, 1>(transport) : ap_uint<8>(0);
    parsed.client_address = lib::number_at<12, 4>(packet);
    parsed.client_port = lib::number_at<0, 2>(transport);
    parsed.service_address = lib::number_at<16, 4>(packet);
    parsed.service_port = lib::number_at<2, 2>(transport);
    return parsed;
}

inline void parse_step(ParseState& state,
                       hls::stream<Command>& commands,
                       hls::stream<FrameHead>& heads,
                       hls::stream<Command>& commands_on,
                       hls::stream<ParsedHeader>& parsed) {
#pragma HLS INLINE
    const bool command_due = state.pace == 0;
    if (command_due && !commands.empty()) {
        const Command command = commands.read();
        if (command.opcode == static_cast<int>(abi::Opcode::write_port)) {
            if (command.index == 0) {
                state.port_0 = slice<abi::PortEntry::bits - 1, 0>(command.payload);
            } else {
                state.port_1 = slice<abi::PortEntry::bits - 1, 0>(command.payload);
            }
        }
        commands_on.write(command);
        state.pace = kCommandPace - 1;
        return;
    }
    if (!command_due) {
        state.pace = ap_uint<3>(state.pace - 1);
    }
    if (!heads.empty()) {
        const FrameHead frame = heads.read();
        const ap_uint<abi::PortEntry::bits> entry = frame.port == 0 ? state.port_0 : state.port_1;
        parsed.write(parse_header(frame, entry));
    }
}

inline void parse(hls::stream<Command>& commands,
                  hls::stream<FrameHead>& heads,
                  hls::stream<Command>& commands_on,
                  hls::stream<ParsedHeader>& parsed) {
#pragma HLS PIPELINE II = 1 style = flp
#pragma HLS INLINE off
    static ParseState state;
#pragma HLS RESET variable = state
    parse_step(state, commands, heads, commands_on, parsed);
}

}  // namespace kernels
}  // namespace fpvs
