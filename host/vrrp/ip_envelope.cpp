// SPDX-License-Identifier: Apache-2.0
#include "host/vrrp/ip_envelope.hpp"

#include "host/util/check.hpp"
#include "host/vrrp/bytes.hpp"

namespace fpvs::vrrp {
namespace {

using Bytes = std::span<const std::uint8_t>;

constexpr std::size_t kIpv4HeaderBytes = 20;
constexpr std::size_t kIpv6HeaderBytes = 40;
constexpr std::uint8_t kTrafficClass = 0xc0;  // Network control (RFC 9568 leaves it open).
constexpr std::uint16_t kMoreFragmentsOrOffset = 0x3fff;
constexpr std::uint32_t kFlowLabelMask = 0xfffff;

std::vector<std::uint8_t> ipv4_header(const Envelope& envelope, std::size_t message_bytes) {
    std::vector<std::uint8_t> header = {0x45, kTrafficClass};
    append_be16(header, static_cast<std::uint32_t>(kIpv4HeaderBytes + message_bytes));
    append_be16(header, envelope.identification & 0xffff);
    header.insert(header.end(), {0, 0, envelope.hop_limit, kProtocol, 0, 0});
    append(header, envelope.source);
    append(header, envelope.destination);
    put_be16(header, 10, checksum(header));
    return header;
}

std::vector<std::uint8_t> ipv6_header(const Envelope& envelope, std::size_t message_bytes) {
    std::vector<std::uint8_t> header;
    append_be32(
        header,
        6u << 28 | std::uint32_t{kTrafficClass} << 20 | (envelope.identification & kFlowLabelMask));
    append_be16(header, static_cast<std::uint32_t>(message_bytes));
    header.insert(header.end(), {kProtocol, envelope.hop_limit});
    append(header, envelope.source);
    append(header, envelope.destination);
    return header;
}

// Takes the Authentication Header off what follows the IP header.
tl::expected<EnvelopedMessage, Refusal> open_seal(EnvelopedMessage sealed) {
    const Bytes header = sealed.message;
    if (header.size() < kSealBytes || header[0] != kProtocol || header[1] != kSealLengthWords) {
        return tl::unexpected(Refusal::malformed_ip);
    }
    sealed.envelope.sequence = std::uint32_t{be16_at(header, 8)} << 16 | be16_at(header, 10);
    sealed.message = header.subspan(kSealBytes);
    return sealed;
}

tl::expected<EnvelopedMessage, Refusal> open_ipv4(Bytes packet) {
    const std::size_t header_bytes = std::size_t{packet[0] & 0x0fu} * 4;
    const std::size_t total_bytes = be16_at(packet, 2);
    const std::uint8_t protocol = packet[9];
    if (header_bytes < kIpv4HeaderBytes || total_bytes < header_bytes ||
        total_bytes > packet.size() || (protocol != kProtocol && protocol != kProtocolSealed) ||
        (be16_at(packet, 6) & kMoreFragmentsOrOffset) != 0) {
        return tl::unexpected(Refusal::malformed_ip);
    }
    const EnvelopedMessage opened{
        .envelope = {.source = address_at(packet, 12, model::Family::ipv4),
                     .destination = address_at(packet, 16, model::Family::ipv4),
                     .hop_limit = packet[8],
                     .identification = be16_at(packet, 4)},
        .message = packet.subspan(header_bytes, total_bytes - header_bytes)};
    if (protocol == kProtocolSealed) {
        return open_seal(opened);
    }
    return opened;
}

tl::expected<EnvelopedMessage, Refusal> open_ipv6(Bytes packet) {
    if (packet.size() < kIpv6HeaderBytes) {
        return tl::unexpected(Refusal::malformed_ip);
    }
    const std::size_t message_bytes = be16_at(packet, 4);
    if (packet[6] != kProtocol || kIpv6HeaderBytes + message_bytes > packet.size()) {
        return tl::unexpected(Refusal::malformed_ip);
    }
    const std::uint32_t first_word = std::uint32_t{be16_at(packet, 0)} << 16 | be16_at(packet, 2);
    return EnvelopedMessage{.envelope = {.source = address_at(packet, 8, model::Family::ipv6),
                                         .destination = address_at(packet, 24, model::Family::ipv6),
                                         .hop_limit = packet[7],
                                         .identification = first_word & kFlowLabelMask},
                            .message = packet.subspan(kIpv6HeaderBytes, message_bytes)};
}

}  // namespace

model::IpAddress group_of(model::Family family) {
    if (family == model::Family::ipv4) {
        return model::Ipv4{0xe0000012};
    }
    return model::Ipv6{{0xff020000, 0, 0, 0x12}};
}

std::vector<std::uint8_t> ip_header(const Envelope& envelope, std::size_t message_bytes) {
    FPVS_CHECK(envelope.source.family == envelope.destination.family, "families differ");
    return envelope.source.is_ipv4() ? ipv4_header(envelope, message_bytes)
                                     : ipv6_header(envelope, message_bytes);
}

tl::expected<EnvelopedMessage, Refusal> open_envelope(Bytes packet) {
    if (packet.size() < kIpv4HeaderBytes) {
        return tl::unexpected(Refusal::malformed_ip);
    }
    switch (packet[0] >> 4) {
        case 4:
            return open_ipv4(packet);
        case 6:
            return open_ipv6(packet);
        default:
            return tl::unexpected(Refusal::malformed_ip);
    }
}

std::uint16_t checksum(Bytes bytes, std::uint32_t sum) {
    for (std::size_t i = 0; i + 1 < bytes.size(); i += 2) {
        sum += be16_at(bytes, i);
    }
    if (bytes.size() % 2 != 0) {
        sum += static_cast<std::uint32_t>(bytes.back() << 8);
    }
    while (sum > 0xffff) {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return static_cast<std::uint16_t>(~sum);
}

std::uint32_t pseudo_header_sum(const Envelope& envelope,
                                std::uint8_t protocol,
                                std::size_t message_bytes) {
    std::uint32_t sum = protocol + static_cast<std::uint32_t>(message_bytes);
    for (const model::IpAddress& address : {envelope.source, envelope.destination}) {
        for (const std::uint32_t word : address.words) {
            sum += (word >> 16) + (word & 0xffff);
        }
    }
    return sum;
}

}  // namespace fpvs::vrrp
