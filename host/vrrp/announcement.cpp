// SPDX-License-Identifier: Apache-2.0
#include "host/vrrp/announcement.hpp"

#include "host/vrrp/bytes.hpp"
#include "host/vrrp/ip_envelope.hpp"

namespace fpvs::vrrp {
namespace {

constexpr std::uint8_t kIcmpv6 = 58;
constexpr std::uint8_t kNeighbourAdvertisement = 136;
constexpr std::uint32_t kOverride = 0x20000000;
constexpr std::uint8_t kTargetLinkLayerAddress = 2;
constexpr std::size_t kIcmpChecksumOffset = 2;
constexpr model::IpAddress kAllNodes = model::Ipv6{{0xff020000, 0, 0, 1}};

std::vector<std::uint8_t> gratuitous_arp(model::MacAddress mac, const model::IpAddress& address) {
    std::vector<std::uint8_t> frame(6, 0xff);
    append(frame, mac);
    append_be16(frame, 0x0806);  // ARP
    append_be16(frame, 1);       // on Ethernet
    append_be16(frame, 0x0800);  // for IPv4,
    frame.insert(frame.end(), {6, 4});
    append_be16(frame, 1);  // a request.
    append(frame, mac);
    append(frame, address);
    frame.insert(frame.end(), 6, 0xff);
    append(frame, address);
    return frame;
}

std::vector<std::uint8_t> neighbour_advertisement(model::MacAddress mac,
                                                  const model::IpAddress& address) {
    std::vector<std::uint8_t> message = {kNeighbourAdvertisement, 0, 0, 0};
    append_be32(message, kOverride);
    append(message, address);
    message.insert(message.end(), {kTargetLinkLayerAddress, 1});  // In units of eight octets.
    append(message, mac);
    const Envelope envelope{.source = address, .destination = kAllNodes};
    put_be16(message,
             kIcmpChecksumOffset,
             checksum(message, pseudo_header_sum(envelope, kIcmpv6, message.size())));

    std::vector<std::uint8_t> frame = {0x33, 0x33, 0, 0, 0, 1};
    append(frame, mac);
    append_be16(frame, 0x86dd);
    append_be32(frame, 6u << 28);
    append_be16(frame, static_cast<std::uint32_t>(message.size()));
    frame.insert(frame.end(), {kIcmpv6, kHopLimit});
    append(frame, address);
    append(frame, kAllNodes);
    frame.insert(frame.end(), message.begin(), message.end());
    return frame;
}

}  // namespace

std::vector<std::uint8_t> announcement(model::MacAddress mac, const model::IpAddress& address) {
    return address.is_ipv4() ? gratuitous_arp(mac, address) : neighbour_advertisement(mac, address);
}

}  // namespace fpvs::vrrp
