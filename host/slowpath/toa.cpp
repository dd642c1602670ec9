// SPDX-License-Identifier: Apache-2.0
#include "host/slowpath/toa.hpp"

#include <array>
#include <span>

#include "host/slowpath/bytes.hpp"
#include "host/slowpath/checksum_delta.hpp"
#include "host/slowpath/frame_edit.hpp"
#include "host/slowpath/headers.hpp"
#include "host/slowpath/insert.hpp"
#include "host/slowpath/tcp_options.hpp"

namespace fpvs::slowpath {
namespace {

constexpr std::uint8_t kKind = 254;
constexpr std::size_t kPortAt = 2;
constexpr std::size_t kAddressAt = 4;
constexpr std::size_t kIpv4Bytes = 8;
constexpr std::size_t kIpv6Bytes = 20;

}  // namespace

std::size_t toa_bytes(model::Family client_family) noexcept {
    return client_family == model::Family::ipv4 ? kIpv4Bytes : kIpv6Bytes;
}

bool insert_toa(rte_mbuf& frame,
                PacketLayout& layout,
                const model::IpAddress& client,
                std::uint16_t port) noexcept {
    std::array<std::uint8_t, kIpv6Bytes> option{};
    const std::size_t size = toa_bytes(client.family);
    option[0] = kKind;
    option[1] = static_cast<std::uint8_t>(size);
    store_be16(&option[kPortAt], port);
    if (client.is_ipv4()) {
        store_be32(&option[kAddressAt], client.ipv4().value);
    } else {
        store_ipv6(&option[kAddressAt], client.ipv6());
    }
    const std::size_t header = tcp_header_bytes(bytes_at(frame, layout.transport_offset)) + size;
    if (header > tcp::kHeaderBytesMax ||
        !insert_into_tcp(frame,
                         layout,
                         layout.transport_offset + tcp::kHeaderBytesMin,
                         std::span(option).first(size))) {
        return false;
    }
    std::uint8_t* segment = bytes_at(frame, layout.transport_offset);
    const auto offset_and_flags = static_cast<std::uint16_t>(
        header / 4 << 12 | (load_be16(segment + tcp::kDataOffset) & 0xfff));
    ChecksumDelta delta;
    delta.store16(segment + tcp::kDataOffset, offset_and_flags);
    delta.apply(segment + tcp::kChecksum);
    return true;
}

}  // namespace fpvs::slowpath
