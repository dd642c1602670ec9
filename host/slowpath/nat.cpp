// SPDX-License-Identifier: Apache-2.0
#include "host/slowpath/nat.hpp"

#include <span>

#include "host/slowpath/bytes.hpp"
#include "host/slowpath/checksum.hpp"
#include "host/slowpath/checksum_delta.hpp"
#include "host/slowpath/crc32c.hpp"
#include "host/slowpath/frame_edit.hpp"
#include "host/slowpath/headers.hpp"

namespace fpvs::slowpath {
namespace {

// SCTP's checksum covers the ports, not the addresses (RFC 9260 6.8).
[[gnu::cold, gnu::noinline]] void translate_sctp(std::uint8_t* segment,
                                                 std::size_t length,
                                                 const engine::Translation& to) {
    const std::uint32_t before = load_be32(segment);
    store_be16(segment + transport::kSourcePort, to.source_port);
    store_be16(segment + transport::kDestinationPort, to.destination_port);
    change_crc32c(segment + sctp::kChecksum, before ^ load_be32(segment), length);
}

[[gnu::cold, gnu::noinline]] void compute_udp_checksum(const std::uint8_t* ip,
                                                       std::uint8_t* segment,
                                                       const PacketLayout& layout) {
    const std::size_t length = layout.ip_length - layout.ip_header_bytes();
    const std::span<const std::uint8_t> addresses =
        layout.is_ipv4() ? std::span(ip + ipv4::kSource, 2 * sizeof(std::uint32_t))
                         : std::span(ip + ipv6::kSource, 2 * ipv6::kAddressBytes);
    const std::uint64_t sum = std::uint64_t{ones_sum(addresses)} + ip_protocol::kUdp + length +
                              ones_sum({segment, length});
    store_be16(segment + udp::kChecksum, udp_checksum(fold(sum)));
}

}  // namespace

void translate(rte_mbuf& frame,
               const PacketLayout& layout,
               const engine::Translation& to) noexcept {
    std::uint8_t* ip = bytes_at(frame, layout.ip_offset);
    std::uint8_t* segment = bytes_at(frame, layout.transport_offset);
    ChecksumDelta delta;
    if (layout.is_ipv4()) {
        delta.store(ip + ipv4::kSource, to.source_address.ipv4());
        delta.store(ip + ipv4::kDestination, to.destination_address.ipv4());
        delta.apply(ip + ipv4::kChecksum);
    } else {
        delta.store(ip + ipv6::kSource, to.source_address.ipv6());
        delta.store(ip + ipv6::kDestination, to.destination_address.ipv6());
    }
    if (layout.ip_protocol == ip_protocol::kSctp) [[unlikely]] {
        return translate_sctp(segment, layout.ip_length - layout.ip_header_bytes(), to);
    }
    // Addresses count for TCP and UDP, too, by their pseudo-header.
    delta.store16(segment + transport::kSourcePort, to.source_port);
    delta.store16(segment + transport::kDestinationPort, to.destination_port);
    if (layout.ip_protocol == ip_protocol::kTcp) {
        delta.apply(segment + tcp::kChecksum);
    } else if (load_be16(segment + udp::kChecksum) != 0) {
        delta.apply_udp(segment + udp::kChecksum);
    } else {
        compute_udp_checksum(ip, segment, layout);
    }
}

}  // namespace fpvs::slowpath
