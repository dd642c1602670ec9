// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/kernels/rewrite_packets.hpp"

#include <rte_mbuf.h>

#include <array>
#include <optional>
#include <span>
#include <vector>

#include <fpvs_hls.hpp>

#include "host/slowpath/bytes.hpp"
#include "host/slowpath/checksum.hpp"
#include "host/slowpath/frame_edit.hpp"
#include "host/slowpath/headers.hpp"
#include "host/slowpath/nat.hpp"
#include "host/slowpath/tunnel.hpp"

namespace fpvs::kernels {
namespace {

namespace ethernet = slowpath::ethernet;
namespace gre = slowpath::gre;
namespace gue = slowpath::gue;
namespace ip_protocol = slowpath::ip_protocol;
namespace ipv4 = slowpath::ipv4;
namespace ipv6 = slowpath::ipv6;
namespace tcp = slowpath::tcp;
namespace transport = slowpath::transport;
namespace udp = slowpath::udp;
using kit::FrameBytes;
using slowpath::load_be16;
using slowpath::store_be16;

constexpr unsigned kTransportBytes = 20;
constexpr std::uint16_t kGuePort = 6080;

std::uint8_t octet(std::mt19937& random) {
    return static_cast<std::uint8_t>(random());
}

std::uint16_t word(std::mt19937& random) {
    return static_cast<std::uint16_t>(random());
}

FrameBytes octets(std::size_t count, std::mt19937& random) {
    FrameBytes bytes(count);
    // Runs of equal octets now and then: sums of all ones and of zeros.
    const bool plain = random() % 8 == 0;
    const std::uint8_t same = random() % 2 == 0 ? 0 : 0xff;
    for (std::uint8_t& byte : bytes) {
        byte = plain ? same : octet(random);
    }
    return bytes;
}

// The checksum field of TCP and UDP, or none.
std::optional<std::size_t> checksum_at(std::uint8_t protocol) {
    if (protocol == ip_protocol::kTcp) {
        return tcp::kChecksum;
    }
    return protocol == ip_protocol::kUdp ? std::optional(udp::kChecksum) : std::nullopt;
}

// Over pseudo-header and segment.
std::uint16_t transport_sum(std::span<const std::uint8_t> addresses,
                            std::uint8_t protocol,
                            std::span<const std::uint8_t> segment) {
    return slowpath::fold(std::uint64_t{slowpath::ones_sum(addresses)} + protocol + segment.size() +
                          slowpath::ones_sum(segment));
}

std::span<const std::uint8_t> addresses_of(std::span<const std::uint8_t> ip) {
    return ip[0] >> 4 == 4 ? ip.subspan(ipv4::kSource, 8)
                           : ip.subspan(ipv6::kSource, 2 * ipv6::kAddressBytes);
}

AddressBits number_of(std::span<const std::uint8_t> bytes) {
    AddressBits number = 0;
    for (const std::uint8_t byte : bytes) {
        number = (number << 8) | byte;
    }
    return number;
}

model::IpAddress address_of(const AddressBits& bits, bool is_ipv6) {
    if (!is_ipv6) {
        return model::Ipv4{static_cast<std::uint32_t>(slice<31, 0>(bits).to_uint())};
    }
    return model::Ipv6{{static_cast<std::uint32_t>(slice<127, 96>(bits).to_uint()),
                        static_cast<std::uint32_t>(slice<95, 64>(bits).to_uint()),
                        static_cast<std::uint32_t>(slice<63, 32>(bits).to_uint()),
                        static_cast<std::uint32_t>(slice<31, 0>(bits).to_uint())}};
}

AddressBits random_address(bool is_ipv6, std::mt19937& random) {
    return number_of(octets(is_ipv6 ? ipv6::kAddressBytes : 4, random));
}

FrameBytes link_header(const PacketShape& shape, std::mt19937& random) {
    FrameBytes frame = octets(2 * ethernet::kMacBytes, random);
    const auto put = [&frame](std::uint16_t value) {
        frame.push_back(static_cast<std::uint8_t>(value >> 8));
        frame.push_back(static_cast<std::uint8_t>(value));
    };
    for (unsigned tag = 0; tag < shape.tags; ++tag) {
        put(random() % 2 == 0 ? ethernet::kTypeVlan : ethernet::kTypeServiceVlan);
        put(word(random));
    }
    put(shape.ipv6 ? ethernet::kTypeIpv6 : ethernet::kTypeIpv4);
    return frame;
}

FrameBytes ip_header(const PacketShape& shape, std::size_t segment_bytes, std::mt19937& random) {
    if (shape.ipv6) {
        FrameBytes ip = octets(ipv6::kHeaderBytes + shape.options_bytes, random);
        ip[0] = static_cast<std::uint8_t>(0x60 | (ip[0] & 0x0f));
        store_be16(&ip[ipv6::kPayloadLength],
                   static_cast<std::uint16_t>(shape.options_bytes + segment_bytes));
        ip[ipv6::kNextHeader] = shape.protocol;
        ip[ipv6::kHopLimit] = static_cast<std::uint8_t>(2 + random() % 254);
        if (shape.options_bytes != 0) {
            ip[ipv6::kNextHeader] = ip_protocol::kDestinationOptions;
            ip[ipv6::kHeaderBytes] = shape.protocol;
            ip[ipv6::kHeaderBytes + 1] = static_cast<std::uint8_t>(shape.options_bytes / 8 - 1);
        }
        return ip;
    }
    FrameBytes ip = octets(ipv4::kHeaderBytesMin + shape.options_bytes, random);
    ip[0] = static_cast<std::uint8_t>(0x40 | ip.size() / 4);
    store_be16(&ip[ipv4::kTotalLength], static_cast<std::uint16_t>(ip.size() + segment_bytes));
    store_be16(&ip[ipv4::kFragment], random() % 2 == 0 ? ipv4::kDontFragment : 0);
    ip[ipv4::kTtl] = static_cast<std::uint8_t>(2 + random() % 254);
    ip[ipv4::kProtocol] = shape.protocol;
    store_be16(&ip[ipv4::kChecksum], 0);
    store_be16(&ip[ipv4::kChecksum], slowpath::checksum(ip));
    return ip;
}

FrameBytes segment_of(const PacketShape& shape,
                      std::span<const std::uint8_t> addresses,
                      std::mt19937& random) {
    FrameBytes segment = octets(kTransportBytes + shape.payload_bytes, random);
    const auto at = checksum_at(shape.protocol);
    if (at && shape.right_checksum) {
        store_be16(&segment[*at], 0);
        const std::uint16_t sum = transport_sum(addresses, shape.protocol, segment);
        store_be16(&segment[*at],
                   shape.protocol == ip_protocol::kUdp ? slowpath::udp_checksum(sum)
                                                       : static_cast<std::uint16_t>(~sum));
    } else if (at && load_be16(&segment[*at]) == 0) {
        segment[*at] = 1;  // UDP without a checksum is not for the card to translate.
    }
    return segment;
}

Packet parsed(const RandomPacket& packet, const PacketShape& shape) {
    const slowpath::PacketLayout& layout = packet.layout;
    const std::span ip = std::span(packet.frame).subspan(layout.ip_offset);
    const std::span segment = std::span(packet.frame).subspan(layout.transport_offset);
    const auto at = checksum_at(shape.protocol);
    const std::span addresses = addresses_of(ip);
    Packet out;
    out.length = packet.frame.size();
    out.ip_bytes = layout.ip_length;
    out.port = 0;
    out.tags = shape.tags;
    out.ipv6 = shape.ipv6 ? 1 : 0;
    out.protocol = shape.protocol;
    out.l4_offset = layout.transport_offset;
    out.tcp_flags = shape.protocol == ip_protocol::kTcp ? segment[tcp::kFlags] : 0;
    out.ttl = ip[shape.ipv6 ? ipv6::kHopLimit : ipv4::kTtl];
    out.tos = shape.ipv6 ? load_be16(ip.data()) >> 4 & 0xff : ip[ipv4::kTos];
    // IPv6 has no such flag, so whatever lies there must not matter.
    out.dont_fragment =
        shape.ipv6 || (load_be16(&ip[ipv4::kFragment]) & ipv4::kDontFragment) != 0 ? 1 : 0;
    out.ip_checksum = shape.ipv6 ? 0 : load_be16(&ip[ipv4::kChecksum]);
    out.l4_checksum = at ? load_be16(&segment[*at]) : 0;
    out.source = number_of(addresses.first(addresses.size() / 2));
    out.destination = number_of(addresses.last(addresses.size() / 2));
    out.source_port = load_be16(&segment[transport::kSourcePort]);
    out.destination_port = load_be16(&segment[transport::kDestinationPort]);
    return out;
}

void choose_ends(Decision& decision, std::mt19937& random) {
    Translation& to = decision.translation;
    const bool is_ipv6 = decision.packet.ipv6 == 1;
    const unsigned which = 1 + random() % 3;  // Forward, reply, FULLNAT.
    to.new_destination = which & 1;
    to.new_source = which >> 1;
    to.source = random_address(is_ipv6, random);
    to.source_port = word(random);
    to.destination = random_address(is_ipv6, random);
    to.destination_port = word(random);
}

void choose_tunnel(Decision& decision, std::mt19937& random) {
    Outer& outer = decision.outer;
    outer.present = 1;
    outer.ipv6 = random() % 2;
    outer.tunnel = random() % 3;
    outer.checksum = random() % 2;
    outer.port = kGuePort;
    outer.source = random_address(outer.ipv6 == 1, random);
    outer.destination = random_address(outer.ipv6 == 1, random);
}

// An mbuf around bytes of its own, with room before and behind.
class Mbuf {
  public:
    explicit Mbuf(const FrameBytes& frame) : bytes_(kRoom, 0) {
        bytes_.insert(bytes_.end(), frame.begin(), frame.end());
        mbuf_.buf_addr = bytes_.data();
        mbuf_.buf_len = static_cast<std::uint16_t>(bytes_.size());
        mbuf_.data_off = kRoom;
        mbuf_.data_len = static_cast<std::uint16_t>(frame.size());
        mbuf_.pkt_len = mbuf_.data_len;
        mbuf_.nb_segs = 1;
    }
    [[nodiscard]] rte_mbuf& mbuf() { return mbuf_; }
    [[nodiscard]] FrameBytes contents() {
        const std::uint8_t* data = slowpath::bytes_at(mbuf_, 0);
        return {data, data + mbuf_.data_len};
    }

  private:
    static constexpr std::size_t kRoom = 128;
    FrameBytes bytes_;
    rte_mbuf mbuf_{};
};

engine::Translation ends_of_model(const Decision& decision) {
    const bool is_ipv6 = decision.packet.ipv6 == 1;
    const Translation& to = decision.translation;
    const Packet& from = decision.packet;
    const bool source = to.new_source == 1;
    const bool destination = to.new_destination == 1;
    return {
        .source_address = address_of(source ? to.source : from.source, is_ipv6),
        .source_port =
            static_cast<std::uint16_t>((source ? to.source_port : from.source_port).to_uint()),
        .destination_address = address_of(destination ? to.destination : from.destination, is_ipv6),
        .destination_port = static_cast<std::uint16_t>(
            (destination ? to.destination_port : from.destination_port).to_uint())};
}

slowpath::TunnelHeader tunnel_of_model(const Outer& outer) {
    const model::Tunnel tunnel{.kind = outer.tunnel == 0   ? model::TunnelKind::ipip
                                       : outer.tunnel == 1 ? model::TunnelKind::gue
                                                           : model::TunnelKind::gre,
                               .checksum = outer.checksum == 1 ? model::TunnelChecksum::checksum
                                                               : model::TunnelChecksum::none,
                               .port = static_cast<std::uint16_t>(outer.port.to_uint())};
    const bool is_ipv6 = outer.ipv6 == 1;
    return {tunnel, address_of(outer.source, is_ipv6), address_of(outer.destination, is_ipv6)};
}

bool packet_is_right(std::span<const std::uint8_t> ip, bool transport);

bool gre_is_right(std::span<const std::uint8_t> bytes, bool transport) {
    const bool summed = (load_be16(bytes.data()) & gre::kHasChecksum) != 0;
    return (!summed || slowpath::ones_sum(bytes) == 0xffff) &&
           packet_is_right(bytes.subspan(gre::kHeaderBytes + (summed ? gre::kChecksumBytes : 0)),
                           transport);
}

bool gue_is_right(std::span<const std::uint8_t> addresses,
                  std::span<const std::uint8_t> bytes,
                  bool transport) {
    return (load_be16(&bytes[udp::kChecksum]) == 0 ||
            transport_sum(addresses, ip_protocol::kUdp, bytes) == 0xffff) &&
           packet_is_right(bytes.subspan(udp::kHeaderBytes + gue::kHeaderBytes), transport);
}

// `ip` begins with the packet and may have padding behind it.
bool packet_is_right(std::span<const std::uint8_t> ip, bool transport) {
    const bool is_ipv4 = ip[0] >> 4 == 4;
    std::size_t header = is_ipv4 ? std::size_t{4} * (ip[0] & 0x0f) : ipv6::kHeaderBytes;
    const std::size_t length = is_ipv4 ? load_be16(&ip[ipv4::kTotalLength])
                                       : ipv6::kHeaderBytes + load_be16(&ip[ipv6::kPayloadLength]);
    std::uint8_t protocol = ip[is_ipv4 ? ipv4::kProtocol : ipv6::kNextHeader];
    if (length > ip.size() || (is_ipv4 && slowpath::ones_sum(ip.first(header)) != 0xffff)) {
        return false;
    }
    if (protocol == ip_protocol::kDestinationOptions) {
        protocol = ip[header];
        header += std::size_t{8} * (ip[header + 1] + 1U);
    }
    const std::span addresses = addresses_of(ip);
    const std::span rest = ip.subspan(header, length - header);
    if (protocol == ip_protocol::kIpv4 || protocol == ip_protocol::kIpv6) {
        return packet_is_right(rest, transport);
    }
    if (protocol == ip_protocol::kGre) {
        return gre_is_right(rest, transport);
    }
    if (protocol == ip_protocol::kUdp &&
        load_be16(&rest[transport::kDestinationPort]) == kGuePort) {
        return gue_is_right(addresses, rest, transport);
    }
    return !transport || !checksum_at(protocol) ||
           transport_sum(addresses, protocol, rest) == 0xffff;
}

}  // namespace

PacketShape random_shape(std::mt19937& random) {
    constexpr std::array kProtocols = {
        ip_protocol::kTcp, ip_protocol::kTcp, ip_protocol::kUdp, ip_protocol::kSctp};
    PacketShape shape;
    shape.ipv6 = random() % 2 == 0;
    shape.tags = random() % 3;
    shape.protocol = kProtocols[random() % kProtocols.size()];
    shape.options_bytes = shape.ipv6 ? 8 * (random() % 7) : 4 * (random() % 11);
    switch (random() % 4) {
        case 0:
            shape.payload_bytes = random() % 16;
            break;
        case 1:
            shape.payload_bytes = random() % 9300;
            break;
        default:
            shape.payload_bytes = random() % 300;
            break;
    }
    shape.padding_bytes = random() % 3 == 0 ? random() % 90 : 0;
    shape.right_checksum = random() % 4 != 0;
    return shape;
}

RandomPacket make_packet(const PacketShape& shape, std::mt19937& random) {
    RandomPacket out;
    out.frame = link_header(shape, random);
    const std::size_t segment_bytes = kTransportBytes + shape.payload_bytes;
    const FrameBytes ip = ip_header(shape, segment_bytes, random);
    out.layout = {.ip_offset = static_cast<std::uint16_t>(out.frame.size()),
                  .ip_length = static_cast<std::uint16_t>(ip.size() + segment_bytes),
                  .transport_offset = static_cast<std::uint16_t>(out.frame.size() + ip.size()),
                  .ip_protocol = shape.protocol,
                  .family = shape.ipv6 ? model::Family::ipv6 : model::Family::ipv4};
    const FrameBytes segment = segment_of(shape, addresses_of(ip), random);
    const FrameBytes padding = octets(shape.padding_bytes, random);
    for (const FrameBytes& part : {ip, segment, padding}) {
        out.frame.insert(out.frame.end(), part.begin(), part.end());
    }
    out.packet = parsed(out, shape);
    return out;
}

Decision random_decision(const RandomPacket& packet, Way way, std::mt19937& random) {
    Decision decision{};
    decision.verdict = static_cast<int>(abi::Verdict::forward);
    decision.reason = reason_bits(abi::Reason::forwarded);
    decision.packet = packet.packet;
    decision.out_port = random() % 2;
    decision.out_tagged = random() % 2;
    decision.vlan = 1 + random() % 4094;
    decision.destination_mac = slice<47, 0>(random_address(true, random));
    decision.source_mac = slice<47, 0>(random_address(true, random));
    if (way == Way::translated) {
        choose_ends(decision, random);
    } else if (way == Way::tunnelled) {
        choose_tunnel(decision, random);
    }
    return decision;
}

FrameBytes slowpath_frame(const RandomPacket& packet,
                          const Decision& decision,
                          std::uint16_t& identification) {
    Mbuf frame(packet.frame);
    slowpath::PacketLayout layout = packet.layout;
    slowpath::trim(frame.mbuf(), layout.ip_offset, layout.ip_length);
    slowpath::decrement_hop_limit(frame.mbuf(), layout);
    if (decision.translation.new_source == 1 || decision.translation.new_destination == 1) {
        slowpath::translate(frame.mbuf(), layout, ends_of_model(decision));
    }
    if (decision.outer.present == 1 &&
        !slowpath::encapsulate(
            frame.mbuf(), layout, tunnel_of_model(decision.outer), true, identification)) {
        return {};
    }
    const auto vlan = static_cast<std::uint16_t>(decision.vlan.to_uint());
    const auto link = slowpath::LinkHeader::make(
        model::MacAddress::from_value(decision.destination_mac.to_uint64()),
        model::MacAddress::from_value(decision.source_mac.to_uint64()),
        decision.out_tagged == 1 ? std::optional(vlan) : std::nullopt);
    slowpath::put_link_header(frame.mbuf(), layout, link);
    FrameBytes bytes = frame.contents();
    bytes.resize(std::max<std::size_t>(bytes.size(), 60), 0);
    return bytes;
}

bool checksums_are_right(const FrameBytes& frame, bool transport) {
    const std::size_t link = load_be16(&frame[ethernet::kType]) == ethernet::kTypeVlan
                                 ? ethernet::kHeaderBytes + ethernet::kVlanTagBytes
                                 : ethernet::kHeaderBytes;
    return packet_is_right(std::span(frame).subspan(link), transport);
}

}  // namespace fpvs::kernels
