// SPDX-License-Identifier: Apache-2.0
#include "host/slowpath/insert.hpp"

#include <cstring>
#include <limits>

#include "host/slowpath/bytes.hpp"
#include "host/slowpath/checksum.hpp"
#include "host/slowpath/checksum_delta.hpp"
#include "host/slowpath/frame_edit.hpp"
#include "host/slowpath/headers.hpp"

namespace fpvs::slowpath {

bool insert_into_tcp(rte_mbuf& frame,
                     PacketLayout& layout,
                     std::size_t offset,
                     std::span<const std::uint8_t> bytes) noexcept {
    const std::size_t length = layout.ip_length + bytes.size();
    if (rte_pktmbuf_headroom(&frame) < bytes.size() ||
        length > std::numeric_limits<std::uint16_t>::max()) {
        return false;
    }
    rte_pktmbuf_prepend(&frame, static_cast<std::uint16_t>(bytes.size()));
    std::uint8_t* start = bytes_at(frame, 0);
    std::memmove(start, start + bytes.size(), offset);
    std::memcpy(start + offset, bytes.data(), bytes.size());

    // The pseudo-header has the length of the TCP packet, in either family.
    const std::size_t header = layout.ip_header_bytes();
    ChecksumDelta segment;
    segment.add(ones_sum(bytes));
    segment.subtract(static_cast<std::uint16_t>(layout.ip_length - header));
    segment.add(static_cast<std::uint16_t>(length - header));
    segment.apply(start + layout.transport_offset + tcp::kChecksum);

    std::uint8_t* ip = start + layout.ip_offset;
    layout.ip_length = static_cast<std::uint16_t>(length);
    if (layout.is_ipv4()) {
        ChecksumDelta delta;
        delta.store16(ip + ipv4::kTotalLength, layout.ip_length);
        delta.apply(ip + ipv4::kChecksum);
    } else {
        store_be16(ip + ipv6::kPayloadLength,
                   static_cast<std::uint16_t>(length - ipv6::kHeaderBytes));
    }
    return true;
}

}  // namespace fpvs::slowpath
