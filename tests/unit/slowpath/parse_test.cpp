// SPDX-License-Identifier: Apache-2.0
#include "host/slowpath/parse.hpp"

#include <gtest/gtest.h>

#include "host/slowpath/checksum.hpp"
#include "tests/kit/packet.hpp"

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
    EXPECT_EQ(tcp.packet.source_address.ipv4().value, 0x0a000002U);
    EXPECT_EQ(tcp.packet.source_port, 30000);
    EXPECT_EQ(tcp.packet.destination_address.ipv4().value, 0x0a000064U);
    EXPECT_EQ(tcp.packet.destination_port, 80);

    const auto udp =
        parse_exactly(kit::make_frame({.vlan = 7, .protocol = 17, .options_bytes = 40}));
    EXPECT_EQ(udp.kind, Kind::transport);
    EXPECT_EQ(udp.ip_offset, 18);
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
    EXPECT_EQ(outcome_of(kit::make_frame({.fragment = 0x2000})), Outcome::fragment);
    EXPECT_EQ(outcome_of(kit::make_frame({.fragment = 0x0001})), Outcome::fragment);
    EXPECT_EQ(outcome_of(kit::make_frame({.protocol = 112, .payload_bytes = 20})),
              Outcome::protocol);
    kit::Bytes arp = kit::make_frame({});
    kit::patch16(arp, 12, 0x0806);
    EXPECT_EQ(outcome_of(arp), Outcome::not_ipv4);
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

class IcmpError : public ::testing::Test {
  protected:
    // What the server 10.0.0.100:80 sent to 10.0.0.2:30000, quoted in an error to it.
    static kit::Bytes error(std::uint8_t type,
                            std::size_t quoted_bytes = 28,
                            std::uint8_t protocol = 6,
                            std::uint16_t fragment = 0x4000) {
        const kit::Bytes inner = kit::make_frame({.source = "10.0.0.100",
                                                  .destination = "10.0.0.2",
                                                  .protocol = protocol,
                                                  .source_port = 80,
                                                  .destination_port = 30000,
                                                  .fragment = fragment,
                                                  .payload_bytes = 20});
        kit::Bytes frame = kit::make_frame(
            {.source = "10.0.0.77", .protocol = 1, .payload_bytes = 8 + quoted_bytes});
        frame[34] = type;
        std::copy_n(inner.begin() + 14, quoted_bytes, frame.begin() + 42);
        return frame;
    }
};

TEST_F(IcmpError, quotes_a_connection_the_other_way_round) {
    for (const std::uint8_t type : {std::uint8_t{3}, std::uint8_t{4}, std::uint8_t{11}}) {
        const auto parsed = parse_exactly(error(type));
        ASSERT_EQ(parsed.kind, Kind::icmp_error) << int{type};
        EXPECT_EQ(model::to_string(parsed.packet.source_address), "10.0.0.2");
        EXPECT_EQ(parsed.packet.source_port, 30000);
        EXPECT_EQ(model::to_string(parsed.packet.destination_address), "10.0.0.100");
        EXPECT_EQ(parsed.packet.destination_port, 80);
    }
}

TEST_F(IcmpError, other_messages_and_strange_quotes_are_for_the_kernel) {
    for (const std::uint8_t type : {0, 5, 8, 12, 13}) {
        EXPECT_EQ(outcome_of(error(type)), Outcome::protocol) << int{type};
    }
    for (std::size_t quoted = 0; quoted < 24; ++quoted) {
        EXPECT_EQ(outcome_of(error(3, quoted)), Outcome::protocol) << quoted << " bytes quoted";
    }
    EXPECT_EQ(outcome_of(error(3, 28, 47)), Outcome::protocol);
    EXPECT_EQ(outcome_of(error(3, 28, 6, 0x0010)), Outcome::protocol) << "a later fragment";
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
