// SPDX-License-Identifier: Apache-2.0
#include "host/slowpath/icmp.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "host/slowpath/bytes.hpp"
#include "host/slowpath/checksum.hpp"
#include "host/slowpath/checksum_delta.hpp"
#include "host/slowpath/frame_edit.hpp"
#include "host/slowpath/headers.hpp"

namespace fpvs::slowpath {
namespace {

constexpr std::size_t kErrorBytesMax = 576;
constexpr std::uint8_t kInternetworkControl = 0xc0;
constexpr std::uint8_t kTosMask = 0x1e;
constexpr std::uint8_t kHopLimit = 64;

static_assert(icmp::kHeaderBytes == icmpv6::kHeaderBytes);

struct Ends {
    model::IpAddress source;
    model::IpAddress destination;
};

void fill_ipv4(std::uint8_t* ip,
               const Ends& ends,
               std::size_t message_bytes,
               std::uint8_t tos,
               std::uint16_t identification) {
    std::memset(ip, 0, ipv4::kHeaderBytesMin);
    ip[ipv4::kVersion] = ipv4::kVersionAndHeaderLength;
    ip[ipv4::kTos] = tos;
    store_be16(ip + ipv4::kTotalLength,
               static_cast<std::uint16_t>(ipv4::kHeaderBytesMin + message_bytes));
    store_be16(ip + ipv4::kIdentification, identification);
    ip[ipv4::kTtl] = kHopLimit;
    ip[ipv4::kProtocol] = ip_protocol::kIcmp;
    store_be32(ip + ipv4::kSource, ends.source.ipv4().value);
    store_be32(ip + ipv4::kDestination, ends.destination.ipv4().value);
    store_be16(ip + ipv4::kChecksum, checksum({ip, ipv4::kHeaderBytesMin}));
}

void fill_ipv6(std::uint8_t* ip, const Ends& ends, std::size_t message_bytes) {
    store_be32(ip, ipv6::kVersionBits);
    store_be16(ip + ipv6::kPayloadLength, static_cast<std::uint16_t>(message_bytes));
    ip[ipv6::kNextHeader] = ip_protocol::kIcmpv6;
    ip[ipv6::kHopLimit] = kHopLimit;
    store_ipv6(ip + ipv6::kSource, ends.source.ipv6());
    store_ipv6(ip + ipv6::kDestination, ends.destination.ipv6());
}

void fill_message(std::uint8_t* message, const IcmpError& error, bool ipv4) {
    std::memset(message, 0, icmp::kHeaderBytes);
    message[icmp::kType] = error.type;
    message[icmp::kCode] = error.code;
    if (ipv4) {
        store_be16(message + icmp::kNextHopMtu, static_cast<std::uint16_t>(error.mtu));
    } else {
        store_be32(message + icmpv6::kMtu, error.mtu);
    }
}

std::uint16_t icmpv6_checksum(const std::uint8_t* ip, std::size_t message_bytes) {
    const std::uint64_t sum =
        std::uint64_t{ones_sum({ip + ipv6::kSource, 2 * ipv6::kAddressBytes})} + message_bytes +
        ip_protocol::kIcmpv6 + ones_sum({ip + ipv6::kHeaderBytes, message_bytes});
    return static_cast<std::uint16_t>(~fold(sum));
}

// The ends of the quoted packet, which travelled the other way.
void translate_quote(std::uint8_t* ip,
                     std::uint8_t* ports,
                     bool ipv4,
                     const engine::Translation& to,
                     ChecksumDelta& delta) {
    if (ipv4) {
        delta.store(ip + ipv4::kSource, to.destination_address.ipv4());
        delta.store(ip + ipv4::kDestination, to.source_address.ipv4());
        delta.store16(ip + ipv4::kChecksum, 0);
        delta.store16(ip + ipv4::kChecksum, checksum({ip, static_cast<std::size_t>(ports - ip)}));
    } else {
        delta.store(ip + ipv6::kSource, to.destination_address.ipv6());
        delta.store(ip + ipv6::kDestination, to.source_address.ipv6());
    }
    delta.store16(ports + transport::kSourcePort, to.destination_port);
    delta.store16(ports + transport::kDestinationPort, to.source_port);
}

}  // namespace

IcmpError port_unreachable(model::Family family) noexcept {
    return family == model::Family::ipv4
               ? IcmpError{icmp::kDestinationUnreachable, icmp::kPortUnreachable}
               : IcmpError{icmpv6::kDestinationUnreachable, icmpv6::kPortUnreachable};
}

IcmpError time_exceeded(model::Family family) noexcept {
    return family == model::Family::ipv4 ? IcmpError{icmp::kTimeExceeded}
                                         : IcmpError{icmpv6::kTimeExceeded};
}

IcmpError too_big(model::Family family, std::uint32_t mtu) noexcept {
    return family == model::Family::ipv4
               ? IcmpError{icmp::kDestinationUnreachable, icmp::kFragmentationNeeded, mtu}
               : IcmpError{icmpv6::kPacketTooBig, 0, mtu};
}

IcmpError read_icmp_error(const rte_mbuf& frame, const PacketLayout& layout) noexcept {
    const auto* message =
        rte_pktmbuf_mtod_offset(&frame, const std::uint8_t*, layout.transport_offset);
    return {.type = message[icmp::kType],
            .code = message[icmp::kCode],
            .mtu = layout.is_ipv4() ? load_be16(message + icmp::kNextHopMtu)
                                    : load_be32(message + icmpv6::kMtu)};
}

bool turn_into_icmp_error(rte_mbuf& frame,
                          PacketLayout& layout,
                          const IcmpError& error,
                          const model::IpAddress& source,
                          std::uint16_t identification) noexcept {
    const bool ipv4 = layout.is_ipv4();
    const std::size_t ip_header = ipv4 ? ipv4::kHeaderBytesMin : ipv6::kHeaderBytes;
    const std::size_t headers = ip_header + icmp::kHeaderBytes;
    std::array<std::uint8_t, ethernet::kHeaderBytes + ethernet::kVlanTagBytes> link;
    if (rte_pktmbuf_headroom(&frame) < headers || layout.ip_offset > link.size()) {
        return false;
    }
    std::memcpy(link.data(), bytes_at(frame, 0), layout.ip_offset);
    if (layout.ip_offset != 0) {
        std::swap_ranges(link.begin() + ethernet::kDestination,
                         link.begin() + ethernet::kDestination + ethernet::kMacBytes,
                         link.begin() + ethernet::kSource);
    }
    const std::uint8_t* packet = bytes_at(frame, layout.ip_offset);
    const Ends ends{.source = source,
                    .destination = ipv4 ? model::IpAddress(load_ipv4(packet + ipv4::kSource))
                                        : model::IpAddress(load_ipv6(packet + ipv6::kSource))};
    const auto tos =
        static_cast<std::uint8_t>((packet[ipv4::kTos] & kTosMask) | kInternetworkControl);
    const std::size_t quoted =
        std::min<std::size_t>(layout.ip_length, (ipv4 ? kErrorBytesMax : ipv6::kMtuMin) - headers);
    trim(frame, layout.ip_offset, quoted);
    rte_pktmbuf_prepend(&frame, static_cast<std::uint16_t>(headers));
    std::memcpy(bytes_at(frame, 0), link.data(), layout.ip_offset);

    std::uint8_t* ip = bytes_at(frame, layout.ip_offset);
    std::uint8_t* message = ip + ip_header;
    const std::size_t message_bytes = icmp::kHeaderBytes + quoted;
    fill_message(message, error, ipv4);
    if (ipv4) {
        fill_ipv4(ip, ends, message_bytes, tos, identification);
        store_be16(message + icmp::kChecksum, checksum({message, message_bytes}));
    } else {
        fill_ipv6(ip, ends, message_bytes);
        store_be16(message + icmp::kChecksum, icmpv6_checksum(ip, message_bytes));
    }
    layout.ip_length = static_cast<std::uint16_t>(ip_header + message_bytes);
    layout.transport_offset = static_cast<std::uint16_t>(layout.ip_offset + ip_header);
    layout.ip_protocol = ipv4 ? ip_protocol::kIcmp : ip_protocol::kIcmpv6;
    return true;
}

void translate_icmp_error(rte_mbuf& frame,
                          const ParsedFrame& parsed,
                          const engine::Translation& to,
                          engine::Direction direction) noexcept {
    std::uint8_t* ip = bytes_at(frame, parsed.ip_offset);
    const bool ipv4 = parsed.is_ipv4();
    const model::IpAddress sender = ipv4 ? model::IpAddress(load_ipv4(ip + ipv4::kSource))
                                         : model::IpAddress(load_ipv6(ip + ipv6::kSource));
    const bool speaks_for_end =
        direction == engine::Direction::to_client || sender == parsed.packet.source_address;
    const model::IpAddress& source = speaks_for_end ? to.source_address : sender;

    ChecksumDelta message;
    if (ipv4) {
        ChecksumDelta header;
        header.store(ip + ipv4::kSource, source.ipv4());
        header.store(ip + ipv4::kDestination, to.destination_address.ipv4());
        header.apply(ip + ipv4::kChecksum);
    } else {
        message.store(ip + ipv6::kSource, source.ipv6());
        message.store(ip + ipv6::kDestination, to.destination_address.ipv6());
    }
    translate_quote(bytes_at(frame, parsed.quote.ip_offset),
                    bytes_at(frame, parsed.quote.transport_offset),
                    ipv4,
                    to,
                    message);
    message.apply(bytes_at(frame, parsed.transport_offset) + icmp::kChecksum);
}

void uncover_quote(rte_mbuf& frame, ParsedFrame& parsed) noexcept {
    const std::uint16_t before = parsed.quote.ip_offset;
    trim(frame, parsed.ip_offset, parsed.ip_length);
    rte_pktmbuf_adj(&frame, before);
    static_cast<PacketLayout&>(parsed) = parsed.quote;
    parsed.ip_offset = 0;
    parsed.transport_offset = static_cast<std::uint16_t>(parsed.transport_offset - before);
}

}  // namespace fpvs::slowpath
