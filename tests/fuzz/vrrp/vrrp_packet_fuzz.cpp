// SPDX-License-Identifier: Apache-2.0
// Any bytes as a packet, and any bytes as the message of a packet whose header and checksum are
// right: no crash, and what is accepted survives being written and read again.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "host/model/limits.hpp"
#include "host/util/check.hpp"
#include "host/vrrp/packet.hpp"

namespace {

namespace model = fpvs::model;
namespace vrrp = fpvs::vrrp;

using Bytes = std::vector<std::uint8_t>;

constexpr std::size_t kMessageBytesMax = 1480;

void read_and_write(std::span<const std::uint8_t> packet) {
    (void)vrrp::addressee_of(packet);
    const auto received = vrrp::decode(packet);
    if (!received || received->advert.addresses.size() > model::kVirtualAddressesMax) {
        return;  // Of longer ones we are never the sender.
    }
    const auto again = vrrp::decode(vrrp::encode(received->advert, received->envelope));
    FPVS_CHECK(again.has_value(), "{}", vrrp::name(again.error()));
    FPVS_CHECK(again->advert == received->advert, "another advert");
}

// Past the IP header and the checksum, where chance alone would seldom get.
Bytes packet_around(std::span<const std::uint8_t> message, const vrrp::Envelope& envelope) {
    constexpr std::size_t kChecksumOffset = 6;
    Bytes packet = vrrp::ip_header(envelope, message.size());
    const std::size_t header_bytes = packet.size();
    packet.insert(packet.end(), message.begin(), message.end());
    if (message.size() < kChecksumOffset + 2) {
        return packet;
    }
    const auto sealed = std::span(packet).subspan(header_bytes);
    sealed[kChecksumOffset] = sealed[kChecksumOffset + 1] = 0;
    const bool pseudo_header = envelope.source.is_ipv6();
    const std::uint16_t sum = vrrp::checksum(
        sealed,
        pseudo_header ? vrrp::pseudo_header_sum(envelope, vrrp::kProtocol, message.size()) : 0);
    sealed[kChecksumOffset] = static_cast<std::uint8_t>(sum >> 8);
    sealed[kChecksumOffset + 1] = static_cast<std::uint8_t>(sum);
    return packet;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::span bytes(data, std::min(size, kMessageBytesMax));
    read_and_write(bytes);
    read_and_write(packet_around(
        bytes,
        {.source = model::Ipv4{0xc0a87194}, .destination = vrrp::group_of(model::Family::ipv4)}));
    read_and_write(packet_around(bytes,
                                 {.source = model::Ipv6{{0xfe800000, 0, 0xff, 0xfe001394}},
                                  .destination = vrrp::group_of(model::Family::ipv6)}));
    return 0;
}
