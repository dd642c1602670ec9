// SPDX-License-Identifier: Apache-2.0
#include "host/slowpath/client_address.hpp"

#include <span>

#include "host/slowpath/bytes.hpp"
#include "host/slowpath/checksum.hpp"
#include "host/slowpath/checksum_delta.hpp"
#include "host/slowpath/frame_edit.hpp"
#include "host/slowpath/headers.hpp"
#include "host/slowpath/proxy_v2.hpp"
#include "host/slowpath/sequence_shift.hpp"
#include "host/slowpath/tcp_options.hpp"
#include "host/slowpath/toa.hpp"

namespace fpvs::slowpath {
namespace {

using engine::Origin;
using engine::tcp_flag::kAck;
using engine::tcp_flag::kRst;
using engine::tcp_flag::kSyn;
using model::ClientAddress;

// The note of a connection; other values are a sequence number.
constexpr std::uint32_t kNotKnownYet = 0;
constexpr std::uint32_t kAcknowledged = 1;

constexpr std::uint16_t kSegmentSizeMin = 256;  // Not made smaller than that.

bool is_told(const Origin& origin) {
    return origin.told != ClientAddress::not_told && origin.note != nullptr;
}

std::size_t told_bytes(const Origin& origin) {
    return origin.told == ClientAddress::toa ? toa_bytes(origin.client_address.family)
                                             : proxy_header_bytes(origin.client_address.family);
}

SequenceShift shift_from(std::uint32_t first, const Origin& origin) {
    return {.first = first, .bytes = static_cast<std::uint32_t>(told_bytes(origin))};
}

void lower_segment_size(std::uint8_t* segment, std::size_t bytes) {
    const std::span options = tcp_options(segment);
    if (options.empty()) {
        return;
    }
    ChecksumDelta delta;
    delta.subtract(ones_sum(options));
    for_each_tcp_option(options, [bytes](std::span<std::uint8_t> option) {
        constexpr std::size_t kOptionBytes = 4;
        if (option[0] != tcp_option::kSegmentSize || option.size() != kOptionBytes) {
            return;
        }
        std::uint8_t* at = &option[tcp_option::kHeaderBytes];
        const std::uint16_t size = load_be16(at);
        if (size >= kSegmentSizeMin + bytes) {
            store_be16(at, static_cast<std::uint16_t>(size - bytes));
        }
    });
    delta.add(ones_sum(options));
    delta.apply(segment + tcp::kChecksum);
}

// The server's SYN has both numbers that are worth a note.  It is taken each time: the ports may be
// used again for another connection, and a late copy of an old SYN does no harm.
void take_note(const std::uint8_t* segment, const Origin& origin) {
    if (origin.told == ClientAddress::toa) {
        *origin.note = load_be32(segment + tcp::kSequence) + 1;
        return;
    }
    const std::uint32_t first = load_be32(segment + tcp::kAcknowledgement);
    *origin.note = first != kAcknowledged ? first : kNotKnownYet;
}

}  // namespace

std::size_t telling_bytes(rte_mbuf& frame,
                          const PacketLayout& layout,
                          const Origin& origin) noexcept {
    const std::uint8_t* segment = bytes_at(frame, layout.transport_offset);
    const bool is_open = (segment[tcp::kFlags] & (kSyn | kRst | kAck)) == kAck;
    if (!is_told(origin) || *origin.note == kNotKnownYet || !is_open) {
        return 0;
    }
    const bool by_toa = origin.told == ClientAddress::toa;
    if (!by_toa && *origin.note == kAcknowledged) {
        return 0;
    }
    const std::uint32_t number =
        load_be32(segment + (by_toa ? tcp::kAcknowledgement : tcp::kSequence));
    return number == *origin.note ? told_bytes(origin) : 0;
}

bool tell_server(rte_mbuf& frame, PacketLayout& layout, const Origin& origin) noexcept {
    const bool tells = telling_bytes(frame, layout, origin) != 0;
    if (origin.told == ClientAddress::toa) {
        // A header that is full of options goes without.
        static_cast<void>(tells &&
                          insert_toa(frame, layout, origin.client_address, origin.client_port));
        return true;
    }
    const std::uint8_t* segment = bytes_at(frame, layout.transport_offset);
    if (!is_told(origin) || *origin.note == kNotKnownYet || (segment[tcp::kFlags] & kSyn) != 0) {
        return true;
    }
    if (tells) {
        return insert_proxy_header(frame,
                                   layout,
                                   ProxyHeader(origin.client_address,
                                               origin.client_port,
                                               origin.virtual_address,
                                               origin.virtual_port));
    }
    // Once the header is acknowledged, all that the client can send is behind it.
    const std::uint32_t first =
        *origin.note == kAcknowledged ? load_be32(segment + tcp::kSequence) : *origin.note;
    shift_to_server(frame, layout, shift_from(first, origin), false);
    return true;
}

void hide_from_client(rte_mbuf& frame, const PacketLayout& layout, const Origin& origin) noexcept {
    if (!is_told(origin)) {
        return;
    }
    std::uint8_t* segment = bytes_at(frame, layout.transport_offset);
    const std::uint8_t flags = segment[tcp::kFlags];
    if ((flags & (kSyn | kAck)) == (kSyn | kAck)) {
        lower_segment_size(segment, told_bytes(origin));
        take_note(segment, origin);
        return;
    }
    if (origin.told == ClientAddress::toa || *origin.note == kNotKnownYet || (flags & kAck) == 0) {
        return;
    }
    const std::uint32_t number = load_be32(segment + tcp::kAcknowledgement);
    if (*origin.note == kAcknowledged) {
        // Whatever is acknowledged is behind the header: any number before it will do.
        constexpr std::uint32_t kFarBefore = 1U << 30;
        shift_to_client(frame, layout, shift_from(number - kFarBefore, origin));
        return;
    }
    const SequenceShift shift = shift_from(*origin.note, origin);
    shift_to_client(frame, layout, shift);
    if (static_cast<std::int32_t>(number - (shift.first + shift.bytes)) >= 0) {
        *origin.note = kAcknowledged;
    }
}

}  // namespace fpvs::slowpath
