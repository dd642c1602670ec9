// SPDX-License-Identifier: Apache-2.0
#include "host/vrrp/packet.hpp"

#include <algorithm>

#include "host/model/limits.hpp"
#include "host/util/check.hpp"
#include "host/vrrp/bytes.hpp"

namespace fpvs::vrrp {
namespace {

using Bytes = std::span<const std::uint8_t>;

constexpr std::size_t kVrrpHeaderBytes = 8;
constexpr std::size_t kChecksumOffset = 6;
constexpr std::uint8_t kTypeAdvertisement = 1;
constexpr std::uint32_t kIntervalMaskV3 = 0x0fff;
constexpr std::uint32_t kCentisecondsPerSecond = 100;

std::size_t message_bytes(std::uint8_t version, model::Family family, std::size_t address_count) {
    return kVrrpHeaderBytes + address_bytes(family) * address_count +
           (version == 2 ? kPasswordBytes : 0);
}

std::vector<std::uint8_t> message_of(const Advert& advert) {
    std::vector<std::uint8_t> message = {
        static_cast<std::uint8_t>(advert.version << 4 | kTypeAdvertisement),
        advert.virtual_router_id,
        advert.priority,
        static_cast<std::uint8_t>(advert.addresses.size())};
    if (advert.version == 2) {
        message.push_back(advert.authentication_type);
        message.push_back(static_cast<std::uint8_t>(advert.interval_cs / kCentisecondsPerSecond));
    } else {
        append_be16(message, advert.interval_cs & kIntervalMaskV3);
    }
    append_be16(message, 0);
    for (const model::IpAddress& address : advert.addresses) {
        append(message, address);
    }
    if (advert.version == 2) {
        message.insert(message.end(), advert.password.begin(), advert.password.end());
    }
    return message;
}

bool checksum_holds(const EnvelopedMessage& received, std::uint8_t version) {
    const bool is_ipv4 = received.envelope.source.is_ipv4();
    if (is_ipv4 && checksum(received.message) == 0) {
        return true;
    }
    return version == 3 &&
           checksum(received.message,
                    pseudo_header_sum(received.envelope, kProtocol, received.message.size())) == 0;
}

// What is wrong before the message can be read field by field.
std::optional<Refusal> fault_of(const EnvelopedMessage& received) {
    const Bytes message = received.message;
    const model::Family family = received.envelope.source.family;
    if (message.size() < kVrrpHeaderBytes) {
        return Refusal::truncated;
    }
    const auto version = static_cast<std::uint8_t>(message[0] >> 4);
    if (version != 3 && (version != 2 || family == model::Family::ipv6)) {
        return Refusal::wrong_version;
    }
    if ((message[0] & 0x0f) != kTypeAdvertisement) {
        return Refusal::wrong_type;
    }
    const std::size_t expected_bytes = message_bytes(version, family, message[3]);
    if (message.size() != expected_bytes) {
        return message.size() < expected_bytes ? Refusal::truncated : Refusal::trailing_bytes;
    }
    if (!checksum_holds(received, version)) {
        return Refusal::wrong_checksum;
    }
    return std::nullopt;
}

}  // namespace

std::vector<std::uint8_t> encode(const Advert& advert,
                                 const Envelope& envelope,
                                 Ipv4Checksum ipv4_checksum) {
    FPVS_CHECK(advert.version == 2 || advert.version == 3, "version {}", advert.version);
    FPVS_CHECK(advert.addresses.size() <= model::kVirtualAddressesMax,
               "{} addresses",
               advert.addresses.size());
    std::vector<std::uint8_t> message = message_of(advert);
    const bool pseudo_header =
        envelope.source.is_ipv6() ||
        (advert.version == 3 && ipv4_checksum == Ipv4Checksum::with_pseudo_header);
    put_be16(message,
             kChecksumOffset,
             checksum(message,
                      pseudo_header ? pseudo_header_sum(envelope, kProtocol, message.size()) : 0));
    std::vector<std::uint8_t> packet = ip_header(envelope, message.size());
    packet.insert(packet.end(), message.begin(), message.end());
    return packet;
}

tl::expected<ReceivedAdvert, Refusal> decode(Bytes packet) {
    const auto opened = open_envelope(packet);
    if (!opened) {
        return tl::unexpected(opened.error());
    }
    if (const auto fault = fault_of(*opened)) {
        return tl::unexpected(*fault);
    }
    const Bytes message = opened->message;
    const model::Family family = opened->envelope.source.family;
    ReceivedAdvert received{.envelope = opened->envelope, .advert = {}};
    Advert& advert = received.advert;
    advert.version = message[0] >> 4;
    advert.virtual_router_id = message[1];
    advert.priority = message[2];
    for (std::size_t i = 0; i < message[3]; ++i) {
        advert.addresses.push_back(
            address_at(message, kVrrpHeaderBytes + address_bytes(family) * i, family));
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

std::optional<Addressee> addressee_of(Bytes packet) {
    const auto opened = open_envelope(packet);
    if (!opened || opened->message.size() < 2) {
        return std::nullopt;
    }
    return Addressee{.family = opened->envelope.source.family,
                     .virtual_router_id = opened->message[1]};
}

}  // namespace fpvs::vrrp
