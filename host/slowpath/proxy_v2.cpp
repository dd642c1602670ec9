// SPDX-License-Identifier: Apache-2.0
#include "host/slowpath/proxy_v2.hpp"

#include <algorithm>

#include "host/slowpath/bytes.hpp"
#include "host/slowpath/frame_edit.hpp"
#include "host/slowpath/headers.hpp"
#include "host/slowpath/insert.hpp"
#include "host/slowpath/tcp_options.hpp"

namespace fpvs::slowpath {
namespace {

constexpr std::array<std::uint8_t, 12> kSignature = {
    0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a};
constexpr std::uint8_t kVersionAndProxy = 0x21;
constexpr std::uint8_t kTcpOverIpv4 = 0x11;
constexpr std::uint8_t kTcpOverIpv6 = 0x21;
constexpr std::size_t kVersionAt = 12;
constexpr std::size_t kFamilyAt = 13;
constexpr std::size_t kLengthAt = 14;
constexpr std::size_t kAddressesAt = 16;
constexpr std::size_t kIpv4AddressesBytes = 12;
constexpr std::size_t kIpv6AddressesBytes = 36;

}  // namespace

std::size_t proxy_header_bytes(model::Family client_family) noexcept {
    return kAddressesAt +
           (client_family == model::Family::ipv4 ? kIpv4AddressesBytes : kIpv6AddressesBytes);
}

ProxyHeader::ProxyHeader(const model::IpAddress& client,
                         std::uint16_t client_port,
                         const model::IpAddress& service,
                         std::uint16_t service_port) noexcept
    : size_(proxy_header_bytes(client.family)) {
    std::copy(kSignature.begin(), kSignature.end(), bytes_.begin());
    bytes_[kVersionAt] = kVersionAndProxy;
    bytes_[kFamilyAt] = client.is_ipv4() ? kTcpOverIpv4 : kTcpOverIpv6;
    store_be16(&bytes_[kLengthAt], static_cast<std::uint16_t>(size_ - kAddressesAt));
    std::uint8_t* at = &bytes_[kAddressesAt];
    for (const model::IpAddress* address : {&client, &service}) {
        if (client.is_ipv4()) {
            store_be32(at, address->ipv4().value);
            at += sizeof(std::uint32_t);
        } else {
            store_ipv6(at, address->ipv6());
            at += ipv6::kAddressBytes;
        }
    }
    store_be16(at, client_port);
    store_be16(at + sizeof client_port, service_port);
}

bool insert_proxy_header(rte_mbuf& frame,
                         PacketLayout& layout,
                         const ProxyHeader& header) noexcept {
    const std::size_t tcp_header = tcp_header_bytes(bytes_at(frame, layout.transport_offset));
    return insert_into_tcp(frame, layout, layout.transport_offset + tcp_header, header.bytes());
}

}  // namespace fpvs::slowpath
