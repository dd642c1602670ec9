// SPDX-License-Identifier: Apache-2.0
// What a packet's ends become, and where it goes.
#include "hw/kernels/server/server.hpp"

#include <gtest/gtest.h>

#include "hw/kernels/next_hop/next_hop.hpp"

namespace fpvs::kernels {
namespace {

using abi::Method;
using abi::Reason;
using abi::ServerEntry;
using lib::set;

constexpr unsigned kTcp = 6;
constexpr unsigned kUdp = 17;
constexpr unsigned kSctp = 132;

ServerWord server_entry(Method method, bool ipv6 = false) {
    ServerWord entry = 0;
    set<ServerEntry::address_low>(entry, 0x0a000101);
    set<ServerEntry::address_high>(entry, ipv6 ? 0x20010db8 : 0);
    set<ServerEntry::port>(entry, 8080);
    set<ServerEntry::next_hop>(entry, 33);
    set<ServerEntry::valid>(entry, 1);
    set<ServerEntry::ipv6>(entry, ipv6 ? 1 : 0);
    set<ServerEntry::method>(entry, static_cast<unsigned>(method));
    set<ServerEntry::outer_source_low>(entry, 0x0a0000fe);
    return entry;
}

VirtualEndWord virtual_end() {
    VirtualEndWord end = 0;
    set<abi::VirtualEndEntry::address_low>(end, 0x0a000064);
    set<abi::VirtualEndEntry::port>(end, 80);
    return end;
}

SteeredHeader known_flow(Method method, bool reply = false) {
    SteeredHeader header{};
    header.found = 1;
    header.method = static_cast<unsigned>(method);
    header.packet.protocol = kTcp;
    header.packet.ttl = 64;
    header.packet.ip_bytes = 1000;
    header.flow.from_server = reply ? 1 : 0;
    header.server = 5;
    header.reply_next_hop = 44;
    header.other_address = 0xc0a80001;
    header.other_port = 5555;
    return header;
}

ServedHeader served(const SteeredHeader& header, const ServerWord& entry) {
    return serve(header, entry, virtual_end());
}

TEST(Server, direct_routing_changes_nothing) {
    const ServedHeader out = served(known_flow(Method::direct_routing), server_entry(Method::nat));
    EXPECT_EQ(out.reason, kUndecided);
    EXPECT_EQ(out.translation.new_source, 0);
    EXPECT_EQ(out.translation.new_destination, 0);
    EXPECT_EQ(out.outer.present, 0);
    EXPECT_EQ(out.next_hop, 33);
}

TEST(Server, nat_writes_the_server_and_on_the_way_back_the_virtual_end) {
    const ServedHeader out = served(known_flow(Method::nat), server_entry(Method::nat));
    EXPECT_EQ(out.reason, kUndecided);
    EXPECT_EQ(out.translation.new_source, 0);
    EXPECT_EQ(out.translation.new_destination, 1);
    EXPECT_EQ(out.translation.destination, 0x0a000101);
    EXPECT_EQ(out.translation.destination_port, 8080);
    EXPECT_EQ(out.next_hop, 33);
    const ServedHeader back = served(known_flow(Method::nat, true), server_entry(Method::nat));
    EXPECT_EQ(back.reason, kUndecided);
    EXPECT_EQ(back.translation.new_source, 1);
    EXPECT_EQ(back.translation.new_destination, 0);
    EXPECT_EQ(back.translation.source, 0x0a000064);
    EXPECT_EQ(back.translation.source_port, 80);
    EXPECT_EQ(back.next_hop, 44);
}

TEST(Server, full_nat_writes_both_ends) {
    const ServerWord entry = server_entry(Method::full_nat);
    const ServedHeader out = served(known_flow(Method::full_nat), entry);
    EXPECT_EQ(out.reason, kUndecided);
    EXPECT_EQ(out.translation.new_source, 1);
    EXPECT_EQ(out.translation.new_destination, 1);
    EXPECT_EQ(out.translation.source, 0xc0a80001);
    EXPECT_EQ(out.translation.source_port, 5555);
    EXPECT_EQ(out.translation.destination, 0x0a000101);
    EXPECT_EQ(out.translation.destination_port, 8080);
    SteeredHeader reply = known_flow(Method::full_nat, true);
    reply.flow.reply = 1;
    const ServedHeader back = served(reply, entry);
    EXPECT_EQ(back.reason, kUndecided);
    EXPECT_EQ(back.translation.source, 0x0a000064);
    EXPECT_EQ(back.translation.source_port, 80);
    EXPECT_EQ(back.translation.destination, 0xc0a80001);
    EXPECT_EQ(back.translation.destination_port, 5555);
    EXPECT_EQ(back.next_hop, 44);
}

TEST(Server, a_tunnel_may_lead_through_the_other_family) {
    SteeredHeader header = known_flow(Method::tunnel);
    for (const bool packet_ipv6 : {false, true}) {
        for (const bool outer_ipv6 : {false, true}) {
            header.packet.ipv6 = packet_ipv6 ? 1 : 0;
            ServerWord entry = server_entry(Method::tunnel, outer_ipv6);
            set<ServerEntry::tunnel>(entry, 1);
            set<ServerEntry::tunnel_port>(entry, 6080);
            set<ServerEntry::tunnel_checksum>(entry, 1);
            const ServedHeader out = served(header, entry);
            EXPECT_EQ(out.reason, kUndecided);
            EXPECT_EQ(out.outer.present, 1);
            EXPECT_EQ(out.outer.ipv6, outer_ipv6 ? 1 : 0);
            EXPECT_EQ(out.outer.tunnel, 1);
            EXPECT_EQ(out.outer.port, 6080);
            EXPECT_EQ(out.outer.checksum, 1);
            EXPECT_EQ(out.outer.source, 0x0a0000fe);
            EXPECT_EQ(out.outer.destination, (slice<127, 0>(entry)));
            EXPECT_EQ(out.translation.new_destination, 0);
        }
    }
}

TEST(Server, a_steered_packet_goes_by_the_servers_method) {
    SteeredHeader header = known_flow(Method::host);
    header.found = 0;
    header.steered = 1;
    EXPECT_EQ(served(header, server_entry(Method::nat)).translation.new_destination, 1);
    EXPECT_EQ(served(header, server_entry(Method::tunnel)).outer.present, 1);
    EXPECT_EQ(served(header, server_entry(Method::full_nat)).reason, reason_bits(Reason::method));
}

TEST(Server, what_the_card_has_no_way_for_is_the_hosts) {
    const auto reason = [](const SteeredHeader& header, const ServerWord& entry) {
        return static_cast<Reason>(served(header, entry).reason.to_uint());
    };
    EXPECT_EQ(reason(known_flow(Method::nat), 0), Reason::server);
    const ServerWord ipv4 = server_entry(Method::nat);
    const ServerWord ipv6 = server_entry(Method::nat, true);
    EXPECT_EQ(reason(known_flow(Method::local), ipv4), Reason::method);
    EXPECT_EQ(reason(known_flow(Method::host), ipv4), Reason::method);
    EXPECT_EQ(reason(known_flow(Method::direct_routing, true), ipv4), Reason::method);
    EXPECT_EQ(reason(known_flow(Method::tunnel, true), ipv4), Reason::method);
    EXPECT_EQ(reason(known_flow(Method::nat), ipv6), Reason::method);
    EXPECT_EQ(reason(known_flow(Method::direct_routing), ipv6), Reason::method);
    EXPECT_EQ(reason(known_flow(Method::full_nat, true), ipv4), Reason::method);
    ServerWord no_tunnel = ipv4;
    set<ServerEntry::tunnel>(no_tunnel, 3);
    EXPECT_EQ(reason(known_flow(Method::tunnel), no_tunnel), Reason::method);
    SteeredHeader sctp = known_flow(Method::nat);
    sctp.packet.protocol = kSctp;
    EXPECT_EQ(reason(sctp, ipv4), Reason::method);
    sctp.method = static_cast<unsigned>(Method::direct_routing);
    EXPECT_EQ(served(sctp, ipv4).reason, kUndecided);
    SteeredHeader full_nat6 = known_flow(Method::full_nat);
    full_nat6.packet.ipv6 = 1;
    EXPECT_EQ(reason(full_nat6, ipv6), Reason::method);
    SteeredHeader settled = known_flow(Method::host);
    settled.reason = reason_bits(Reason::tcp_syn);
    EXPECT_EQ(reason(settled, 0), Reason::tcp_syn);
}

NextHopWord hop(unsigned mtu) {
    NextHopWord entry = 0;
    set<abi::NextHopEntry::valid>(entry, 1);
    set<abi::NextHopEntry::mtu>(entry, mtu);
    return entry;
}

TEST(NextHop, reasons_come_in_the_order_of_their_list) {
    ServedHeader header{};
    header.packet.protocol = kUdp;
    header.packet.ttl = 1;
    header.packet.ip_bytes = 1501;
    header.translation.new_destination = 1;
    const NextHopWord entry = hop(1500);
    EXPECT_EQ(settle(header, 0).reason, reason_bits(Reason::next_hop));
    EXPECT_EQ(settle(header, entry).reason, reason_bits(Reason::ttl));
    header.packet.ttl = 2;
    EXPECT_EQ(settle(header, entry).reason, reason_bits(Reason::mtu));
    header.packet.ip_bytes = 1500;
    EXPECT_EQ(settle(header, entry).reason, reason_bits(Reason::udp_checksum));
    header.packet.l4_checksum = 1;
    EXPECT_EQ(settle(header, entry).reason, reason_bits(Reason::forwarded));
    header.steered = 1;
    EXPECT_EQ(settle(header, entry).reason, reason_bits(Reason::steered));
    header.steered = 0;
    header.flow.from_server = 1;
    EXPECT_EQ(settle(header, entry).reason, reason_bits(Reason::replied));
    header.reason = reason_bits(Reason::other_host);
    EXPECT_EQ(settle(header, entry).reason, reason_bits(Reason::other_host));
}

TEST(NextHop, udp_without_a_checksum_goes_where_nothing_is_translated) {
    ServedHeader header{};
    header.packet.protocol = kUdp;
    header.packet.ttl = 2;
    EXPECT_EQ(settle(header, hop(1500)).reason, reason_bits(Reason::forwarded));
}

TEST(NextHop, a_tunnels_headers_count_for_the_mtu) {
    struct {
        unsigned tunnel, ipv6, checksum, bytes;
    } const kinds[] = {{0, 0, 0, 20},
                       {0, 1, 0, 40},
                       {1, 0, 0, 32},
                       {1, 0, 1, 32},
                       {1, 1, 1, 52},
                       {2, 0, 0, 24},
                       {2, 0, 1, 28},
                       {2, 1, 1, 48}};
    for (const auto& kind : kinds) {
        ServedHeader header{};
        header.packet.ttl = 2;
        header.outer.present = 1;
        header.outer.tunnel = kind.tunnel;
        header.outer.ipv6 = kind.ipv6;
        header.outer.checksum = kind.checksum;
        header.packet.ip_bytes = 1500 - kind.bytes;
        EXPECT_EQ(settle(header, hop(1500)).reason, reason_bits(Reason::forwarded));
        header.packet.ip_bytes = 1501 - kind.bytes;
        EXPECT_EQ(settle(header, hop(1500)).reason, reason_bits(Reason::mtu));
    }
}

TEST(NextHop, a_verdict_is_that_of_the_list) {
    for (int number = 1; number < abi::kReasonsMax; ++number) {
        EXPECT_EQ(verdict_bits(number).to_uint(),
                  static_cast<unsigned>(abi::verdict_of(static_cast<Reason>(number))));
    }
}

}  // namespace
}  // namespace fpvs::kernels
