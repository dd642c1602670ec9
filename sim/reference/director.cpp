// SPDX-License-Identifier: Apache-2.0
#include "sim/reference/director.hpp"

#include <algorithm>

#include "sim/reference/translation.hpp"
#include "sim/reference/tunnel.hpp"

namespace fpvs::reference {
namespace {

constexpr std::size_t kMacs = 12;
constexpr std::size_t kVlanTag = 4;
constexpr std::uint32_t kVlan = 0x8100;
constexpr std::uint32_t kIpv4Type = 0x0800;
constexpr std::uint32_t kIpv6Type = 0x86dd;

constexpr std::size_t kIpv6MtuMin = 1280;  // RFC 8200 5.

constexpr std::size_t kIcmpHeader = 8;
// How long an answer may be: RFC 1812 4.3.2.3 and RFC 4443 2.4.
constexpr std::size_t kIcmpBytesMax = 576;
constexpr std::size_t kIcmpv6BytesMax = 1280;

// No host sends from a group, from itself, or from nowhere (RFC 1122 3.2.1.3, RFC 4291 2.7).
[[nodiscard]] bool can_be_source(const Address& address) {
    if (address.family == 4) {
        return address.bytes[0] != 0 && address.bytes[0] != 127 && address.bytes[0] < 224;
    }
    return address.bytes[0] != 0xff && address != ipv6_address({0, 0, 0, 0}) &&
           address != ipv6_address({0, 0, 0, 1});
}

// Errors in the words of either family.
enum class Trouble : std::uint8_t { port_unreachable, time_exceeded, too_big };

[[nodiscard]] bool is_error(const IpPacket& packet) {
    if (packet.payload().size() < kIcmpHeader) {
        return false;
    }
    const std::uint8_t type = packet.payload()[0];
    return packet.family == 4 ? packet.protocol == kIcmp && (type == 3 || type == 4 || type == 11)
                              : packet.protocol == kIcmpv6 && type >= 1 && type <= 4;
}

[[nodiscard]] bool is_too_big(const IpPacket& error) {
    return error.family == 4 ? error.payload()[0] == 3 && error.payload()[1] == 4
                             : error.payload()[0] == 2;
}

[[nodiscard]] bool is_transport(std::uint8_t protocol) {
    return protocol == kTcp || protocol == kUdp || protocol == kSctp;
}

// Whether the header of the transport is there, and TCP's fits the packet.
[[nodiscard]] bool has_transport_header(const IpPacket& packet) {
    const View8 payload = packet.payload();
    switch (packet.protocol) {
        case kTcp: {
            constexpr std::size_t kHeader = 20;
            return payload.size() >= kHeader && payload[12] / 16 * 4u >= kHeader &&
                   payload[12] / 16 * 4u <= payload.size();
        }
        case kUdp:
            return payload.size() >= 8;
        default:
            return payload.size() >= 16;  // SCTP's common header and that of one chunk.
    }
}

// The first chunk's type, unless that is a COOKIE ECHO or COOKIE ACK and the second is an ABORT.
[[nodiscard]] std::uint8_t deciding_chunk(View8 payload) {
    constexpr std::size_t kCommonHeader = 12;
    constexpr std::uint8_t kAbort = 6;
    constexpr std::uint8_t kCookieEcho = 10;
    constexpr std::uint8_t kCookieAck = 11;
    const std::uint8_t first = payload[kCommonHeader];
    if (first != kCookieEcho && first != kCookieAck) {
        return first;
    }
    const std::size_t length = number(payload, kCommonHeader + 2, 2);
    const std::size_t second = kCommonHeader + (length + 3) / 4 * 4;
    const bool aborts = length >= 4 && second + 4 <= payload.size() && payload[second] == kAbort;
    return aborts ? kAbort : first;
}

[[nodiscard]] Packet packet_of(const IpPacket& ip) {
    const View8 payload = ip.payload();
    Packet packet = {.protocol = static_cast<Protocol>(ip.protocol),
                     .bytes = static_cast<std::uint32_t>(ip.bytes.size()),
                     .source = ip.source(),
                     .source_port = static_cast<std::uint16_t>(number(payload, 0, 2)),
                     .destination = ip.destination(),
                     .destination_port = static_cast<std::uint16_t>(number(payload, 2, 2))};
    if (ip.protocol == kTcp) {
        const std::uint8_t flags = payload[13];
        packet.fin = (flags & 0x01) != 0;
        packet.syn = (flags & 0x02) != 0;
        packet.rst = (flags & 0x04) != 0;
        packet.ack = (flags & 0x10) != 0;
    } else if (ip.protocol == kSctp) {
        packet.chunk = deciding_chunk(payload);
    }
    return packet;
}

// What an ICMP error quotes, if that is the beginning of a packet with ports.
[[nodiscard]] std::optional<IpPacket> quote_of(const IpPacket& error) {
    auto quote = read_ip(error.payload().subspan(kIcmpHeader), error.family, Extent::quote);
    if (!quote || !is_transport(quote->protocol) || quote->payload().size() < 4 ||
        (quote->is_fragment() && quote->fragment_offset() != 0)) {
        return std::nullopt;
    }
    return quote;
}

[[nodiscard]] Packet reversed(const IpPacket& quote) {
    return {.protocol = static_cast<Protocol>(quote.protocol),
            .source = quote.destination(),
            .source_port = static_cast<std::uint16_t>(number(quote.payload(), 2, 2)),
            .destination = quote.source(),
            .destination_port = static_cast<std::uint16_t>(number(quote.payload(), 0, 2))};
}

// Of the message as it is: 0 if its checksum is right.
[[nodiscard]] std::uint16_t icmp_sum(const IpPacket& packet) {
    Bytes all;
    if (packet.family == 6) {
        all = pseudo_header(
            packet.source(), packet.destination(), packet.protocol, packet.payload().size());
    }
    append(all, packet.payload());
    return checksum(all);
}

void sum_icmp(IpPacket& packet) {
    const std::size_t at = packet.header_bytes + 2;
    put(packet.bytes, at, 2, 0);
    put(packet.bytes, at, 2, icmp_sum(packet));
}

[[nodiscard]] std::uint8_t type_of(Trouble trouble, int family) {
    switch (trouble) {
        case Trouble::port_unreachable:
            return family == 4 ? 3 : 1;
        case Trouble::time_exceeded:
            return family == 4 ? 11 : 3;
        case Trouble::too_big:
            break;
    }
    return family == 4 ? 3 : 2;
}

[[nodiscard]] std::uint8_t code_of(Trouble trouble, int family) {
    switch (trouble) {
        case Trouble::port_unreachable:
            return family == 4 ? 3 : 4;
        case Trouble::time_exceeded:
            return 0;
        case Trouble::too_big:
            break;
    }
    return family == 4 ? 4 : 0;
}

}  // namespace

Outcome Director::receive(int port, View8 frame, std::uint64_t now_ms) {
    now_ms_ = now_ms;
    ipvs.advance(now_ms);
    std::size_t at = kMacs;
    if (frame.size() < at + 2) {
        return {.fate = Fate::drop};
    }
    if (frame[0] % 2 == 1) {
        return {.fate = Fate::host};
    }
    const Mac& own = ports.at(port).mac;
    if (!std::equal(own.begin(), own.end(), frame.begin())) {
        return {.fate = Fate::drop};
    }
    std::uint32_t type = number(frame, at, 2);
    if (type == kVlan) {
        at += kVlanTag;
        if (frame.size() < at + 2) {
            return {.fate = Fate::drop};
        }
        type = number(frame, at, 2);
    }
    if (type != kIpv4Type && type != kIpv6Type) {
        return {.fate = Fate::host};
    }
    Link link = {.port = port, .back = Bytes(frame.begin() + 6, frame.begin() + 12)};
    append(link.back, own);
    append(link.back, frame.subspan(kMacs, at - kMacs));
    auto packet = read_ip(frame.subspan(at + 2), type == kIpv4Type ? 4 : 6, Extent::whole);
    if (!packet) {
        return {.fate = Fate::drop};
    }
    if (!can_be_source(packet->source())) {
        return {.fate = Fate::host};
    }
    if (packet->is_fragment()) {
        packet = reassembly_.add(*packet, now_ms);
        if (!packet) {
            return {};
        }
    }
    return handle(link, std::move(*packet));
}

Outcome Director::handle(const Link& link, IpPacket packet) {
    if (is_error(packet)) {
        return icmp_sum(packet) == 0 ? handle_error(link, std::move(packet))
                                     : Outcome{.fate = Fate::drop};
    }
    if (!is_transport(packet.protocol)) {
        return {.fate = Fate::host};
    }
    if (!has_transport_header(packet)) {
        return {.fate = Fate::drop};
    }
    return handle_transport(link, std::move(packet));
}

Outcome Director::handle_transport(const Link& link, IpPacket packet) {
    const Packet asked = packet_of(packet);
    const int family = packet.family;
    const Decision known = ipvs.look_up(asked);
    const bool is_reply = known.fate == Fate::forward && known.direction == Direction::to_client;
    // A router looks at the TTL before IPVS sees what it forwards; of what is sent to the director
    // itself, IPVS is the first to look.
    if (is_reply && packet.ttl() <= 1) {
        return complain(link,
                        packet,
                        own_address(link.port, family),
                        {type_of(Trouble::time_exceeded, family), 0, 0});
    }
    const Decision decision = ipvs.handle(asked);
    switch (decision.fate) {
        case Fate::host:
        case Fate::drop:
            return {.fate = decision.fate};
        case Fate::reject: {
            const Complaint complaint = {type_of(Trouble::port_unreachable, family),
                                         code_of(Trouble::port_unreachable, family),
                                         0};
            if (!decision.refuses_reply) {
                return complain(link, packet, packet.destination(), complaint);
            }
            const Address own = own_address(link.port, family);
            if (packet.ttl() <= 1) {
                return complain(link, packet, own, {type_of(Trouble::time_exceeded, family), 0, 0});
            }
            packet.decrement_ttl();
            return complain(link, packet, own, complaint);
        }
        case Fate::forward:
            break;
    }
    return decision.direction == Direction::to_server
               ? to_server(link, std::move(packet), decision)
               : to_client(link, std::move(packet), decision);
}

Outcome Director::to_server(const Link& link, IpPacket packet, const Decision& decision) {
    if (decision.forwarding == Forwarding::local) {
        return {.fate = Fate::host};
    }
    const int family = packet.family;
    const Address server = decision.server.address;
    const auto found = next_hops.find(server);
    if (found == next_hops.end()) {
        return {.fate = Fate::drop};
    }
    const NextHop& next_hop = found->second;
    if (packet.ttl() <= 1) {
        return complain(
            link, packet, packet.destination(), {type_of(Trouble::time_exceeded, family), 0, 0});
    }
    packet.decrement_ttl();
    const bool tunnel = decision.forwarding == Forwarding::tunnel;
    const std::size_t path_mtu =
        path_mtus_.count(server) == 1 ? path_mtus_.at(server) : next_hop.mtu;
    const std::size_t allowed =
        path_mtu - (tunnel ? tunnel_overhead(decision.tunnel, server.family) : 0);
    // What came in pieces may leave in pieces of the same length.
    const std::size_t length =
        packet.largest_fragment != 0 ? packet.largest_fragment : packet.bytes.size();
    const bool may_cut = !packet.dont_fragment() || (tunnel && family == 4 && !path_mtu_discovery);
    if (length > allowed && !may_cut) {
        return complain(link,
                        packet,
                        packet.destination(),
                        {type_of(Trouble::too_big, family),
                         code_of(Trouble::too_big, family),
                         static_cast<std::uint32_t>(allowed)});
    }
    if (tunnel) {
        packet = encapsulate(packet, decision.tunnel, next_hop.address, server, path_mtu_discovery);
    } else if (decision.forwarding != Forwarding::direct_routing && is_transport(packet.protocol)) {
        translate(packet, ends_for(decision));
    }
    return route(link, packet, next_hop);
}

Outcome Director::to_client(const Link& link, IpPacket packet, const Decision& decision) {
    const int family = packet.family;
    const auto found = next_hops.find(decision.client.address);
    if (found == next_hops.end()) {
        return {.fate = Fate::drop};
    }
    packet.decrement_ttl();
    const std::size_t length =
        packet.largest_fragment != 0 ? packet.largest_fragment : packet.bytes.size();
    if (length > found->second.mtu && packet.dont_fragment()) {
        return complain(link,
                        packet,
                        own_address(link.port, family),
                        {type_of(Trouble::too_big, family),
                         code_of(Trouble::too_big, family),
                         static_cast<std::uint32_t>(found->second.mtu)});
    }
    translate(packet, ends_for(decision));
    return route(link, packet, found->second);
}

// An error about a packet of a connection goes to the end of the connection that sent the packet.
Outcome Director::handle_error(const Link& link, IpPacket packet) {
    auto quote = quote_of(packet);
    if (!quote) {
        return handle_tunnel_error(link, packet);
    }
    const Decision decision = ipvs.look_up(reversed(*quote));
    if (decision.fate == Fate::host) {
        return handle_tunnel_error(link, packet);
    }
    if (decision.fate != Fate::forward) {
        return {.fate = decision.fate};
    }
    if (decision.forwarding == Forwarding::local) {
        return {.fate = Fate::host};
    }
    const bool translated =
        decision.forwarding == Forwarding::nat || decision.forwarding == Forwarding::full_nat;
    const bool to_its_server = decision.direction == Direction::to_server;
    if (packet.ttl() <= 1) {
        return {.fate = Fate::drop};  // There are no errors about errors.
    }
    if (translated) {
        const Ends ends = ends_for(decision);
        // The packet quoted went the other way: its source is this one's destination.
        translate_quote(*quote, {.source = ends.destination, .destination = ends.source});
        packet.bytes.resize(packet.header_bytes + kIcmpHeader);
        append(packet.bytes, quote->bytes);
        if (to_its_server) {
            packet.set_destination(ends.destination->address);
        } else {
            packet.set_source(ends.source->address);
            if (ends.destination) {
                packet.set_destination(ends.destination->address);
            }
        }
        sum_icmp(packet);
    }
    if (to_its_server) {
        return to_server(link, std::move(packet), decision);
    }
    const auto found = next_hops.find(packet.destination());
    if (found == next_hops.end()) {
        return {.fate = Fate::drop};
    }
    packet.decrement_ttl();
    return route(link, packet, found->second);
}

// A router on the way to a server complains about the outer packet: the client is told of its own.
Outcome Director::handle_tunnel_error(const Link& link, const IpPacket& packet) {
    const auto outer = read_ip(packet.payload().subspan(kIcmpHeader), packet.family, Extent::quote);
    const auto inner = outer ? inner_of(*outer) : std::nullopt;
    const auto quote = inner ? read_ip(inner->bytes, inner->family, Extent::quote) : std::nullopt;
    if (!quote || !is_transport(quote->protocol) || quote->payload().size() < 4) {
        return {.fate = Fate::host};
    }
    const Packet sent = {
        .protocol = static_cast<Protocol>(quote->protocol),
        .source = quote->source(),
        .source_port = static_cast<std::uint16_t>(number(quote->payload(), 0, 2)),
        .destination = quote->destination(),
        .destination_port = static_cast<std::uint16_t>(number(quote->payload(), 2, 2))};
    const Decision decision = ipvs.look_up(sent);
    if (decision.fate != Fate::forward || decision.direction != Direction::to_server ||
        decision.forwarding != Forwarding::tunnel ||
        decision.server.address != outer->destination()) {
        return {.fate = Fate::host};
    }
    const auto server_hop = next_hops.find(decision.server.address);
    const auto client_hop = next_hops.find(decision.client.address);
    if (server_hop == next_hops.end() || client_hop == next_hops.end()) {
        return {.fate = Fate::drop};
    }
    Complaint complaint = {packet.payload()[0], packet.payload()[1], 0};
    if (is_too_big(packet)) {
        const std::uint32_t told =
            number(packet.payload(), packet.family == 4 ? 6 : 4, packet.family == 4 ? 2 : 4);
        // A real kernel answers with what it knew before, and uses the new one from then on.
        auto [known, first] =
            path_mtus_.try_emplace(decision.server.address, server_hop->second.mtu);
        complaint.info = static_cast<std::uint32_t>(
            known->second - tunnel_overhead(decision.tunnel, packet.family));
        known->second = std::min<std::size_t>(known->second, told);
    }
    Outcome outcome =
        route(link, icmp_error(*quote, quote->destination(), complaint), client_hop->second);
    outcome.fate = Fate::drop;
    outcome.tells_sender = true;
    return outcome;
}

Outcome Director::route(const Link&, const IpPacket& packet, const NextHop& next_hop) const {
    Outcome outcome = {.fate = Fate::forward};
    // Pieces are not longer than those that came; IPv6 goes everywhere with kIpv6MtuMin.
    std::size_t longest = next_hop.mtu;
    if (packet.largest_fragment != 0) {
        const std::size_t least = packet.family == 6 ? kIpv6MtuMin : 0;
        longest = std::min(longest, std::max(packet.largest_fragment, least));
    }
    for (const IpPacket& piece : cut(packet, longest)) {
        Frame frame = {.port = next_hop.port, .bytes = {}, .made = piece.made};
        append(frame.bytes, next_hop.mac);
        append(frame.bytes, next_hop.source);
        if (next_hop.vlan) {
            frame.bytes.resize(kMacs + kVlanTag);
            put(frame.bytes, kMacs, 4, kVlan << 16 | *next_hop.vlan);
        }
        frame.bytes.resize(frame.bytes.size() + 2);
        put(frame.bytes, frame.bytes.size() - 2, 2, piece.family == 4 ? kIpv4Type : kIpv6Type);
        append(frame.bytes, piece.bytes);
        outcome.sent.push_back(std::move(frame));
    }
    return outcome;
}

IpPacket Director::icmp_error(const IpPacket& packet,
                              const Address& source,
                              const Complaint& complaint) {
    // Precedence is "internetwork control", the rest of the TOS as in the packet (RFC
    // 1812 4.3.2.5).
    constexpr std::uint8_t kInternetworkControl = 0xc0;
    constexpr std::uint8_t kTosBits = 0x1e;
    const bool ipv4 = packet.family == 4;
    const std::size_t room = ipv4 ? kIcmpBytesMax - 20 : kIcmpv6BytesMax - 40;
    Bytes message(kIcmpHeader);
    put(message, 0, 1, complaint.type);
    put(message, 1, 1, complaint.code);
    put(message, 4, 4, complaint.info);
    append(message, View8(packet.bytes).first(std::min(packet.bytes.size(), room - kIcmpHeader)));
    IpPacket error = make_ip(
        {.source = source,
         .destination = packet.source(),
         .protocol = ipv4 ? kIcmp : kIcmpv6,
         .tos = ipv4 ? static_cast<std::uint8_t>((packet.tos() & kTosBits) | kInternetworkControl)
                     : std::uint8_t{0}},
        message);
    sum_icmp(error);
    return error;
}

Outcome Director::complain(const Link& link,
                           const IpPacket& packet,
                           const Address& source,
                           const Complaint& complaint) const {
    Outcome outcome = {.fate = Fate::drop};
    if (is_error(packet)) {
        return outcome;
    }
    Frame frame = {.port = link.port, .bytes = link.back, .made = true};
    frame.bytes.resize(frame.bytes.size() + 2);
    put(frame.bytes, frame.bytes.size() - 2, 2, packet.family == 4 ? kIpv4Type : kIpv6Type);
    append(frame.bytes, icmp_error(packet, source, complaint).bytes);
    outcome.sent.push_back(std::move(frame));
    outcome.tells_sender = true;
    return outcome;
}

Address Director::own_address(int port, int family) const {
    for (const Address& address : ports.at(port).addresses) {
        if (address.family == family) {
            return address;
        }
    }
    return {.family = family};
}

}  // namespace fpvs::reference
