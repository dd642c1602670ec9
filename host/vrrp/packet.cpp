// SPDX-License-Identifier: Apache-2.0
#include "host/vrrp/packet.hpp"

#include <algorithm>

#include "host/model/limits.hpp"
#include "host/util/check.hpp"

namespace fpvs::vrrp {
namespace {

using Bytes = std::span<const std::uint8_t>;

constexpr std::size_t kIpHeaderBytes = 20;
constexpr std::size_t kVrrpHeaderBytes = 8;
constexpr std::size_t kAddressBytes = 4;
constexpr std::size_t kChecksumOffset = 6;     // In the VRRP message.
constexpr std::uint8_t kTypeOfService = 0xc0;  // Network control (RFC 9568 leaves it open).
constexpr std::uint8_t kTtl = 255;
constexpr std::uint8_t kTypeAdvertisement = 1;
constexpr std::uint16_t kMoreFragmentsOrOffset = 0x3fff;
constexpr std::uint32_t kIntervalMaskV3 = 0x0fff;
constexpr std::uint32_t kCentisecondsPerSecond = 100;

std::uint16_t be16_at(Bytes bytes, std::size_t offset) {
    return static_cast<std::uint16_t>(bytes[offset] << 8 | bytes[offset + 1]);
}

model::Ipv4 ipv4_at(Bytes bytes, std::size_t offset) {
    return {std::uint32_t{be16_at(bytes, offset)} << 16 | be16_at(bytes, offset + 2)};
}

void append_be16(std::vector<std::uint8_t>& bytes, std::uint32_t value) {
    bytes.push_back(static_cast<std::uint8_t>(value >> 8));
    bytes.push_back(static_cast<std::uint8_t>(value));
}

void append(std::vector<std::uint8_t>& bytes, model::Ipv4 address) {
    append_be16(bytes, address.value >> 16);
    append_be16(bytes, address.value & 0xffff);
}

void put_be16(std::span<std::uint8_t> bytes, std::size_t offset, std::uint16_t value) {
    bytes[offset] = static_cast<std::uint8_t>(value >> 8);
    bytes[offset + 1] = static_cast<std::uint8_t>(value);
}

// The Internet checksum (RFC 1071) over what `sum` began and `bytes`; 0 verifies.
std::uint16_t checksum(Bytes bytes, std::uint32_t sum = 0) {
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

// The sum of the pseudo-header, which keepalived and FRR put under the checksum of v3 on IPv4 too.
std::uint32_t pseudo_header_sum(model::Ipv4 source, model::Ipv4 destination, std::size_t length) {
    return (source.value >> 16) + (source.value & 0xffff) + (destination.value >> 16) +
           (destination.value & 0xffff) + kProtocol + static_cast<std::uint32_t>(length);
}

std::size_t message_bytes(std::uint8_t version, std::size_t address_count) {
    return kVrrpHeaderBytes + kAddressBytes * address_count + (version == 2 ? kPasswordBytes : 0);
}

void append_ip_header(std::vector<std::uint8_t>& packet,
                      std::size_t total_length,
                      std::uint16_t identification,
                      model::Ipv4 source) {
    packet.insert(packet.end(), {0x45, kTypeOfService});
    append_be16(packet, static_cast<std::uint32_t>(total_length));
    append_be16(packet, identification);
    packet.insert(packet.end(), {0, 0, kTtl, kProtocol, 0, 0});
    append(packet, source);
    append(packet, kGroup);
    put_be16(packet, 10, checksum(packet));
}

void append_message(std::vector<std::uint8_t>& packet, const Advert& advert) {
    packet.push_back(static_cast<std::uint8_t>(advert.version << 4 | kTypeAdvertisement));
    packet.push_back(advert.virtual_router_id);
    packet.push_back(advert.priority);
    packet.push_back(static_cast<std::uint8_t>(advert.addresses.size()));
    if (advert.version == 2) {
        packet.push_back(advert.authentication_type);
        packet.push_back(static_cast<std::uint8_t>(advert.interval_cs / kCentisecondsPerSecond));
    } else {
        append_be16(packet, advert.interval_cs & kIntervalMaskV3);
    }
    append_be16(packet, 0);
    for (const model::Ipv4 address : advert.addresses) {
        append(packet, address);
    }
    if (advert.version == 2) {
        packet.insert(packet.end(), advert.password.begin(), advert.password.end());
    }
}

// The VRRP message of an IPv4 packet, or what is wrong with the packet around it.
tl::expected<Bytes, Refusal> message_of(Bytes packet) {
    if (packet.size() < kIpHeaderBytes || packet[0] >> 4 != 4) {
        return tl::unexpected(Refusal::malformed_ip);
    }
    const std::size_t header_bytes = std::size_t{packet[0] & 0x0fu} * 4;
    const std::size_t total_bytes = be16_at(packet, 2);
    if (header_bytes < kIpHeaderBytes || total_bytes < header_bytes ||
        total_bytes > packet.size() || packet[9] != kProtocol ||
        (be16_at(packet, 6) & kMoreFragmentsOrOffset) != 0) {
        return tl::unexpected(Refusal::malformed_ip);
    }
    return packet.subspan(header_bytes, total_bytes - header_bytes);
}

bool checksum_holds(Bytes message, std::uint8_t version, Bytes packet) {
    if (checksum(message) == 0) {
        return true;
    }
    // RFC 9568 5.2.8 leaves the pseudo-header out on IPv4, the implementations put it in.
    return version == 3 &&
           checksum(message,
                    pseudo_header_sum(ipv4_at(packet, 12), ipv4_at(packet, 16), message.size())) ==
               0;
}

}  // namespace

std::string_view name(Refusal refusal) {
    static constexpr std::array<std::string_view, kRefusals> kNames = {
        "malformed_ip",
        "wrong_ttl",
        "truncated",
        "trailing_bytes",
        "wrong_version",
        "wrong_type",
        "wrong_checksum",
        "unknown_router",
        "wrong_authentication",
        "wrong_password",
        "wrong_addresses",
        "own_address",
        "wrong_interval",
    };
    return kNames[static_cast<std::size_t>(refusal)];
}

std::vector<std::uint8_t> encode(const Advert& advert,
                                 model::Ipv4 source,
                                 std::uint16_t identification) {
    FPVS_CHECK(advert.version == 2 || advert.version == 3, "version {}", advert.version);
    FPVS_CHECK(advert.addresses.size() <= model::kVirtualAddressesMax,
               "{} addresses",
               advert.addresses.size());
    const std::size_t length = message_bytes(advert.version, advert.addresses.size());
    std::vector<std::uint8_t> packet;
    packet.reserve(kIpHeaderBytes + length);
    append_ip_header(packet, kIpHeaderBytes + length, identification, source);
    append_message(packet, advert);
    const std::uint32_t start = advert.version == 3 ? pseudo_header_sum(source, kGroup, length) : 0;
    put_be16(packet,
             kIpHeaderBytes + kChecksumOffset,
             checksum(Bytes(packet).subspan(kIpHeaderBytes), start));
    return packet;
}

tl::expected<ReceivedAdvert, Refusal> decode(std::span<const std::uint8_t> packet) {
    const auto found = message_of(packet);
    if (!found) {
        return tl::unexpected(found.error());
    }
    const Bytes message = *found;
    if (packet[8] != kTtl) {
        return tl::unexpected(Refusal::wrong_ttl);
    }
    if (message.size() < kVrrpHeaderBytes) {
        return tl::unexpected(Refusal::truncated);
    }
    ReceivedAdvert received{.source = ipv4_at(packet, 12), .advert = {}};
    Advert& advert = received.advert;
    advert.version = message[0] >> 4;
    if (advert.version != 2 && advert.version != 3) {
        return tl::unexpected(Refusal::wrong_version);
    }
    if ((message[0] & 0x0f) != kTypeAdvertisement) {
        return tl::unexpected(Refusal::wrong_type);
    }
    const std::size_t address_count = message[3];
    const std::size_t expected_bytes = message_bytes(advert.version, address_count);
    if (message.size() != expected_bytes) {
        return tl::unexpected(message.size() < expected_bytes ? Refusal::truncated
                                                              : Refusal::trailing_bytes);
    }
    if (!checksum_holds(message, advert.version, packet)) {
        return tl::unexpected(Refusal::wrong_checksum);
    }
    advert.virtual_router_id = message[1];
    advert.priority = message[2];
    for (std::size_t i = 0; i < address_count; ++i) {
        advert.addresses.push_back(ipv4_at(message, kVrrpHeaderBytes + kAddressBytes * i));
    }
    if (advert.version == 3) {
        advert.interval_cs = be16_at(message, 4) & kIntervalMaskV3;
        return received;
    }
    advert.authentication_type = message[4];
    advert.interval_cs = message[5] * kCentisecondsPerSecond;
    std::copy(message.end() - kPasswordBytes, message.end(), advert.password.begin());
    return received;
}

std::optional<std::uint8_t> virtual_router_id_of(std::span<const std::uint8_t> packet) {
    const auto message = message_of(packet);
    if (!message || message->size() < 2) {
        return std::nullopt;
    }
    return (*message)[1];
}

std::array<std::uint8_t, kArpFrameBytes> gratuitous_arp(model::MacAddress mac,
                                                        model::Ipv4 address) {
    std::vector<std::uint8_t> frame(6, 0xff);
    const auto append_mac = [&] {
        frame.insert(frame.end(), mac.octets.begin(), mac.octets.end());
    };
    append_mac();
    append_be16(frame, 0x0806);  // ARP
    append_be16(frame, 1);       // on Ethernet
    append_be16(frame, 0x0800);  // for IPv4,
    frame.insert(frame.end(), {6, 4});
    append_be16(frame, 1);  // a request.
    append_mac();
    append(frame, address);
    frame.insert(frame.end(), 6, 0xff);
    append(frame, address);
    std::array<std::uint8_t, kArpFrameBytes> bytes{};
    FPVS_CHECK(frame.size() == bytes.size(), "{}", frame.size());
    std::copy(frame.begin(), frame.end(), bytes.begin());
    return bytes;
}

}  // namespace fpvs::vrrp
