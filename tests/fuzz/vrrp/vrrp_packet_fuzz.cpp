// SPDX-License-Identifier: Apache-2.0
// Any bytes as a packet, and any bytes as the message of a packet whose header and checksum are
// right: no crash, what is accepted survives being written and read again, and nothing gets past an
// Authentication Header without its key.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "host/model/limits.hpp"
#include "host/util/check.hpp"
#include "host/vrrp/admission.hpp"
#include "host/vrrp/packet.hpp"
#include "host/vrrp/seal.hpp"

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

constexpr std::string_view kKey = "not told";

// As an instance would judge it; whatever was not sealed with the key is not let in.
void knock(std::span<const std::uint8_t> packet) {
    model::VrrpInstance instance;
    instance.virtual_router_id = 51;
    instance.authentication = model::VrrpAuthentication::header;
    instance.password = kKey;
    const auto received = vrrp::decode(packet);
    if (received && !vrrp::refusal_of(instance, *received)) {
        FPVS_CHECK(received->envelope.sequence.has_value(), "let in without a seal");
        FPVS_CHECK(!vrrp::seal_holds(packet, kKey), "somebody guessed an HMAC");
    } else if (received) {
        (void)vrrp::describe(
            vrrp::refusal_of(instance, *received).value_or(vrrp::Refusal::wrong_seal),
            instance,
            *received);
    }
}

// The same message behind a header whose digest is made with another key.
void seal_and_knock(const Bytes& plain) {
    const Bytes sealed = vrrp::seal(plain, 7, "another");
    FPVS_CHECK(vrrp::seal_holds(sealed, "another"), "its own seal does not hold");
    knock(sealed);
    const auto with = vrrp::decode(sealed);
    const auto without = vrrp::decode(plain);
    FPVS_CHECK(with.has_value() == without.has_value(), "the header changes what is read");
    FPVS_CHECK(!with || with->advert == without->advert, "another advert");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::span bytes(data, std::min(size, kMessageBytesMax));
    read_and_write(bytes);
    knock(bytes);
    const Bytes plain = packet_around(
        bytes,
        {.source = model::Ipv4{0xc0a87194}, .destination = vrrp::group_of(model::Family::ipv4)});
    read_and_write(plain);
    if (!bytes.empty()) {
        seal_and_knock(plain);
    }
    read_and_write(packet_around(bytes,
                                 {.source = model::Ipv6{{0xfe800000, 0, 0xff, 0xfe001394}},
                                  .destination = vrrp::group_of(model::Family::ipv6)}));
    return 0;
}
