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
    (void)vrrp::virtual_router_id_of(packet);
    const auto received = vrrp::decode(packet);
    if (!received || received->advert.addresses.size() > model::kVirtualAddressesMax) {
        return;  // Of longer ones we are never the sender.
    }
    const auto again = vrrp::decode(vrrp::encode(received->advert, received->source, 1));
    FPVS_CHECK(again.has_value(), "{}", vrrp::name(again.error()));
    FPVS_CHECK(again->advert == received->advert, "another advert");
}

// Past the IP header and the checksum, where chance alone would seldom get.
Bytes packet_around(std::span<const std::uint8_t> message) {
    const std::size_t total = 20 + message.size();
    Bytes packet = {0x45,
                    0xc0,
                    static_cast<std::uint8_t>(total >> 8),
                    static_cast<std::uint8_t>(total),
                    0,
                    1,
                    0,
                    0,
                    255,
                    112,
                    0,
                    0,
                    192,
                    168,
                    113,
                    148,
                    224,
                    0,
                    0,
                    18};
    packet.insert(packet.end(), message.begin(), message.end());
    if (message.size() < 8) {
        return packet;
    }
    packet[26] = packet[27] = 0;
    std::uint32_t sum = 0;
    for (std::size_t i = 20; i < packet.size(); ++i) {
        sum += static_cast<std::uint32_t>(packet[i] << (i % 2 == 0 ? 8 : 0));
    }
    while (sum > 0xffff) {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    packet[26] = static_cast<std::uint8_t>(~sum >> 8);
    packet[27] = static_cast<std::uint8_t>(~sum);
    return packet;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::span bytes(data, std::min(size, kMessageBytesMax));
    read_and_write(bytes);
    read_and_write(packet_around(bytes));
    return 0;
}
