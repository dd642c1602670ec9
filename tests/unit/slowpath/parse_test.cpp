// SPDX-License-Identifier: Apache-2.0
#include "host/slowpath/parse.hpp"

#include <gtest/gtest.h>

#include <random>

#include "host/slowpath/checksum.hpp"
#include "tests/kit/ipv6_frames.hpp"
#include "tests/unit/slowpath/packets.hpp"

namespace fpvs::slowpath {
namespace {

using Kind = ParsedFrame::Kind;

// An exact copy on the heap, so that AddressSanitizer sees a read beyond the end.
ParsedFrame parse_exactly(const kit::Bytes& bytes, std::uint64_t station = 0) {
    const kit::Bytes exact(bytes);
    ParsedFrame parsed;
    parse(exact, station, parsed);
    return parsed;
}

Outcome outcome_of(const kit::Bytes& bytes) {
    const ParsedFrame parsed = parse_exactly(bytes);
    EXPECT_EQ(parsed.kind, Kind::settled);
    return parsed.outcome;
}

kit::Bytes with_ip_checksum(kit::Bytes frame) {
    kit::patch16(frame, 24, 0);
    const std::size_t header = static_cast<std::size_t>(frame[14] & 0xf) * 4;
    kit::patch16(frame, 24, kit::internet_checksum(std::span(frame).subspan(14, header)));
    return frame;
}

TEST(parse, tcp_and_udp_give_the_engine_its_fields) {
    const auto tcp = parse_exactly(kit::make_frame({.flags = 0x12, .payload_bytes = 7}));
    EXPECT_EQ(tcp.kind, Kind::transport);
    EXPECT_EQ(tcp.ip_offset, 14);
    EXPECT_EQ(tcp.ip_length, 47);
    EXPECT_EQ(tcp.packet.protocol, model::Protocol::tcp);
    EXPECT_EQ(tcp.packet.tcp_flags, 0x12);
    EXPECT_EQ(tcp.packet.ip_length_bytes, 47);
    EXPECT_EQ(tcp.packet.source_address, address("10.0.0.2"));
    EXPECT_EQ(tcp.packet.source_port, 30000);
    EXPECT_EQ(tcp.packet.destination_address, address("10.0.0.100"));
    EXPECT_EQ(tcp.packet.destination_port, 80);
    EXPECT_EQ(tcp.transport_offset, 34);
    EXPECT_EQ(tcp.ip_protocol, 6);
    EXPECT_TRUE(tcp.is_ipv4());

    const auto udp =
        parse_exactly(kit::make_frame({.vlan = 7, .protocol = 17, .options_bytes = 40}));
    EXPECT_EQ(udp.kind, Kind::transport);
    EXPECT_EQ(udp.ip_offset, 18);
    EXPECT_EQ(udp.transport_offset, 78);
    EXPECT_EQ(udp.packet.protocol, model::Protocol::udp);
    EXPECT_EQ(udp.packet.tcp_flags, 0);
    EXPECT_EQ(udp.packet.destination_port, 80);
}

TEST(parse, a_frame_cut_anywhere_is_settled_by_the_header_that_is_cut) {
    const kit::Bytes whole = kit::make_frame({.vlan = 1, .options_bytes = 8, .payload_bytes = 4});
    for (std::size_t length = 0; length < whole.size(); ++length) {
        const kit::Bytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length));
        const Outcome expected = length < 18   ? Outcome::runt
                                 : length < 46 ? Outcome::ip_header
                                               : Outcome::ip_length;
        EXPECT_EQ(outcome_of(cut), expected) << length << " bytes";
    }
    EXPECT_EQ(parse_exactly(whole).kind, Kind::transport);
}

// The same with an IP length that fits, so that the transport header is what is cut.
TEST(parse, transport_headers_must_fit) {
    for (const std::uint8_t protocol : {std::uint8_t{6}, std::uint8_t{17}}) {
        const kit::Bytes whole = kit::make_frame({.protocol = protocol});
        for (std::size_t length = 34; length < whole.size(); ++length) {
            kit::Bytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length));
            kit::patch16(cut, 16, static_cast<std::uint16_t>(length - 14));
            EXPECT_EQ(outcome_of(with_ip_checksum(cut)), Outcome::transport_header) << length;
        }
    }
    kit::Bytes short_offset = kit::make_frame({});
    short_offset[34 + 12] = 0x40;
    EXPECT_EQ(outcome_of(short_offset), Outcome::transport_header);
    kit::Bytes long_offset = kit::make_frame({});
    long_offset[34 + 12] = 0x60;
    EXPECT_EQ(outcome_of(long_offset), Outcome::transport_header);
}

TEST(parse, malformed_ip_headers) {
    const auto changed = [](std::size_t at, std::uint8_t value) {
        kit::Bytes frame = kit::make_frame({});
        frame[at] = value;
        return frame;
    };
    EXPECT_EQ(outcome_of(with_ip_checksum(changed(14, 0x55))), Outcome::ip_header) << "version 5";
    EXPECT_EQ(outcome_of(changed(14, 0x44)), Outcome::ip_header) << "header of 16 bytes";
    EXPECT_EQ(outcome_of(changed(14, 0x4f)), Outcome::ip_header) << "header beyond the frame";
    EXPECT_EQ(outcome_of(with_ip_checksum(changed(17, 19))), Outcome::ip_length);
    EXPECT_EQ(outcome_of(with_ip_checksum(changed(17, 41))), Outcome::ip_length);
    EXPECT_EQ(outcome_of(changed(25, 0)), Outcome::ip_checksum);
    EXPECT_EQ(outcome_of(changed(22, 63)), Outcome::ip_checksum) << "TTL without its checksum";
}

TEST(parse, malformed_ip_options_and_source_routes) {
    const auto with_options = [](const kit::Bytes& options) {
        kit::Bytes frame = kit::make_frame({.options_bytes = options.size()});
        std::copy(options.begin(), options.end(), frame.begin() + 34);
        return with_ip_checksum(frame);
    };
    EXPECT_EQ(outcome_of(with_options({7, 0, 4, 0})), Outcome::ip_options) << "no length";
    EXPECT_EQ(outcome_of(with_options({7, 1, 4, 0})), Outcome::ip_options);
    EXPECT_EQ(outcome_of(with_options({1, 7, 4, 0})), Outcome::ip_options) << "beyond the header";
    EXPECT_EQ(outcome_of(with_options({1, 1, 1, 7})), Outcome::ip_options) << "cut";
    EXPECT_EQ(outcome_of(with_options({131, 3, 4, 0})), Outcome::source_route);
    EXPECT_EQ(outcome_of(with_options({1, 137, 3, 4})), Outcome::source_route);
    for (const kit::Bytes& options : {kit::Bytes{148, 4, 0, 0},
                                      kit::Bytes{7, 3, 4, 0},
                                      kit::Bytes{68, 4, 5, 0},
                                      kit::Bytes{0, 131, 1, 1}}) {
        EXPECT_EQ(parse_exactly(with_options(options)).kind, Kind::transport);
    }
}

TEST(parse, padding_behind_the_packet_is_none_of_it) {
    kit::Bytes frame = kit::make_frame({.protocol = 17});
    frame.resize(60);
    const auto parsed = parse_exactly(frame);
    EXPECT_EQ(parsed.kind, Kind::transport);
    EXPECT_EQ(parsed.ip_length, 28);
}

TEST(parse, what_is_for_the_kernel) {
    EXPECT_EQ(outcome_of(kit::make_frame({.destination_mac = "ff:ff:ff:ff:ff:ff"})),
              Outcome::group_address);
    EXPECT_EQ(outcome_of(kit::make_frame({.destination_mac = "01:00:5e:00:00:12"})),
              Outcome::group_address);
    EXPECT_EQ(outcome_of(kit::make_frame({.protocol = 112, .payload_bytes = 20})),
              Outcome::protocol);
    kit::Bytes arp = kit::make_frame({});
    kit::patch16(arp, 12, 0x0806);
    EXPECT_EQ(outcome_of(arp), Outcome::not_ip);
    kit::Bytes stacked = kit::make_frame({.vlan = 5});
    kit::patch16(stacked, 16, 0x8100);
    EXPECT_EQ(outcome_of(stacked), Outcome::vlan_stacked);
    for (const char* source : {"0.0.0.1", "127.0.0.1", "224.0.0.18", "255.255.255.255"}) {
        EXPECT_EQ(outcome_of(kit::make_frame({.source = source})), Outcome::source_address);
    }
}

TEST(parse, a_raw_port_takes_only_frames_to_its_station) {
    const kit::Bytes frame = kit::make_frame({});
    EXPECT_EQ(parse_exactly(frame, 0x0200000000d0).kind, Kind::transport);
    EXPECT_EQ(parse_exactly(frame, 0x0200000000d1).outcome, Outcome::other_host);
    const kit::Bytes group = kit::make_frame({.destination_mac = "ff:ff:ff:ff:ff:ff"});
    EXPECT_EQ(parse_exactly(group, 0x0200000000d1).outcome, Outcome::group_address);
}

TEST(parse, both_ends_of_a_fragmented_packet_are_fragments) {
    for (const std::uint16_t fragment : {0x2000, 0x0001, 0x20b9}) {
        const auto parsed = parse_exactly(kit::make_frame({.fragment = fragment}));
        EXPECT_EQ(parsed.kind, Kind::fragment);
        EXPECT_EQ(parsed.ip_protocol, 6);
        EXPECT_EQ(parsed.transport_offset, 34);
    }
}

TEST(parse, sctp_gives_the_chunk_that_decides) {
    kit::Bytes frame = kit::make_frame({.protocol = 132, .payload_bytes = 28});
    frame[46] = 1;  // INIT.
    auto parsed = parse_exactly(frame);
    EXPECT_EQ(parsed.kind, Kind::transport);
    EXPECT_EQ(parsed.packet.protocol, model::Protocol::sctp);
    EXPECT_EQ(parsed.packet.sctp_chunk, 1);
    EXPECT_EQ(parsed.packet.source_port, 30000);
    EXPECT_EQ(parsed.packet.destination_port, 80);

    // A cookie of 6 bytes, padded to 8, with an ABORT behind it.
    for (const std::uint8_t cookie : {std::uint8_t{10}, std::uint8_t{11}}) {
        frame[46] = cookie;
        kit::patch16(frame, 48, 6);
        frame[54] = 6;
        EXPECT_EQ(parse_exactly(frame).packet.sctp_chunk, 6);
        frame[54] = 0;
        EXPECT_EQ(parse_exactly(frame).packet.sctp_chunk, cookie);
        for (const std::uint16_t length : {0, 3, 13, 16, 0xfffe, 0xffff}) {
            kit::patch16(frame, 48, length);
            EXPECT_EQ(parse_exactly(frame).packet.sctp_chunk, cookie) << length;
        }
    }
    // Without a whole chunk header behind the common one.
    kit::Bytes cut = kit::make_frame({.protocol = 132});
    cut.resize(cut.size() - 1);
    kit::patch16(cut, 16, static_cast<std::uint16_t>(cut.size() - 14));
    kit::patch16(cut, 24, 0);
    kit::patch16(cut, 24, static_cast<std::uint16_t>(~kit::internet_sum(cut.data() + 14, 20)));
    EXPECT_EQ(outcome_of(cut), Outcome::transport_header);
}

TEST(parse, ipv6_gives_the_engine_its_fields) {
    const auto parsed = parse_exactly(kit::ipv6_frame({.payload_bytes = 5}));
    EXPECT_EQ(parsed.kind, Kind::transport);
    EXPECT_FALSE(parsed.is_ipv4());
    EXPECT_EQ(parsed.ip_offset, 14);
    EXPECT_EQ(parsed.ip_length, 65);
    EXPECT_EQ(parsed.transport_offset, 54);
    EXPECT_EQ(parsed.packet.ip_length_bytes, 65);
    EXPECT_EQ(parsed.packet.protocol, model::Protocol::tcp);
    EXPECT_EQ(parsed.packet.tcp_flags, kit::tcp::kSyn);
    EXPECT_EQ(parsed.packet.source_address, address("fd00:c::2"));
    EXPECT_EQ(parsed.packet.source_port, 30000);
    EXPECT_EQ(parsed.packet.destination_address, address("fd00:c::100"));
    EXPECT_EQ(parsed.packet.destination_port, 80);
}

TEST(parse, ipv6_headers_must_fit) {
    const kit::Bytes whole = kit::ipv6_frame({.options_bytes = 16});
    for (std::size_t length = 14; length < whole.size(); ++length) {
        const kit::Bytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length));
        EXPECT_EQ(outcome_of(cut), length < 54 ? Outcome::ip_header : Outcome::ip_length);
    }
    // The same with a payload length that fits.
    for (std::size_t length = 54; length < whole.size(); ++length) {
        kit::Bytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length));
        kit::patch16(cut, 18, static_cast<std::uint16_t>(length - 54));
        EXPECT_EQ(outcome_of(cut),
                  length < 70 ? Outcome::extension_header : Outcome::transport_header);
    }
    kit::Bytes version = kit::ipv6_frame({});
    version[14] = 0x40;
    EXPECT_EQ(outcome_of(version), Outcome::ip_header);
    for (const char* source : {"::", "::1", "ff02::1"}) {
        EXPECT_EQ(outcome_of(kit::ipv6_frame({.source = source})), Outcome::source_address);
    }
}

// Extension headers of 8 bytes, each naming the next, before a UDP header.
kit::Bytes with_extensions(const std::vector<std::uint8_t>& protocols, std::uint16_t fragment = 0) {
    kit::Bytes chain;
    for (std::size_t i = 0; i < protocols.size(); ++i) {
        kit::Bytes header(8);
        header[0] = i + 1 < protocols.size() ? protocols[i + 1] : ip_protocol::kUdp;
        if (protocols[i] == ip_protocol::kFragment) {
            kit::patch16(header, 2, fragment);
        }
        chain.insert(chain.end(), header.begin(), header.end());
    }
    const kit::Bytes plain = kit::ipv6_frame({.protocol = ip_protocol::kUdp});
    chain.insert(chain.end(), plain.begin() + 54, plain.end());
    kit::Bytes frame = kit::ipv6_header({}, protocols.front(), chain.size());
    frame.insert(frame.end(), chain.begin(), chain.end());
    return frame;
}

TEST(parse, ipv6_extension_headers_are_skipped_up_to_a_limit) {
    auto parsed = parse_exactly(with_extensions({0, 60, 43, 60}));
    EXPECT_EQ(parsed.kind, Kind::transport);
    EXPECT_EQ(parsed.transport_offset, 54 + 32);
    EXPECT_EQ(parsed.packet.protocol, model::Protocol::udp);
    EXPECT_EQ(parsed.packet.destination_port, 80);
    EXPECT_EQ(parse_exactly(with_extensions(std::vector<std::uint8_t>(8, 60))).kind,
              Kind::transport);
    EXPECT_EQ(outcome_of(with_extensions(std::vector<std::uint8_t>(9, 60))),
              Outcome::extension_chain);
    EXPECT_EQ(outcome_of(with_extensions({60, 59})), Outcome::protocol) << "no next header";
    EXPECT_EQ(outcome_of(with_extensions({50})), Outcome::protocol) << "encrypted";
}

TEST(parse, ipv6_fragments_are_fragments_but_for_whole_ones) {
    for (const std::uint16_t fragment : {0x0001, 0x0008, 0x05a9}) {
        const auto parsed = parse_exactly(with_extensions({0, 44}, fragment));
        EXPECT_EQ(parsed.kind, Kind::fragment) << fragment;
        EXPECT_EQ(parsed.transport_offset, 62);
    }
    const auto whole = parse_exactly(with_extensions({44}));
    EXPECT_EQ(whole.kind, Kind::transport);
    EXPECT_EQ(whole.transport_offset, 62);
}

// What the server 10.0.0.100:80 sent to 10.0.0.2:30000, quoted in an error to it.
class IcmpErrors : public ::testing::Test {
  protected:
    static kit::Bytes sent(std::uint8_t protocol = 6, std::uint16_t fragment = 0x4000) {
        return kit::make_frame({.source = "10.0.0.100",
                                .destination = "10.0.0.2",
                                .protocol = protocol,
                                .source_port = 80,
                                .destination_port = 30000,
                                .fragment = fragment,
                                .payload_bytes = 20});
    }
    static kit::Bytes error(std::uint8_t type, std::span<const std::uint8_t> quoted) {
        kit::Bytes frame = kit::make_frame(
            {.source = "10.0.0.77", .protocol = 1, .payload_bytes = 8 + quoted.size()});
        std::fill_n(frame.begin() + 34, 8, 0);
        frame[34] = type;
        std::copy(quoted.begin(), quoted.end(), frame.begin() + 42);
        kit::patch16(frame, 36, kit::internet_checksum(std::span(frame).subspan(34)));
        return frame;
    }
    static kit::Bytes error(std::uint8_t type,
                            std::size_t quoted_bytes = 28,
                            std::uint8_t protocol = 6,
                            std::uint16_t fragment = 0x4000) {
        const kit::Bytes inner = sent(protocol, fragment);
        return error(type, std::span(inner).subspan(14, quoted_bytes));
    }
};

TEST_F(IcmpErrors, quote_a_connection_the_other_way_round) {
    for (const std::uint8_t type : {std::uint8_t{3}, std::uint8_t{4}, std::uint8_t{11}}) {
        const auto parsed = parse_exactly(error(type));
        ASSERT_EQ(parsed.kind, Kind::icmp_error) << int{type};
        EXPECT_EQ(parsed.packet.source_address, address("10.0.0.2"));
        EXPECT_EQ(parsed.packet.source_port, 30000);
        EXPECT_EQ(parsed.packet.destination_address, address("10.0.0.100"));
        EXPECT_EQ(parsed.packet.destination_port, 80);
        EXPECT_EQ(parsed.packet.ip_length_bytes, 56);
        EXPECT_EQ(parsed.quote.ip_offset, 42);
        EXPECT_EQ(parsed.quote.transport_offset, 62);
        EXPECT_EQ(parsed.quote.ip_length, 28);
    }
}

TEST_F(IcmpErrors, other_messages_and_strange_quotes_are_for_the_kernel) {
    for (const std::uint8_t type : {0, 5, 8, 12, 13}) {
        EXPECT_EQ(outcome_of(error(type)), Outcome::protocol) << int{type};
    }
    for (std::size_t quoted = 0; quoted < 24; ++quoted) {
        EXPECT_EQ(outcome_of(error(3, quoted)), Outcome::icmp_quote) << quoted << " bytes quoted";
    }
    EXPECT_EQ(outcome_of(error(3, 28, 47)), Outcome::icmp_quote);
    EXPECT_EQ(outcome_of(error(3, 28, 6, 0x0010)), Outcome::icmp_quote) << "a later fragment";
}

TEST_F(IcmpErrors, must_have_their_checksum) {
    kit::Bytes frame = error(3);
    frame[60] ^= 1;
    EXPECT_EQ(outcome_of(frame), Outcome::icmp_checksum);
}

// A tunnel packet of the director's, of which an error quotes `header` and what is in it.
kit::Bytes tunnelled(std::uint8_t protocol, const kit::Bytes& header) {
    kit::Bytes quoted = kit::make_frame(
        {.source = "192.168.113.149", .destination = "192.168.113.15", .protocol = protocol});
    quoted.erase(quoted.begin(), quoted.begin() + 14);
    quoted.resize(20);
    quoted[9] = protocol;
    quoted.insert(quoted.end(), header.begin(), header.end());
    const kit::Bytes inner = kit::make_frame({});
    quoted.insert(quoted.end(), inner.begin() + 14, inner.begin() + 14 + 28);
    return quoted;
}

TEST_F(IcmpErrors, about_a_tunnel_give_the_packet_in_it) {
    const std::vector<std::pair<std::uint8_t, kit::Bytes>> tunnels = {
        {4, {}}, {47, {0, 0, 8, 0}}, {47, {0x80, 0, 8, 0, 1, 2, 0, 0}}};
    for (const auto& [protocol, header] : tunnels) {
        const auto parsed = parse_exactly(error(3, tunnelled(protocol, header)));
        ASSERT_EQ(parsed.kind, Kind::tunnel_error);
        EXPECT_EQ(parsed.packet.source_address, address("10.0.0.2"));
        EXPECT_EQ(parsed.packet.destination_address, address("10.0.0.100"));
        EXPECT_EQ(parsed.packet.destination_port, 80);
        EXPECT_EQ(parsed.quote.ip_offset, 42 + 20 + header.size());
        EXPECT_EQ(parsed.quote.ip_length, 28);
    }
    EXPECT_EQ(outcome_of(error(3, tunnelled(47, {0x20, 0, 8, 0}))), Outcome::icmp_quote)
        << "a GRE key is not ours";
    EXPECT_EQ(outcome_of(error(3, tunnelled(47, {0, 0, 0x88, 0x47}))), Outcome::icmp_quote);
}

TEST_F(IcmpErrors, about_gue_are_told_by_who_knows_its_ports) {
    const kit::Bytes header = {0xb9, 0x72, 0x17, 0xc0, 0, 0x40, 0, 0, 0, 4, 0, 0};
    const kit::Bytes frame = error(3, tunnelled(17, header));
    auto parsed = parse_exactly(frame);
    ASSERT_EQ(parsed.kind, Kind::icmp_error);
    EXPECT_EQ(parsed.packet.source_port, 6080) << "the way back";
    ASSERT_TRUE(parse_as_gue(frame, parsed));
    EXPECT_EQ(parsed.kind, Kind::tunnel_error);
    EXPECT_EQ(parsed.packet.source_address, address("10.0.0.2"));
    EXPECT_EQ(parsed.packet.destination_port, 80);
    for (const std::uint8_t word : {0x20, 0x80, 0x1f}) {
        kit::Bytes strange = header;
        strange[8] = word;
        const kit::Bytes other = error(3, tunnelled(17, strange));
        auto settled = parse_exactly(other);
        EXPECT_FALSE(parse_as_gue(other, settled));
        EXPECT_EQ(settled.kind, Kind::icmp_error);
    }
}

TEST(parse, icmpv6_errors_quote_a_connection_the_other_way_round) {
    const kit::Bytes sent = kit::ipv6_frame({.source = "fd00:c::100", .destination = "fd00:c::2"});
    for (const std::uint8_t type : {1, 2, 3, 4}) {
        kit::Bytes frame = kit::ipv6_header({.source = "fd00:c::77"}, ip_protocol::kIcmpv6, 8 + 48);
        frame.insert(frame.end(), {type, 0, 0, 0, 0, 0, 5, 0});
        frame.insert(frame.end(), sent.begin() + 14, sent.begin() + 14 + 48);
        EXPECT_EQ(outcome_of(frame), Outcome::icmp_checksum);
        const std::uint64_t sum = std::uint64_t{ones_sum(std::span(frame).subspan(22, 32))} + 56 +
                                  58 + ones_sum(std::span(frame).subspan(54));
        kit::patch16(frame, 56, static_cast<std::uint16_t>(~fold(sum)));
        const auto parsed = parse_exactly(frame);
        ASSERT_EQ(parsed.kind, Kind::icmp_error);
        EXPECT_EQ(parsed.packet.source_address, address("fd00:c::2"));
        EXPECT_EQ(parsed.packet.destination_address, address("fd00:c::100"));
        EXPECT_EQ(parsed.packet.source_port, 80) << "as quoted, the other way round";
        EXPECT_EQ(parsed.quote.ip_offset, 62);
    }
    EXPECT_EQ(outcome_of([] {
                  kit::Bytes frame = kit::ipv6_header({}, ip_protocol::kIcmpv6, 8);
                  frame.insert(frame.end(), {135, 0, 0, 0, 0, 0, 0, 0});
                  return frame;
              }()),
              Outcome::protocol)
        << "neighbour solicitation";
}

// Whatever arrives, nothing beyond it is read (under AddressSanitizer: the copy is exact) and all
// offsets lie within it.
TEST(parse, hostile_bytes_stay_within_the_frame) {
    constexpr std::uint32_t kSeed = 42;
    std::mt19937 random(kSeed);
    const std::vector<kit::Bytes> honest = {
        kit::make_frame({.options_bytes = 8, .payload_bytes = 30}),
        kit::make_frame({.vlan = 9, .protocol = 132, .payload_bytes = 40}),
        kit::ipv6_frame({.payload_bytes = 20, .options_bytes = 24}),
        with_extensions({0, 43, 51, 44, 60}),
        with_extensions({0, 60, 44}, 0x0009),
    };
    for (int i = 0; i < 200'000; ++i) {
        kit::Bytes frame = honest[random() % honest.size()];
        for (std::uint32_t changes = random() % 6; changes != 0; --changes) {
            frame[12 + random() % (frame.size() - 12)] = static_cast<std::uint8_t>(random());
        }
        frame.resize(random() % 3 == 0 ? random() % (frame.size() + 1) : frame.size());
        if (frame.size() >= 34 && load_be16(&frame[12]) == ethernet::kTypeIpv4 &&
            frame.size() >= 14U + (frame[14] & 0xf) * 4U && (frame[14] & 0xf) >= 5) {
            frame = with_ip_checksum(frame);
        }
        const ParsedFrame parsed = parse_exactly(frame);
        if (parsed.kind == Kind::settled) {
            continue;
        }
        ASSERT_LE(parsed.ip_offset + parsed.ip_length, frame.size()) << "seed " << kSeed;
        ASSERT_LE(parsed.transport_offset, parsed.ip_offset + parsed.ip_length);
        if (parsed.kind == Kind::icmp_error || parsed.kind == Kind::tunnel_error) {
            ASSERT_LE(parsed.quote.transport_offset + 4U, frame.size());
        }
    }
}

TEST(checksum, an_update_equals_a_new_computation) {
    for (std::uint32_t word = 0; word < 0x10000; word += 97) {
        kit::Bytes header = kit::make_frame({});
        header.erase(header.begin(), header.begin() + 14);
        header.resize(20);
        const std::uint16_t before = load_be16(&header[4]);
        const std::uint16_t updated =
            updated_checksum(load_be16(&header[10]), before, static_cast<std::uint16_t>(word));
        kit::patch16(header, 4, static_cast<std::uint16_t>(word));
        kit::patch16(header, 10, 0);
        EXPECT_EQ(updated, checksum(header)) << word;
        EXPECT_EQ(checksum(header), kit::internet_checksum(header));
    }
    EXPECT_EQ(checksum(kit::Bytes{0x12}), kit::internet_checksum(kit::Bytes{0x12}));
}

}  // namespace
}  // namespace fpvs::slowpath
