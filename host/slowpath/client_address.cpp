// SPDX-License-Identifier: Apache-2.0
#include "host/slowpath/client_address.hpp"

#include <algorithm>

#include "host/slowpath/bytes.hpp"
#include "host/slowpath/checksum_delta.hpp"
#include "host/slowpath/frame_edit.hpp"
#include "host/slowpath/headers.hpp"
#include "host/slowpath/proxy_v2.hpp"
#include "host/slowpath/sequence_shift.hpp"
#include "host/slowpath/toa.hpp"

namespace fpvs::slowpath {
namespace {

using engine::Origin;
using model::ClientAddress;
namespace flag = engine::tcp_flag;

// RFC 9293 3.2.
constexpr std::uint8_t kEndOfOptions = 0;
constexpr std::uint8_t kNoOperation = 1;
constexpr std::uint8_t kMaximumSegmentSize = 2;
constexpr std::uint8_t kMaximumSegmentSizeBytes = 4;

[[nodiscard]] std::uint32_t sequence(const std::uint8_t* segment) {
    return load_be32(segment + tcp::kSequence);
}

[[nodiscard]] std::uint32_t acknowledgement(const std::uint8_t* segment) {
    return load_be32(segment + tcp::kAcknowledgement);
}

[[nodiscard]] bool has(const std::uint8_t* segment, std::uint8_t flags) {
    return (segment[tcp::kFlags] & flags) == flags;
}

// Behind the handshake's first step, and not an end of all.
[[nodiscard]] bool may_carry(const std::uint8_t* segment) {
    return has(segment, flag::kAck) && !has(segment, flag::kSyn) && !has(segment, flag::kRst);
}

[[nodiscard]] SequenceShift shift_of(const Origin& origin) {
    return {.first = *origin.note,
            .bytes = static_cast<std::uint32_t>(proxy_header_bytes(origin.client_address.family))};
}

// The options are walked as the parser left them: whole, but not looked at.
[[nodiscard]] std::uint8_t* find_segment_size(std::uint8_t* segment) {
    std::uint8_t* option = segment + tcp::kHeaderBytesMin;
    std::uint8_t* end = segment + static_cast<std::size_t>(segment[tcp::kDataOffset] >> 4) * 4;
    while (option < end && *option != kEndOfOptions) {
        if (*option == kNoOperation) {
            ++option;
            continue;
        }
        const bool whole = end - option >= 2 && option[1] >= 2 && option[1] <= end - option;
        if (!whole) {
            return nullptr;
        }
        if (*option == kMaximumSegmentSize && option[1] == kMaximumSegmentSizeBytes) {
            return option + 2;
        }
        option += option[1];
    }
    return nullptr;
}

void reduce_segment_size(std::uint8_t* segment, std::size_t bytes) {
    std::uint8_t* at = find_segment_size(segment);
    if (at == nullptr) {
        return;
    }
    const auto reduced =
        static_cast<std::uint16_t>(load_be16(at) - std::min<std::size_t>(load_be16(at), bytes));
    ChecksumDelta delta;
    // The option may begin at an odd place; checksums are of even words.
    if ((at - segment) % 2 == 0) {
        delta.store16(at, reduced);
    } else {
        delta.store32(at - 1,
                      (load_be32(at - 1) & 0xff0000ff) | static_cast<std::uint32_t>(reduced) << 8);
    }
    delta.apply(segment + tcp::kChecksum);
}

}  // namespace

std::size_t telling_bytes(rte_mbuf& frame,
                          const PacketLayout& layout,
                          const Origin& origin) noexcept {
    const std::uint8_t* segment = bytes_at(frame, layout.transport_offset);
    if (*origin.note == 0 || !may_carry(segment)) {
        return 0;
    }
    const model::Family family = origin.client_address.family;
    switch (origin.told) {
        case ClientAddress::toa:
            return acknowledgement(segment) == *origin.note ? toa_bytes(family) : 0;
        case ClientAddress::proxy_v2:
            return sequence(segment) == *origin.note ? proxy_header_bytes(family) : 0;
        case ClientAddress::not_told:
            return 0;
    }
    return 0;
}

bool tell_server(rte_mbuf& frame, PacketLayout& layout, const Origin& origin) noexcept {
    const std::uint8_t* segment = bytes_at(frame, layout.transport_offset);
    const bool tells = telling_bytes(frame, layout, origin) != 0;
    if (origin.told == ClientAddress::toa) {
        // Where a header has no room for the option, there may be some in the next.
        return !tells || insert_toa(frame, layout, origin.client_address, origin.client_port) ||
               rte_pktmbuf_headroom(&frame) >= toa_bytes(origin.client_address.family);
    }
    if (origin.told != ClientAddress::proxy_v2) {
        return true;
    }
    if (has(segment, flag::kSyn) && !has(segment, flag::kAck)) {
        *origin.note = sequence(segment) + 1;
        return true;
    }
    if (*origin.note == 0) {
        return true;
    }
    const ProxyHeader header(
        origin.client_address, origin.client_port, origin.virtual_address, origin.virtual_port);
    if (tells && !insert_proxy_header(frame, layout, header)) {
        return false;
    }
    shift_to_server(frame, layout, shift_of(origin), tells);
    return true;
}

void hide_from_client(rte_mbuf& frame, const PacketLayout& layout, const Origin& origin) noexcept {
    if (origin.told == ClientAddress::not_told) {
        return;
    }
    std::uint8_t* segment = bytes_at(frame, layout.transport_offset);
    const bool toa = origin.told == ClientAddress::toa;
    const model::Family family = origin.client_address.family;
    if (has(segment, flag::kSyn | flag::kAck)) {
        if (toa) {
            *origin.note = sequence(segment) + 1;
        }
        reduce_segment_size(segment, toa ? toa_bytes(family) : proxy_header_bytes(family));
    } else if (!toa && *origin.note != 0) {
        shift_to_client(frame, layout, shift_of(origin));
    }
}

}  // namespace fpvs::slowpath
