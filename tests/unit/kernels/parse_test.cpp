// SPDX-License-Identifier: Apache-2.0
#include "hw/kernels/parse/parse.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "tests/unit/kernels/parse_frames.hpp"

namespace fpvs::kernels {
namespace {

using abi::Reason;
using kit::FrameBytes;

constexpr std::uint64_t kMac = 0x0200000000d0;

ap_uint<64> open_port() {
    return cat(ap_uint<16>(1), ap_uint<48>(kMac));
}

ParsedHeader parsed(const FrameBytes& frame, std::uint8_t garbage = 0) {
    return parse_header(head_of(frame, garbage), open_port());
}

Reason reason_of(const FrameBytes& frame) {
    return static_cast<Reason>(parsed(frame).reason.to_uint());
}

constexpr Reason kNone{};

TEST(Parse, finds_the_fields_of_every_shape_of_ipv4_header) {
    std::mt19937 random(5);
    for (int round = 0; round < 5000; ++round) {
        kit::FrameSpec spec;
        spec.protocol = random() % 2 == 0 ? lib::kProtocolTcp : lib::kProtocolUdp;
        spec.options.assign(4 * (random() % 11), 1);
        const unsigned tags = random() % 3;
        if (tags > 0) {
            spec.vlan_tci = static_cast<std::uint16_t>(random());
        }
        if (tags > 1) {
            spec.outer_vlan_tci = static_cast<std::uint16_t>(random());
            spec.outer_vlan_type = random() % 2 == 0 ? 0x88a8 : 0x8100;
        }
        spec.tos = static_cast<std::uint8_t>(random());
        spec.fragment = random() % 2 == 0 ? 0x4000 : 0;
        spec.source_address = 0x0a000000 + random() % 0x10000;
        spec.destination_address = random();
        spec.source_port = static_cast<std::uint16_t>(random());
        spec.destination_port = static_cast<std::uint16_t>(random());
        spec.tcp_flags = static_cast<std::uint8_t>(random());
        spec.ttl = static_cast<std::uint8_t>(random());
        spec.payload_bytes = random() % 100;
        spec.padding_bytes = random() % 8;
        const FrameBytes frame = kit::build_frame(spec);
        const ParsedHeader header = parsed(frame);
        const Packet& packet = header.packet;
        const bool tcp = spec.protocol == lib::kProtocolTcp;
        const unsigned layer_3 = 14 + 4 * tags;
        ASSERT_EQ(header.reason, kUndecided) << round;
        EXPECT_EQ(packet.length, frame.size());
        EXPECT_EQ(packet.ip_bytes, 20 + spec.options.size() + (tcp ? 20 : 8) + spec.payload_bytes);
        EXPECT_EQ(packet.tags, tags);
        EXPECT_EQ(packet.ipv6, 0);
        EXPECT_EQ(packet.protocol, spec.protocol);
        EXPECT_EQ(packet.l4_offset, layer_3 + 20 + spec.options.size());
        EXPECT_EQ(packet.tcp_flags, tcp ? spec.tcp_flags : 0);
        EXPECT_EQ(packet.ttl, spec.ttl);
        EXPECT_EQ(packet.tos, spec.tos);
        EXPECT_EQ(packet.dont_fragment, spec.fragment == 0x4000 ? 1 : 0);
        EXPECT_EQ(packet.ip_checksum, frame[layer_3 + 10] << 8 | frame[layer_3 + 11]);
        EXPECT_EQ(packet.l4_checksum, 0xbeef);
        EXPECT_EQ(packet.source, spec.source_address);
        EXPECT_EQ(packet.destination, spec.destination_address);
        EXPECT_EQ(packet.source_port, spec.source_port);
        EXPECT_EQ(packet.destination_port, spec.destination_port);
    }
}

TEST(Parse, finds_the_transport_behind_every_chain_of_ipv6_headers_that_fits) {
    std::mt19937 random(6);
    int chains = 0;
    for (int round = 0; round < 5000; ++round) {
        Ipv6Frame spec;
        for (unsigned tag = random() % 3; tag > 0; --tag) {
            spec.tags.push_back(static_cast<std::uint16_t>(random()));
        }
        std::size_t extensions = 0;
        for (unsigned count = random() % 7; count > 0; --count) {
            const std::size_t bytes = 8 * (1 + random() % 3);
            if (extensions + bytes > kExtensionBytesMax) {
                break;
            }
            const bool first = spec.chain.empty() && random() % 3 == 0;
            const int type = first               ? lib::kProtocolHopByHop
                             : random() % 2 == 0 ? lib::kProtocolRouting
                                                 : lib::kProtocolDestinationOptions;
            spec.chain.push_back({static_cast<std::uint8_t>(type), bytes});
            extensions += bytes;
        }
        chains += spec.chain.empty() ? 0 : 1;
        spec.traffic_class = static_cast<std::uint8_t>(random());
        spec.hop_limit = static_cast<std::uint8_t>(random());
        spec.segment = tcp_segment(static_cast<std::uint8_t>(random()), random() % 50);
        spec.padding_bytes = random() % 4;
        const ParsedHeader header = parsed(spec.build(), static_cast<std::uint8_t>(random()));
        const Packet& packet = header.packet;
        ASSERT_EQ(header.reason, kUndecided) << round;
        EXPECT_EQ(packet.ipv6, 1);
        EXPECT_EQ(packet.tags, spec.tags.size());
        EXPECT_EQ(packet.protocol, lib::kProtocolTcp);
        EXPECT_EQ(packet.ip_bytes, 40 + extensions + spec.segment.size());
        EXPECT_EQ(packet.l4_offset, 14 + 4 * spec.tags.size() + 40 + extensions);
        EXPECT_EQ(packet.ttl, spec.hop_limit);
        EXPECT_EQ(packet.tos, spec.traffic_class);
        EXPECT_EQ(packet.tcp_flags, spec.segment[13]);
        EXPECT_EQ(packet.source_port, 30000);
        EXPECT_EQ(packet.destination_port, 80);
        EXPECT_EQ(packet.l4_checksum, 0xbeef);
        EXPECT_EQ(packet.source, cat(ap_uint<64>(0xfd00000c00000000u), ap_uint<64>(2)));
        EXPECT_EQ(packet.destination, cat(ap_uint<64>(0xfd00000c00000000u), ap_uint<64>(0x100)));
    }
    EXPECT_GT(chains, 3000);
}

struct Case {
    const char* name;
    FrameBytes frame;
    Reason reason;
};

template <class Edit>
FrameBytes edited(Edit edit) {
    kit::FrameSpec spec;
    edit(spec);
    return kit::build_frame(spec);
}

template <class Edit>
FrameBytes edited_ipv6(Edit edit) {
    Ipv6Frame spec;
    spec.segment = tcp_segment();
    edit(spec);
    return spec.build();
}

FrameBytes cut(FrameBytes frame, std::size_t bytes) {
    frame.resize(bytes);
    return frame;
}

void expect_reasons(const std::vector<Case>& cases) {
    for (const Case& one : cases) {
        EXPECT_EQ(static_cast<int>(reason_of(one.frame)), static_cast<int>(one.reason)) << one.name;
    }
}

TEST(Parse, ethernet_has_its_reasons) {
    const FrameBytes plain = kit::build_frame({});
    FrameBytes third_tag = edited([](auto& spec) {
        spec.vlan_tci = 5;
        spec.outer_vlan_tci = 6;
    });
    third_tag.insert(third_tag.begin() + 12, {0x81, 0x00, 0x00, 0x07});
    expect_reasons({
        {"plain", plain, kNone},
        {"runt", cut(plain, 13), Reason::runt},
        {"other host", edited([](auto& spec) { spec.destination_mac ^= 1; }), Reason::other_host},
        {"broadcast",
         edited([](auto& spec) { spec.destination_mac = 0xffffffffffff; }),
         Reason::group_address},
        {"multicast",
         edited([](auto& spec) { spec.destination_mac = 0x01005e000012; }),
         Reason::group_address},
        {"three tags", third_tag, Reason::vlan_stacked},
        {"arp", edited([](auto& spec) { spec.ether_type = 0x0806; }), Reason::not_ip},
        {"a tag and no more",
         cut(edited([](auto& spec) { spec.vlan_tci = 5; }), 17),
         Reason::not_ip},
        {"half a second tag",
         cut(edited([](auto& spec) {
                 spec.vlan_tci = 5;
                 spec.outer_vlan_tci = 6;
             }),
             21),
         Reason::not_ip},
    });
    FrameHead oversize = head_of(plain);
    oversize.oversize = 1;
    EXPECT_EQ(parse_header(oversize, open_port()).reason, reason_bits(Reason::oversize));
    EXPECT_EQ(parse_header(head_of(plain), cat(ap_uint<16>(0), ap_uint<48>(kMac))).reason,
              reason_bits(Reason::port_disabled));
}

TEST(Parse, ipv4_has_its_reasons) {
    const FrameBytes plain = kit::build_frame({});
    expect_reasons({
        {"version", edited([](auto& spec) { spec.version = 5; }), Reason::ip_header},
        {"four words", edited([](auto& spec) { spec.header_words = 4; }), Reason::ip_header},
        {"cut header", cut(plain, 33), Reason::ip_header},
        {"length below header",
         edited([](auto& spec) { spec.total_length = 19; }),
         Reason::ip_length},
        {"length beyond frame",
         edited([](auto& spec) { spec.total_length = 47; }),
         Reason::ip_length},
        {"length of 2^14 and some",
         edited([](auto& spec) { spec.total_length = 0x402e; }),
         Reason::ip_length},
        {"checksum", edited([](auto& spec) { spec.ip_checksum = 1; }), Reason::ip_checksum},
        {"record route",
         edited([](auto& spec) { spec.options = {7, 7, 4, 0, 0, 0, 0, 0}; }),
         Reason::ip_options},
        {"router alert", edited([](auto& spec) { spec.options = {0x94, 4, 0, 0}; }), kNone},
        {"end, then something",
         edited([](auto& spec) { spec.options = {0, 0, 0, 0, 1, 1, 1, 1}; }),
         Reason::ip_options},
        {"end, end, then something",
         edited([](auto& spec) { spec.options = {0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1}; }),
         Reason::ip_options},
        {"no operation, end, end",
         edited([](auto& spec) { spec.options = {1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0}; }),
         kNone},
        {"loopback",
         edited([](auto& spec) { spec.source_address = 0x7f000001; }),
         Reason::source_address},
        {"this network",
         edited([](auto& spec) { spec.source_address = 1; }),
         Reason::source_address},
        {"multicast source",
         edited([](auto& spec) { spec.source_address = 0xe0000001; }),
         Reason::source_address},
        {"broadcast source",
         edited([](auto& spec) { spec.source_address = 0xffffffff; }),
         Reason::source_address},
        {"below multicast", edited([](auto& spec) { spec.source_address = 0xdfffffff; }), kNone},
        {"first fragment", edited([](auto& spec) { spec.fragment = 0x2000; }), Reason::fragment},
        {"last fragment", edited([](auto& spec) { spec.fragment = 0x0001; }), Reason::fragment},
        {"may be cut", edited([](auto& spec) { spec.fragment = 0; }), kNone},
    });
}

TEST(Parse, the_transport_has_its_reasons) {
    const auto udp = [](auto edit) {
        return edited([&](auto& spec) {
            spec.protocol = lib::kProtocolUdp;
            edit(spec);
        });
    };
    expect_reasons({
        {"echo request", ipv4_frame(lib::kProtocolIcmp, icmp_message(8)), Reason::icmp},
        {"unreachable", ipv4_frame(lib::kProtocolIcmp, icmp_message(3)), Reason::icmp},
        {"echo reply", ipv4_frame(lib::kProtocolIcmp, icmp_message(0)), Reason::icmp_control},
        {"cut echo reply", ipv4_frame(lib::kProtocolIcmp, {0, 0, 0, 0}), Reason::icmp},
        {"vrrp", ipv4_frame(112, FrameBytes(20, 1)), Reason::protocol},
        {"icmpv6 in ipv4", ipv4_frame(lib::kProtocolIcmpv6, icmp_message(135)), Reason::protocol},
        {"19 octets of tcp",
         ipv4_frame(lib::kProtocolTcp, cut(tcp_segment(), 19)),
         Reason::transport_header},
        {"tcp of four words",
         edited([](auto& spec) { spec.tcp_header_words = 4; }),
         Reason::transport_header},
        {"tcp of more words than there are",
         edited([](auto& spec) { spec.tcp_header_words = 7; }),
         Reason::transport_header},
        {"udp length 7", udp([](auto& spec) { spec.udp_length = 7; }), Reason::transport_header},
        {"udp length beyond packet",
         udp([](auto& spec) { spec.udp_length = 15; }),
         Reason::transport_header},
        {"udp length below packet", udp([](auto& spec) { spec.udp_length = 13; }), kNone},
        {"seven octets of udp",
         ipv4_frame(lib::kProtocolUdp, FrameBytes(7, 1)),
         Reason::transport_header},
        {"15 octets of sctp",
         ipv4_frame(lib::kProtocolSctp, cut(sctp_segment(0), 15)),
         Reason::transport_header},
    });
    for (int chunk = 0; chunk < 256; ++chunk) {
        const bool in_numbers = chunk <= 5 && chunk != 2;
        EXPECT_EQ(reason_of(ipv4_frame(lib::kProtocolSctp,
                                       sctp_segment(static_cast<std::uint8_t>(chunk)))),
                  in_numbers ? kNone : Reason::sctp_chunk)
            << chunk;
    }
}

TEST(Parse, ipv6_has_its_reasons) {
    using Chain = std::vector<ExtensionHeader>;
    const auto chain = [](const Chain& headers) {
        return edited_ipv6([&](auto& spec) { spec.chain = headers; });
    };
    const auto message = [](std::uint8_t type) {
        return edited_ipv6([&](auto& spec) {
            spec.protocol = lib::kProtocolIcmpv6;
            spec.segment = icmp_message(type);
        });
    };
    expect_reasons({
        {"plain", chain({}), kNone},
        {"version", edited_ipv6([](auto& spec) { spec.version = 4; }), Reason::ip_header},
        {"cut header", cut(chain({}), 53), Reason::ip_header},
        {"length beyond frame",
         edited_ipv6([](auto& spec) { spec.payload_more = 1; }),
         Reason::ip_length},
        {"unspecified source",
         edited_ipv6([](auto& spec) { spec.source = {}; }),
         Reason::source_address},
        {"loopback source",
         edited_ipv6([](auto& spec) {
             spec.source = {};
             spec.source[15] = 1;
         }),
         Reason::source_address},
        {"multicast source",
         edited_ipv6([](auto& spec) { spec.source[0] = 0xff; }),
         Reason::source_address},
        {"::2 may send",
         edited_ipv6([](auto& spec) {
             spec.source = {};
             spec.source[15] = 2;
         }),
         kNone},
        {"six headers", chain(Chain(6, {lib::kProtocolDestinationOptions})), kNone},
        {"seven headers",
         chain(Chain(7, {lib::kProtocolDestinationOptions})),
         Reason::extension_headers},
        {"one of 48 octets", chain({{lib::kProtocolHopByHop, 48}}), kNone},
        {"one of 56 octets", chain({{lib::kProtocolHopByHop, 56}}), Reason::extension_headers},
        {"segments left", chain({{lib::kProtocolRouting, 8, 1}}), Reason::extension_headers},
        {"segments left, later",
         chain({{lib::kProtocolHopByHop}, {lib::kProtocolRouting, 16, 2}}),
         Reason::extension_headers},
        {"hop-by-hop not first",
         chain({{lib::kProtocolDestinationOptions}, {lib::kProtocolHopByHop}}),
         Reason::extension_headers},
        {"authentication", chain({{lib::kProtocolAuthentication, 16}}), Reason::extension_headers},
        {"fragment", chain({{lib::kProtocolFragment}}), Reason::fragment},
        {"fragment behind options",
         chain({{lib::kProtocolHopByHop, 16}, {lib::kProtocolFragment}}),
         Reason::fragment},
        {"router solicitation", message(133), Reason::icmp_control},
        {"neighbour solicitation", message(135), Reason::icmp_control},
        {"neighbour advertisement", message(136), Reason::icmp_control},
        {"redirect", message(137), Reason::icmp_control},
        {"echo reply", message(129), Reason::icmp_control},
        {"echo request", message(128), Reason::icmp},
        {"packet too big", message(2), Reason::icmp},
        {"listener report", message(132), Reason::icmp},
        {"icmp in ipv6",
         edited_ipv6([](auto& spec) {
             spec.protocol = lib::kProtocolIcmp;
             spec.segment = icmp_message(0);
         }),
         Reason::protocol},
        {"no next header", edited_ipv6([](auto& spec) { spec.protocol = 59; }), Reason::protocol},
        {"headers beyond the packet",
         edited_ipv6([](auto& spec) {
             spec.chain = {{lib::kProtocolDestinationOptions, 16}};
             spec.segment = {};
             spec.payload_more = -8;
             spec.padding_bytes = 40;
         }),
         Reason::transport_header},
        {"a chain that goes on behind the packet",
         edited_ipv6([](auto& spec) {
             spec.chain = {{lib::kProtocolDestinationOptions}, {lib::kProtocolDestinationOptions}};
             spec.segment = {};
             spec.payload_more = -4;
             spec.padding_bytes = 40;
         }),
         Reason::extension_headers},
    });
}

TEST(Parse, does_not_look_behind_the_end_of_the_frame) {
    std::vector<FrameBytes> frames;
    kit::FrameSpec spec;
    spec.options.assign(40, 1);
    frames.push_back(kit::build_frame(spec));
    spec.vlan_tci = 5;
    spec.outer_vlan_tci = 6;
    frames.push_back(kit::build_frame(spec));
    frames.push_back(edited_ipv6([](auto& ipv6) {
        ipv6.chain = {{lib::kProtocolHopByHop},
                      {lib::kProtocolRouting, 24},
                      {lib::kProtocolDestinationOptions}};
    }));
    // Packets that say no more than there is, however little that is.
    for (const std::size_t bytes : {0u, 4u, 7u, 8u, 12u, 15u, 16u, 19u}) {
        for (const int protocol :
             {lib::kProtocolIcmp, lib::kProtocolTcp, lib::kProtocolUdp, lib::kProtocolSctp}) {
            frames.push_back(ipv4_frame(static_cast<std::uint8_t>(protocol), FrameBytes(bytes, 0)));
        }
        for (const int protocol :
             {lib::kProtocolIcmpv6, lib::kProtocolTcp, lib::kProtocolDestinationOptions}) {
            frames.push_back(edited_ipv6([&](auto& ipv6) {
                ipv6.protocol = static_cast<std::uint8_t>(protocol);
                ipv6.segment = FrameBytes(bytes, 0);
            }));
        }
    }
    for (const FrameBytes& whole : frames) {
        for (std::size_t length = 1; length <= whole.size(); ++length) {
            const FrameBytes frame = cut(whole, length);
            const ReasonBits expected = parsed(frame, 0).reason;
            for (const std::uint8_t garbage : {0x01, 0x3c, 0x45, 0x60, 0x81, 0xff}) {
                EXPECT_EQ(parsed(frame, garbage).reason, expected) << length;
            }
        }
    }
}

TEST(Parse, says_what_may_begin_a_connection) {
    for (int flags = 0; flags < 256; ++flags) {
        const FrameBytes frame =
            edited([&](auto& spec) { spec.tcp_flags = static_cast<std::uint8_t>(flags); });
        EXPECT_EQ(parsed(frame).packet.opens, (flags & 0x17) == lib::kTcpSyn ? 1 : 0) << flags;
    }
    EXPECT_EQ(parsed(edited([](auto& spec) {
                  spec.tcp_flags = lib::kTcpSyn;
                  spec.source_port = lib::kFtpDataPort;
              })).packet.opens,
              0);
    EXPECT_EQ(parsed(edited([](auto& spec) { spec.protocol = lib::kProtocolUdp; })).packet.opens,
              1);
    EXPECT_EQ(parsed(ipv4_frame(lib::kProtocolSctp, sctp_segment(lib::kSctpInit))).packet.opens, 1);
    EXPECT_EQ(parsed(ipv4_frame(lib::kProtocolSctp, sctp_segment(lib::kSctpData))).packet.opens, 0);
    EXPECT_EQ(parsed(ipv4_frame(lib::kProtocolSctp, sctp_segment(lib::kSctpInit))).packet.tcp_flags,
              0);
}

struct Parse {
    ParseState state{};
    hls::stream<Command> commands;
    hls::stream<FrameHead> heads;
    hls::stream<Command> commands_on;
    hls::stream<ParsedHeader> parsed;

    void step() { parse_step(state, commands, heads, commands_on, parsed); }
};

Command enable_port(unsigned port, std::uint64_t mac) {
    Command command{};
    command.opcode = static_cast<int>(abi::Opcode::write_port);
    command.index = port;
    command.payload = cat(ap_uint<16>(1), ap_uint<48>(mac));
    return command;
}

TEST(Parse, each_port_has_its_own_entry) {
    Parse stage;
    stage.commands.write(enable_port(1, kMac));
    stage.step();
    FrameHead head = head_of(kit::build_frame({}));
    stage.heads.write(head);
    head.port = 1;
    stage.heads.write(head);
    stage.step();
    stage.step();
    EXPECT_EQ(stage.parsed.read().reason, reason_bits(abi::Reason::port_disabled));
    const ParsedHeader second = stage.parsed.read();
    EXPECT_EQ(second.reason, kUndecided);
    EXPECT_EQ(second.packet.port, 1);
}

TEST(Parse, a_flood_of_commands_leaves_packets_seven_of_eight_steps) {
    Parse stage;
    for (int i = 0; i < 1000; ++i) {
        stage.commands.write(Command{});
        stage.heads.write(head_of(kit::build_frame({})));
    }
    for (int i = 0; i < 800; ++i) {
        stage.step();
    }
    EXPECT_EQ(stage.commands_on.size(), 100u);
    EXPECT_EQ(stage.parsed.size(), 700u);
}

TEST(Parse, a_command_goes_before_a_packet_that_waits) {
    Parse stage;
    stage.heads.write(head_of(kit::build_frame({})));
    stage.commands.write(enable_port(0, kMac));
    stage.step();
    stage.step();
    EXPECT_EQ(stage.parsed.read().reason, kUndecided);
}

}  // namespace
}  // namespace fpvs::kernels
