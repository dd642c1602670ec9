// SPDX-License-Identifier: Apache-2.0
#include "host/slowpath/fragmentation.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "host/slowpath/bytes.hpp"
#include "host/slowpath/checksum.hpp"
#include "host/slowpath/frame_edit.hpp"
#include "host/slowpath/headers.hpp"

namespace fpvs::slowpath {
namespace {

constexpr std::size_t kUnit = 8;  // Offsets count in these.

// What the fragments of a packet have in common.
struct Plan {
    std::size_t header_bytes = 0;   // Link and IP headers that each repeats.
    std::size_t extra_bytes = 0;    // IPv6: the fragment header behind them.
    std::size_t payload_bytes = 0;  // Of the packet, behind its header_bytes.
    std::size_t piece_bytes = 0;    // Of each but the last.
    std::size_t last_bytes_max = 0;
    std::size_t next_header_at = 0;  // IPv6: in the frame.
};

// IPv6's unfragmentable part (RFC 8200 4.5): up to a routing header, or to hop-by-hop options.
std::size_t unfragmentable_bytes(std::span<const std::uint8_t> packet, std::size_t& next_at) {
    std::size_t offset = ipv6::kHeaderBytes;
    next_at = ipv6::kNextHeader;
    std::uint8_t protocol = packet[ipv6::kNextHeader];
    bool routed = false;
    while (packet.size() - offset >= kUnit) {
        const bool goes_along = protocol == ip_protocol::kHopByHop ||
                                protocol == ip_protocol::kRouting ||
                                (protocol == ip_protocol::kDestinationOptions && !routed);
        const std::size_t length = (packet[offset + 1] + std::size_t{1}) * 8;
        if (!goes_along || packet.size() - offset < length) {
            break;
        }
        routed = routed || protocol == ip_protocol::kRouting;
        protocol = packet[offset];
        next_at = offset;
        offset += length;
    }
    return offset;
}

Plan make_plan(rte_mbuf& frame, const PacketLayout& layout, std::size_t bytes_max) {
    Plan plan;
    std::size_t ip_header = layout.ip_header_bytes();
    if (!layout.is_ipv4()) {
        std::size_t next_at = 0;
        ip_header =
            unfragmentable_bytes({bytes_at(frame, layout.ip_offset), layout.ip_length}, next_at);
        plan.next_header_at = layout.ip_offset + next_at;
        plan.extra_bytes = fragment_header::kBytes;
    }
    const std::size_t headers = ip_header + plan.extra_bytes;
    plan.header_bytes = layout.ip_offset + ip_header;
    plan.payload_bytes = layout.ip_length - ip_header;
    plan.last_bytes_max = bytes_max > headers ? bytes_max - headers : 0;
    plan.piece_bytes = plan.last_bytes_max / kUnit * kUnit;
    return plan;
}

// One fragment's part of the payload.
struct Slice {
    std::size_t offset = 0;
    std::size_t bytes = 0;
    bool more = false;
};

std::size_t count_pieces(const Plan& plan) {
    if (plan.piece_bytes == 0) {
        return 0;
    }
    std::size_t count = 1;
    for (std::size_t left = plan.payload_bytes; left > plan.last_bytes_max;
         left -= plan.piece_bytes) {
        ++count;
    }
    return count;
}

// The options that are not to be copied (RFC 791 3.1) give way to as many no-operations in all
// fragments but the first.
void blank_uncopied_options(std::uint8_t* ip, std::size_t header_bytes) {
    constexpr std::uint8_t kEnd = 0;
    constexpr std::uint8_t kNoOperation = 1;
    constexpr std::uint8_t kCopied = 0x80;
    std::size_t at = ipv4::kHeaderBytesMin;
    while (at < header_bytes && ip[at] != kEnd) {
        if (ip[at] == kNoOperation) {
            ++at;
            continue;
        }
        const std::size_t length = at + 1 < header_bytes ? ip[at + 1] : 0;
        if (length < 2 || at + length > header_bytes) {
            return;
        }
        if ((ip[at] & kCopied) == 0) {
            std::memset(ip + at, kNoOperation, length);
        }
        at += length;
    }
}

void fill_ipv4(std::uint8_t* ip, std::size_t header_bytes, const Slice& slice) {
    const std::uint16_t flags = load_be16(ip + ipv4::kFragment) & ipv4::kDontFragment;
    if (slice.offset != 0) {
        blank_uncopied_options(ip, header_bytes);
    }
    store_be16(ip + ipv4::kTotalLength, static_cast<std::uint16_t>(header_bytes + slice.bytes));
    store_be16(ip + ipv4::kFragment,
               static_cast<std::uint16_t>(flags | (slice.more ? ipv4::kMoreFragments : 0) |
                                          slice.offset / kUnit));
    store_be16(ip + ipv4::kChecksum, 0);
    store_be16(ip + ipv4::kChecksum, checksum({ip, header_bytes}));
}

void fill_ipv6(std::uint8_t* frame,
               std::size_t ip_offset,
               const Plan& plan,
               std::uint32_t identification,
               const Slice& slice) {
    std::uint8_t* header = frame + plan.header_bytes;
    std::uint8_t* next_header = frame + plan.next_header_at;
    std::memset(header, 0, fragment_header::kBytes);
    header[fragment_header::kNextHeader] = *next_header;
    store_be16(
        header + fragment_header::kOffset,
        static_cast<std::uint16_t>(slice.offset | (slice.more ? fragment_header::kMore : 0)));
    store_be32(header + fragment_header::kIdentification, identification);
    *next_header = ip_protocol::kFragment;
    const std::size_t before = plan.header_bytes - ip_offset - ipv6::kHeaderBytes;
    store_be16(frame + ip_offset + ipv6::kPayloadLength,
               static_cast<std::uint16_t>(before + plan.extra_bytes + slice.bytes));
}

}  // namespace

std::size_t fragment_bytes(const PacketLayout& layout,
                           std::size_t mtu,
                           std::size_t received_bytes_max) noexcept {
    if (received_bytes_max == 0 || received_bytes_max >= mtu) {
        return mtu;
    }
    return layout.is_ipv4() ? received_bytes_max : std::max(received_bytes_max, ipv6::kMtuMin);
}

std::size_t fragment(rte_mbuf& frame,
                     const PacketLayout& layout,
                     std::size_t bytes_max,
                     std::uint32_t identification,
                     rte_mempool& pool,
                     std::span<rte_mbuf*, kFragmentsMax> fragments) noexcept {
    const Plan plan = make_plan(frame, layout, bytes_max);
    const std::size_t count = count_pieces(plan);
    const std::size_t fixed_bytes = plan.header_bytes + plan.extra_bytes;
    if (count == 0 || count > kFragmentsMax ||
        rte_pktmbuf_data_room_size(&pool) < RTE_PKTMBUF_HEADROOM + fixed_bytes +
                                                std::min(plan.last_bytes_max, plan.payload_bytes) ||
        rte_pktmbuf_alloc_bulk(&pool, fragments.data(), static_cast<unsigned>(count)) != 0) {
        return 0;
    }
    Slice slice;
    for (std::size_t i = 0; i < count; ++i, slice.offset += slice.bytes) {
        rte_mbuf& piece = *fragments[i];
        slice.more = i + 1 < count;
        slice.bytes = slice.more ? plan.piece_bytes : plan.payload_bytes - slice.offset;
        rte_pktmbuf_append(&piece, static_cast<std::uint16_t>(fixed_bytes + slice.bytes));
        std::uint8_t* at = bytes_at(piece, 0);
        std::memcpy(at, bytes_at(frame, 0), plan.header_bytes);
        std::memcpy(
            at + fixed_bytes, bytes_at(frame, plan.header_bytes + slice.offset), slice.bytes);
        if (layout.is_ipv4()) {
            fill_ipv4(at + layout.ip_offset, layout.ip_header_bytes(), slice);
        } else {
            fill_ipv6(at, layout.ip_offset, plan, identification, slice);
        }
        piece.port = frame.port;
    }
    rte_pktmbuf_free(&frame);
    return count;
}

}  // namespace fpvs::slowpath
