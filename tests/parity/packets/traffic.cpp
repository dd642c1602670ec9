// SPDX-License-Identifier: Apache-2.0
#include "tests/parity/packets/traffic.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "tests/parity/text.hpp"

namespace fpvs::parity {
namespace {

using reference::Bytes;
using reference::IpPacket;
using reference::View8;

constexpr std::uint16_t kClientPorts = 40000;
constexpr std::uint8_t kSyn = 0x02;
constexpr std::uint8_t kAck = 0x10;

void set_transport_checksum(IpPacket& packet, std::size_t field) {
    const std::size_t at = packet.header_bytes + field;
    reference::put(packet.bytes, at, 2, 0);
    Bytes all = reference::pseudo_header(
        packet.source(), packet.destination(), packet.protocol, packet.payload().size());
    reference::append(all, packet.payload());
    const std::uint16_t sum = reference::checksum(all);
    reference::put(packet.bytes, at, 2, sum == 0 ? 0xffff : sum);
}

}  // namespace

std::vector<FrameOperation> Traffic::operations(std::size_t count) {
    std::vector<FrameOperation> operations;
    while (operations.size() < count) {
        const std::uint32_t kind = below(32);
        if (kind < 18) {
            operations.push_back(frame(kClientPort, packet(from_client(), payload_size())));
        } else if (kind < 25) {
            operations.push_back(frame(kServerPort, packet(from_server(), payload_size())));
        } else if (kind < 27) {
            // A router of the clients complains about what a server sent.
            Flow flow = from_client();
            std::swap(flow.source, flow.destination);
            operations.push_back(
                frame(kClientPort, icmp_error(flow, client_address(flow.family, below(kClients)))));
        } else if (kind < 29) {
            // And the other way round.
            Flow flow = from_server();
            std::swap(flow.source, flow.destination);
            operations.push_back(frame(kServerPort, icmp_error(flow, flow.destination.address)));
        } else if (kind == 29) {
            operations.push_back(frame(kClientPort, echo()));
        } else if (kind == 30) {
            add_fragments(operations);
        } else {
            FrameOperation damaged = frame(kClientPort, packet(from_client(), payload_size()));
            damage(damaged);
            operations.push_back(std::move(damaged));
        }
    }
    for (FrameOperation& operation : operations) {
        operation.pause_ms = one_in(8) ? below(5000) : below(3);
    }
    return operations;
}

Traffic::Flow Traffic::from_client() {
    constexpr std::array<std::uint8_t, 6> kProtocols = {reference::kTcp,
                                                        reference::kTcp,
                                                        reference::kUdp,
                                                        reference::kUdp,
                                                        reference::kTcp,
                                                        reference::kSctp};
    Flow flow = {
        .family = one_in(3) ? 6 : 4, .protocol = one_of(kProtocols), .client = below(kClients)};
    flow.source = {client_address(flow.family, flow.client),
                   static_cast<std::uint16_t>(kClientPorts + below(3))};
    flow.destination = {virtual_address(flow.family), one_in(12) ? kEmptyService : kService};
    if (one_in(24)) {
        flow.destination = {own_address(kClientPort, flow.family), 22};
    }
    return flow;
}

Traffic::Flow Traffic::from_server() {
    Flow flow = from_client();
    const auto& plan =
        world_.servers.empty()
            ? ServerPlan{}
            : world_.servers[below(static_cast<std::uint32_t>(world_.servers.size()))];
    if (plan.server.address.family != flow.family) {
        flow.destination = {server_address(flow.family, 0), kNatService};
    } else {
        flow.protocol = static_cast<std::uint8_t>(plan.service.protocol);
        flow.destination = {plan.server.address, plan.server.port};
    }
    std::swap(flow.source, flow.destination);
    return flow;
}

Bytes Traffic::noise(std::size_t bytes) {
    Bytes made(bytes);
    std::generate(made.begin(), made.end(), [&] { return static_cast<std::uint8_t>(random_()); });
    return made;
}

// Mostly small; often about what fits an MTU, with or without a tunnel's headers.
std::size_t Traffic::payload_size() {
    switch (below(4)) {
        case 0:
            return 1180 + below(260);
        case 1:
            return below(600);
        default:
            return below(24);
    }
}

Bytes Traffic::tcp(const Flow&, std::size_t payload_bytes) {
    constexpr std::array<std::uint8_t, 10> kFlags = {
        kSyn, kSyn, kSyn, kAck, kAck, kAck | 0x08, kAck | 0x01, 0x04, kSyn | kAck, 0x01};
    const std::size_t options = one_in(3) ? 12 : 0;
    Bytes bytes = noise(20 + options + payload_bytes);
    reference::put(bytes, 12, 1, static_cast<std::uint32_t>((20 + options) / 4 * 16));
    reference::put(bytes, 13, 1, one_of(kFlags));
    std::fill_n(bytes.begin() + 20, options, std::uint8_t{1});  // No operation.
    return bytes;
}

Bytes Traffic::udp(const Flow&, std::size_t payload_bytes) {
    Bytes bytes = noise(8 + payload_bytes);
    reference::put(bytes, 4, 2, static_cast<std::uint32_t>(bytes.size()));
    return bytes;
}

Bytes Traffic::sctp(const Flow&, std::size_t payload_bytes) {
    constexpr std::array<std::uint8_t, 12> kChunks = {1, 1, 1, 2, 10, 10, 11, 0, 3, 7, 14, 6};
    constexpr std::size_t kChunkHeader = 4;
    Bytes bytes = noise(12);
    const std::size_t chunks = 1 + below(2);
    for (std::size_t i = 0; i < chunks; ++i) {
        const std::size_t size = kChunkHeader + (i == 0 ? payload_bytes : 0);
        Bytes chunk = noise((size + 3) / 4 * 4);
        reference::put(chunk, 0, 1, one_of(kChunks));
        reference::put(chunk, 2, 2, static_cast<std::uint32_t>(size));
        reference::append(bytes, chunk);
    }
    return bytes;
}

Bytes Traffic::segment(const Flow& flow, std::size_t payload_bytes) {
    Bytes bytes = flow.protocol == reference::kTcp   ? tcp(flow, payload_bytes)
                  : flow.protocol == reference::kUdp ? udp(flow, payload_bytes)
                                                     : sctp(flow, payload_bytes);
    reference::put(bytes, 0, 2, flow.source.port);
    reference::put(bytes, 2, 2, flow.destination.port);
    return bytes;
}

IpPacket Traffic::packet(const Flow& flow, std::size_t payload_bytes) {
    constexpr std::array<std::uint8_t, 8> kTtls = {64, 64, 64, 64, 255, 2, 1, 1};
    constexpr std::array<std::uint8_t, 6> kTos = {0, 0, 0x28, 0xb9, 0x03, 0xff};
    IpPacket packet = reference::make_ip({.source = flow.source.address,
                                          .destination = flow.destination.address,
                                          .protocol = flow.protocol,
                                          .tos = one_of(kTos),
                                          .ttl = one_of(kTtls),
                                          .dont_fragment = !one_in(3)},
                                         segment(flow, payload_bytes));
    if (packet.family == 4) {
        reference::put(packet.bytes, 4, 2, one_in(4) ? 0 : below(0x10000));
        packet.fix_checksum();
    }
    // Now and then the transport's checksum is wrong or, in UDP, none.
    const bool wrong = one_in(8);
    switch (flow.protocol) {
        case reference::kTcp:
            if (!wrong) {
                set_transport_checksum(packet, 16);
            }
            break;
        case reference::kUdp:
            if (packet.family == 4 && one_in(6)) {
                reference::put(packet.bytes, packet.header_bytes + 6, 2, 0);
            } else if (!wrong) {
                set_transport_checksum(packet, 6);
            }
            break;
        default:
            if (!wrong) {
                reference::put(packet.bytes, packet.header_bytes + 8, 4, 0);
                reference::put(
                    packet.bytes, packet.header_bytes + 8, 4, reference::crc32c(packet.payload()));
            }
            break;
    }
    if (one_in(10)) {
        add_options(packet);
    }
    return packet;
}

// Of IPv4, some that must not pass; padding in an extension header for IPv6.
void Traffic::add_options(IpPacket& packet) {
    constexpr std::array<std::array<std::uint8_t, 4>, 6> kOptions = {
        {{148, 4, 0, 0},  // Alert.
         {1, 1, 1, 0},    // Padding.
         {148, 4, 0, 0},
         {131, 3, 4, 0},    // Source route.
         {148, 5, 0, 0},    // Too long,
         {1, 1, 1, 148}}};  // cut off.
    const std::array<std::uint8_t, 8> padding = {packet.protocol, 0, 1, 4, 0, 0, 0, 0};
    const auto behind_header = packet.bytes.begin() + static_cast<long>(packet.header_bytes);
    if (packet.family == 4) {
        const auto options = one_of(kOptions);
        packet.bytes.insert(behind_header, options.begin(), options.end());
        packet.header_bytes += options.size();
        packet.bytes[0] = static_cast<std::uint8_t>(0x40 + packet.header_bytes / 4);
    } else {
        packet.bytes.insert(behind_header, padding.begin(), padding.end());
        packet.header_bytes += padding.size();
        packet.bytes[6] = one_in(2) ? 0 : 60;  // Hop-by-hop or destination options.
    }
    packet.fix_length();
}

IpPacket Traffic::icmp_error(const Flow& about, const reference::Address& from) {
    struct Kind {
        std::uint8_t type, code;
        std::uint32_t info;
    };
    constexpr std::array<Kind, 5> kIpv4Kinds = {
        {{3, 4, 1300}, {3, 1, 0}, {11, 0, 0}, {5, 1, 0x0a000009}, {3, 3, 0}}};
    constexpr std::array<Kind, 5> kIpv6Kinds = {
        {{2, 0, 1300}, {1, 0, 0}, {3, 0, 0}, {4, 1, 40}, {1, 4, 0}}};
    const Kind kind = one_of(about.family == 4 ? kIpv4Kinds : kIpv6Kinds);
    const IpPacket quoted = packet(about, below(64));
    // As RFC 792 has it, header and 8 bytes, or all.
    const std::size_t quoted_bytes =
        one_in(2) ? std::min(quoted.bytes.size(), quoted.header_bytes + 8) : quoted.bytes.size();
    Bytes message(8);
    reference::put(message, 0, 1, kind.type);
    reference::put(message, 1, 1, kind.code);
    reference::put(message, 4, 4, kind.info);
    reference::append(message, View8(quoted.bytes).first(quoted_bytes));
    IpPacket error =
        reference::make_ip({.source = from,
                            .destination = about.source.address,
                            .protocol = about.family == 4 ? reference::kIcmp : reference::kIcmpv6,
                            .ttl = one_in(8) ? std::uint8_t{1} : std::uint8_t{61}},
                           message);
    Bytes all;
    if (about.family == 6) {
        all = reference::pseudo_header(
            error.source(), error.destination(), error.protocol, error.payload().size());
    }
    reference::append(all, error.payload());
    const std::uint16_t sum = reference::checksum(all);
    reference::put(error.bytes, error.header_bytes + 2, 2, one_in(16) ? sum ^ 1u : sum);
    return error;
}

IpPacket Traffic::echo() {
    Bytes message = noise(16);
    reference::put(message, 0, 4, 0x08000000);
    reference::put(message, 2, 2, reference::checksum(message));
    return reference::make_ip({.source = client_address(4, below(kClients)),
                               .destination = virtual_address(4),
                               .protocol = reference::kIcmp},
                              message);
}

FrameOperation Traffic::frame(int port, const IpPacket& packet) {
    FrameOperation made = {.port = port, .bytes = {}};
    reference::append(made.bytes, own_mac(port));
    for (const Station& station : world_.stations) {
        if (station.address == packet.source()) {
            reference::append(made.bytes, station.mac);
            if (const auto vlan = world_.interfaces[station.interface].vlan) {
                made.bytes.resize(16);
                reference::put(made.bytes, 12, 4, 0x81000000u | *vlan);
            }
        }
    }
    if (made.bytes.size() == 6) {
        reference::append(made.bytes, reference::Mac{0x02, 0, 0, 9, 9, 9});
    }
    made.bytes.resize(made.bytes.size() + 2);
    reference::put(made.bytes, made.bytes.size() - 2, 2, packet.family == 4 ? 0x0800 : 0x86dd);
    reference::append(made.bytes, packet.bytes);
    made.what = fmt::format("{} > {} protocol {} ttl {}, {} bytes",
                            to_text(packet.source()),
                            to_text(packet.destination()),
                            packet.protocol,
                            packet.ttl(),
                            packet.bytes.size());
    if (made.bytes.size() < 60) {
        made.bytes.resize(60);  // Ethernet's shortest frame.
    }
    return made;
}

// Cut short, or a byte changed; of the headers mostly.
void Traffic::damage(FrameOperation& operation) {
    const auto size = static_cast<std::uint32_t>(operation.bytes.size());
    if (one_in(2)) {
        operation.bytes.resize(14 + below(std::min(size - 14, 80u)));
        operation.what += ", cut short";
    } else {
        const std::uint32_t at = 14 + below(std::min(size - 14, 50u));
        operation.bytes[at] = static_cast<std::uint8_t>(random_());
        operation.what += fmt::format(", byte {} changed", at);
    }
}

// A packet in fragments, in any order; now and then with one missing, twice, or overlapping.
void Traffic::add_fragments(std::vector<FrameOperation>& operations) {
    Flow flow = from_client();
    IpPacket whole = packet(flow, 200 + below(3000));
    if (whole.family == 4) {
        reference::put(whole.bytes, 4, 2, 1 + below(0xffff));
        reference::put(whole.bytes, 6, 2, 0);
        whole.fix_checksum();
    }
    const std::uint32_t id = static_cast<std::uint32_t>(random_());
    auto pieces = reference::cut(whole, 600 + below(8) * 100);
    std::shuffle(pieces.begin(), pieces.end(), random_);
    if (one_in(6)) {
        pieces.pop_back();
    } else if (one_in(6)) {
        pieces.push_back(pieces.front());
    } else if (one_in(6)) {
        auto other = reference::cut(whole, 500);
        pieces.insert(pieces.begin(), other[below(static_cast<std::uint32_t>(other.size()))]);
    }
    for (IpPacket& piece : pieces) {
        if (piece.family == 6 && piece.is_fragment()) {
            reference::put(piece.bytes, piece.fragment_header + 4, 4, id);
        }
        FrameOperation made = frame(kClientPort, piece);
        made.what += ", a fragment";
        operations.push_back(std::move(made));
    }
}

}  // namespace fpvs::parity
