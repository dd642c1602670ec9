// SPDX-License-Identifier: Apache-2.0
// parse: is this a TCP, UDP or SCTP packet that the card may handle, and between which ends?
//
// Consumes frame heads and commands (write_port), produces one ParsedHeader a frame.  II 1.  State:
// the entries of the two ports.  Anything odd gets a reason, in the order of hw/abi/reasons.hpp; of
// a frame with a reason the other fields have no meaning to later stages.
//
//   head:    | Ethernet 14 | VLAN 4, up to 2 | IPv4 20..60           | transport header, 18 octets
//   |
//                                            | IPv6 40, up to 48     | |
//   packet:                                  | from here, 106 octets |
//
// Octets of the head beyond the frame's end are garbage: whoever looks at one checks, too, that it
// is there.
#pragma once

#include <hls_stream.h>

#include <fpvs_hls.hpp>

#include "hw/abi/commands.hpp"
#include "hw/abi/entries.hpp"
#include "hw/kernels/parse/ipv6_chain.hpp"
#include "hw/kernels/records.hpp"
#include "hw/lib/bytes.hpp"
#include "hw/lib/checksum.hpp"
#include "hw/lib/field.hpp"
#include "hw/lib/headers.hpp"

namespace fpvs {
namespace kernels {

constexpr int kTransportBytes = 18;  // Of the transport header, as far as it is looked at.
constexpr int kPacketBytes = lib::kIpv6Bytes + kExtensionBytesMax + kTransportBytes;
static_assert(lib::kIpv4BytesMax <= lib::kIpv6Bytes + kExtensionBytesMax,
              "IPv6's headers are the longest");
static_assert(lib::kEthernetBytes + lib::kVlanTagsMax * lib::kVlanBytes + kPacketBytes <=
                  kHeadBytes,
              "the head has it all");

using PacketBits = ap_uint<8 * kPacketBytes>;
using Ipv4Bits = ap_uint<8 * lib::kIpv4BytesMax>;
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

// ---- Ethernet.

struct Link {
    ap_uint<2> tags;
    bool stacked;  // More tags than that.
    ap_uint<16> type;
    ap_uint<5> bytes;  // Before the packet.
    PacketBits packet;
};

inline bool is_tag(const ap_uint<16>& type) {
#pragma HLS INLINE
    return type == lib::kEtherTypeVlan || type == lib::kEtherTypeServiceVlan;
}

inline Link read_link(const FrameHead& frame) {
#pragma HLS INLINE
    const ap_uint<16> type_0 = lib::number_at<12, 2>(frame.head);
    const ap_uint<16> type_1 = lib::number_at<16, 2>(frame.head);
    const ap_uint<16> type_2 = lib::number_at<20, 2>(frame.head);
    const bool one = is_tag(type_0) && frame.length >= lib::kEthernetBytes + lib::kVlanBytes;
    const bool two =
        one && is_tag(type_1) && frame.length >= lib::kEthernetBytes + 2 * lib::kVlanBytes;
    Link link;
    link.tags = two ? 2 : one ? 1 : 0;
    link.stacked = two && is_tag(type_2);
    link.type = two ? type_2 : one ? type_1 : type_0;
    link.bytes = two ? 22 : one ? 18 : 14;
    link.packet = two   ? slice<8 * (22 + kPacketBytes) - 1, 8 * 22>(frame.head)
                  : one ? slice<8 * (18 + kPacketBytes) - 1, 8 * 18>(frame.head)
                        : slice<8 * (14 + kPacketBytes) - 1, 8 * 14>(frame.head);
    return link;
}

inline ReasonBits judge_link(const FrameHead& frame,
                             const Link& link,
                             const ap_uint<abi::PortEntry::bits>& port_entry) {
#pragma HLS INLINE
    using abi::Reason;
    const ap_uint<48> destination = lib::number_at<0, 6>(frame.head);
    const bool group = destination[40];
    const bool ours = destination == lib::get<abi::PortEntry::mac>(port_entry);
    if (frame.length < abi::kFrameBytesMin) {
        return reason_bits(Reason::runt);
    }
    if (frame.oversize == 1) {
        return reason_bits(Reason::oversize);
    }
    if (lib::get<abi::PortEntry::enabled>(port_entry) == 0) {
        return reason_bits(Reason::port_disabled);
    }
    if (group) {
        return reason_bits(Reason::group_address);
    }
    if (!ours) {
        return reason_bits(Reason::other_host);
    }
    if (link.stacked) {
        return reason_bits(Reason::vlan_stacked);
    }
    if (link.type != lib::kEtherTypeIpv4 && link.type != lib::kEtherTypeIpv6) {
        return reason_bits(Reason::not_ip);
    }
    return kUndecided;
}

// ---- IP.

// What both families have, and how far the transport header is.
struct Network {
    ReasonBits shape;    // What is wrong with it before its checksum is looked at.
    bool checksum_odd;   // Known last, so it is a bit of its own.
    ReasonBits content;  // What is wrong with it if its checksum is right.
    ap_uint<16> bytes;
    ap_uint<7> header_bytes;  // With options or extension headers.
    bool fragment;
    ap_uint<8> protocol;
    ap_uint<8> ttl;
    ap_uint<8> tos;
    ap_uint<1> dont_fragment;
    ap_uint<16> checksum;
    AddressBits source;
    AddressBits destination;
};

// The header with octets beyond its own length as zero, which adds nothing to the checksum.
inline Ipv4Bits ipv4_header(const PacketBits& packet, const ap_uint<4>& words) {
#pragma HLS INLINE
    Ipv4Bits header = slice<8 * lib::kIpv4BytesMax - 1, 0>(packet);
    for (int word = 5; word < 15; ++word) {
#pragma HLS UNROLL
        if (words <= word) {
            header.range(32 * word + 31, 32 * word) = ap_uint<32>(0);
        }
    }
    return header;
}

// Options that a director passes on as they are: words of no operation, a router alert, and the end
// of options with nothing after it.  Others are for a router to act on, fill in or refuse.
// `header` has zeros beyond its length, which are ends.  A word after an end is seen by the end
// right before it.
inline bool options_are_plain(const Ipv4Bits& header) {
#pragma HLS INLINE
    ap_uint<10> odd = 0;
    bool after_end = false;
    for (int word = 5; word < 15; ++word) {
#pragma HLS UNROLL
        const ap_uint<32> option = lib::swap_octets<32>(header.range(32 * word + 31, 32 * word));
        const bool end = option == 0;
        const bool harmless = option == 0x01010101 || option == 0x94040000;
        odd[word - 5] = !end && (!harmless || after_end);
        after_end = end;
    }
    return odd == 0;
}

// Multicast, broadcast, loopback and "this network" (RFC 1122 3.2.1.3) never send.
inline bool can_be_source_ipv4(const ap_uint<32>& address) {
#pragma HLS INLINE
    const ap_uint<8> network = slice<31, 24>(address);
    return network != 0 && network != 127 && network < 224;
}

// Nor do multicast, loopback and the unspecified address of IPv6 (RFC 4291 2.5 and 2.7).
inline bool can_be_source_ipv6(const AddressBits& address) {
#pragma HLS INLINE
    return slice<127, 1>(address) != 0 && slice<127, 120>(address) != 0xff;
}

inline Network read_ipv4(const PacketBits& packet, const LengthBits& room) {
#pragma HLS INLINE
    using abi::Reason;
    const ap_uint<4> version = slice<7, 4>(packet);
    const ap_uint<4> words = slice<3, 0>(packet);
    const ap_uint<16> fragment = lib::number_at<6, 2>(packet);
    const ap_uint<32> source = lib::number_at<12, 4>(packet);
    const Ipv4Bits header = ipv4_header(packet, words);

    Network network;
    network.bytes = lib::number_at<2, 2>(packet);
    network.header_bytes = cat(ap_uint<1>(0), words, ap_uint<2>(0));
    network.fragment = slice<13, 0>(fragment) != 0;
    network.protocol = lib::number_at<9, 1>(packet);
    network.ttl = lib::number_at<8, 1>(packet);
    network.tos = lib::number_at<1, 1>(packet);
    network.dont_fragment = fragment[14] ? 1 : 0;
    network.checksum = lib::number_at<10, 2>(packet);
    network.source = source;
    network.destination = lib::number_at<16, 4>(packet);
    network.shape = kUndecided;
    if (version != 4 || words < 5 || room < lib::kIpv4BytesMin) {
        network.shape = reason_bits(Reason::ip_header);
    } else if (network.bytes < network.header_bytes || network.bytes > room) {
        network.shape = reason_bits(Reason::ip_length);
    }
    network.checksum_odd = !lib::checksum_is_right<lib::kIpv4BytesMax / 2>(header);
    network.content = kUndecided;
    if (!options_are_plain(header)) {
        network.content = reason_bits(Reason::ip_options);
    } else if (!can_be_source_ipv4(source)) {
        network.content = reason_bits(Reason::source_address);
    }
    return network;
}

inline Network read_ipv6(const PacketBits& packet, const LengthBits& room, const Ipv6Chain& chain) {
#pragma HLS INLINE
    using abi::Reason;
    const ap_uint<16> first = lib::number_at<0, 2>(packet);
    const ap_uint<16> payload_bytes = lib::number_at<4, 2>(packet);
    const ap_uint<17> bytes = payload_bytes + ap_uint<6>(lib::kIpv6Bytes);
    ap_uint<7> header_bytes = lib::kIpv6Bytes;
    for (int unit = 1; unit <= kExtensionUnits; ++unit) {
#pragma HLS UNROLL
        const int kHere = lib::kIpv6Bytes + 8 * unit;
        if (chain.end[unit]) {
            header_bytes = kHere;
        }
    }

    Network network;
    network.bytes = ap_uint<16>(bytes);
    network.header_bytes = header_bytes;
    network.fragment = chain.protocol == lib::kProtocolFragment;
    network.protocol = chain.protocol;
    network.ttl = lib::number_at<7, 1>(packet);
    network.tos = slice<11, 4>(first);
    network.dont_fragment = 1;  // Only the sender may cut a packet of IPv6.
    network.checksum = 0;
    network.source = lib::number_at<8, 16>(packet);
    network.destination = lib::number_at<24, 16>(packet);
    network.shape = kUndecided;
    if (slice<15, 12>(first) != 6 || room < lib::kIpv6Bytes) {
        network.shape = reason_bits(Reason::ip_header);
    } else if (bytes > room) {
        network.shape = reason_bits(Reason::ip_length);
    }
    network.checksum_odd = false;
    network.content = kUndecided;
    if (!can_be_source_ipv6(network.source)) {
        network.content = reason_bits(Reason::source_address);
    } else if (chain.end == 0) {
        network.content = reason_bits(Reason::extension_headers);
    }
    return network;
}

// ---- The transport.

// Where the transport header begins: at 20, 24, .. 60 octets, and with IPv6 at 40, 48, .. 88.
// Each place is masked by whether it is the one, then all are laid over each other, as a tree.
inline TransportBits transport_header(const PacketBits& packet,
                                      bool ipv6,
                                      const ap_uint<4>& ipv4_words,
                                      const Ipv6Chain& chain) {
#pragma HLS INLINE
    const int kFirst = lib::kIpv4BytesMin / 4;
    const int kLeaves = 32;
    TransportBits leaves[kLeaves];
    for (int leaf = 0; leaf < kLeaves; ++leaf) {
#pragma HLS UNROLL
        const int kWord = kFirst + leaf;
        const bool in_ipv4 = kWord <= lib::kIpv4BytesMax / 4;
        const bool in_ipv6 = kWord >= lib::kIpv6Bytes / 4 && kWord % 2 == 0 &&
                             kWord <= (lib::kIpv6Bytes + kExtensionBytesMax) / 4;
        leaves[leaf] = 0;
        if (in_ipv4 || in_ipv6) {
            const int kUnit = in_ipv6 ? (kWord - lib::kIpv6Bytes / 4) / 2 : 0;
            const bool here_ipv4 = in_ipv4 && !ipv6 && ipv4_words == kWord;
            const bool here_ipv6 = in_ipv6 && ipv6 && chain.end[kUnit];
            if (here_ipv4 || here_ipv6) {
                leaves[leaf] = packet.range(32 * kWord + 8 * kTransportBytes - 1, 32 * kWord);
            }
        }
    }
    for (int reach = kLeaves / 2; reach > 0; reach /= 2) {
#pragma HLS UNROLL
        for (int leaf = 0; leaf < reach; ++leaf) {
#pragma HLS UNROLL
            leaves[leaf] = leaves[leaf] | leaves[leaf + reach];
        }
    }
    return leaves[0];
}

// The transport header, and what it would mean in each protocol.
struct Transport {
    ReasonBits reason;
    ap_uint<8> tcp_flags;
    ap_uint<1> opens;
    ap_uint<16> checksum;
    PortBits source_port;
    PortBits destination_port;
};

inline bool is_icmp_control(bool ipv6, const ap_uint<8>& type) {
#pragma HLS INLINE
    const bool neighbour = type >= lib::kIcmpv6NeighbourFirst && type <= lib::kIcmpv6NeighbourLast;
    return ipv6 ? neighbour || type == lib::kIcmpv6EchoReply : type == lib::kIcmpEchoReply;
}

inline Transport read_transport(const TransportBits& header, const Network& network, bool ipv6) {
#pragma HLS INLINE
    using abi::Reason;
    const ap_uint<8> octet_0 = slice<7, 0>(header);
    const ap_uint<16> udp_bytes = lib::number_at<4, 2>(header);
    const ap_uint<8> chunk = lib::number_at<12, 1>(header);
    const ap_uint<4> tcp_words = slice<8 * 12 + 7, 8 * 12 + 4>(header);
    const ap_uint<6> tcp_bytes = cat(tcp_words, ap_uint<2>(0));
    const ap_uint<8> flags = lib::number_at<13, 1>(header);

    const bool icmp = network.protocol == (ipv6 ? lib::kProtocolIcmpv6 : lib::kProtocolIcmp);
    const bool tcp = network.protocol == lib::kProtocolTcp;
    const bool udp = network.protocol == lib::kProtocolUdp;
    const bool sctp = network.protocol == lib::kProtocolSctp;

    // IPv6's headers may be longer than its packet.
    const bool begins = network.header_bytes <= network.bytes;
    const ap_uint<16> bytes = ap_uint<16>(network.bytes - network.header_bytes);
    const bool icmp_fits = begins && bytes >= lib::kIcmpBytes;
    const bool tcp_fits = begins && bytes >= tcp_bytes && tcp_words >= lib::kTcpBytesMin / 4;
    const bool udp_fits = begins && bytes >= udp_bytes && udp_bytes >= lib::kUdpBytes;
    const bool sctp_fits = begins && bytes >= lib::kSctpBytesMin;
    const bool in_numbers = chunk == lib::kSctpData || chunk == lib::kSctpInit ||
                            chunk == lib::kSctpSack || chunk == lib::kSctpHeartbeat ||
                            chunk == lib::kSctpHeartbeatAck;
    const ap_uint<8> kOpening = lib::kTcpSyn | lib::kTcpAck | lib::kTcpFin | lib::kTcpRst;

    Transport transport;
    transport.reason = kUndecided;
    if (network.fragment) {
        transport.reason = reason_bits(Reason::fragment);
    } else if (icmp) {
        transport.reason = icmp_fits && is_icmp_control(ipv6, octet_0)
                               ? reason_bits(Reason::icmp_control)
                               : reason_bits(Reason::icmp);
    } else if (!tcp && !udp && !sctp) {
        transport.reason = reason_bits(Reason::protocol);
    } else if (tcp ? !tcp_fits : udp ? !udp_fits : !sctp_fits) {
        transport.reason = reason_bits(Reason::transport_header);
    } else if (sctp && !in_numbers) {
        transport.reason = reason_bits(Reason::sctp_chunk);
    }
    transport.source_port = lib::number_at<0, 2>(header);
    transport.destination_port = lib::number_at<2, 2>(header);
    transport.checksum = tcp ? lib::number_at<16, 2>(header) : lib::number_at<6, 2>(header);
    transport.tcp_flags = tcp ? flags : ap_uint<8>(0);
    const bool first = tcp    ? (flags & kOpening) == lib::kTcpSyn
                       : sctp ? chunk == lib::kSctpInit
                              : true;
    // IPVS never schedules what comes from FTP's data port.
    transport.opens = first && transport.source_port != lib::kFtpDataPort ? 1 : 0;
    return transport;
}

// The first of all reasons, put together so that those known last pass the fewest choices.
inline ReasonBits first_reason(const ReasonBits& link,
                               const Network& network,
                               const ReasonBits& transport) {
#pragma HLS INLINE
    const ReasonBits before = link != kUndecided ? link : network.shape;
    const ReasonBits after = network.content != kUndecided ? network.content : transport;
    const bool checksum = before == kUndecided && network.checksum_odd;
    const ReasonBits other = before != kUndecided ? before : after;
    return checksum ? reason_bits(abi::Reason::ip_checksum) : other;
}

inline ParsedHeader parse_header(const FrameHead& frame,
                                 const ap_uint<abi::PortEntry::bits>& port_entry) {
#pragma HLS INLINE
    const Link link = read_link(frame);
    const bool ipv6 = link.type == lib::kEtherTypeIpv6;
    const LengthBits room = LengthBits(frame.length - link.bytes);  // A runt has its reason.
    const ap_uint<8> next_header = lib::number_at<6, 1>(link.packet);
    const ap_uint<16> payload_bytes = lib::number_at<4, 2>(link.packet);
    const Ipv6Chain chain = walk_ipv6_chain(
        next_header,
        slice<8 * (lib::kIpv6Bytes + kExtensionBytesMax) - 1, 8 * lib::kIpv6Bytes>(link.packet),
        payload_bytes);
    const Network ipv4_network = read_ipv4(link.packet, room);
    const Network ipv6_network = read_ipv6(link.packet, room, chain);
    const Network network = ipv6 ? ipv6_network : ipv4_network;
    const ap_uint<4> ipv4_words = slice<3, 0>(link.packet);
    const TransportBits header = transport_header(link.packet, ipv6, ipv4_words, chain);
    const Transport transport = read_transport(header, network, ipv6);

    ParsedHeader parsed;
    parsed.reason = first_reason(judge_link(frame, link, port_entry), network, transport.reason);
    Packet& packet = parsed.packet;
    packet.length = frame.length;
    packet.ip_bytes = LengthBits(network.bytes);
    packet.port = frame.port;
    packet.tags = link.tags;
    packet.ipv6 = ipv6 ? 1 : 0;
    packet.protocol = network.protocol;
    packet.l4_offset = ap_uint<7>(link.bytes + network.header_bytes);
    packet.tcp_flags = transport.tcp_flags;
    packet.opens = transport.opens;
    packet.ttl = network.ttl;
    packet.tos = network.tos;
    packet.dont_fragment = network.dont_fragment;
    packet.ip_checksum = network.checksum;
    packet.l4_checksum = transport.checksum;
    packet.source = network.source;
    packet.destination = network.destination;
    packet.source_port = transport.source_port;
    packet.destination_port = transport.destination_port;
    return parsed;
}

inline void parse_step(ParseState& state,
                       hls::stream<Command>& commands,
                       hls::stream<FrameHead>& heads,
                       hls::stream<Command>& commands_on,
                       hls::stream<ParsedHeader>& parsed) {
#pragma HLS INLINE
    if (commands.empty() && heads.empty()) {
        return;
    }
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
