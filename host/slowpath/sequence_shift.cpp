// SPDX-License-Identifier: Apache-2.0
#include "host/slowpath/sequence_shift.hpp"

#include <span>

#include "host/engine/packet.hpp"
#include "host/slowpath/bytes.hpp"
#include "host/slowpath/checksum.hpp"
#include "host/slowpath/checksum_delta.hpp"
#include "host/slowpath/frame_edit.hpp"
#include "host/slowpath/headers.hpp"
#include "host/slowpath/tcp_options.hpp"

namespace fpvs::slowpath {
namespace {

// How far `number` is behind `first`; numbers wrap (RFC 9293 3.4).
std::int32_t distance(std::uint32_t first, std::uint32_t number) {
    return static_cast<std::int32_t>(number - first);
}

std::uint32_t to_client(std::uint32_t number, const SequenceShift& shift) {
    const std::int32_t behind = distance(shift.first, number);
    if (behind <= 0) {
        return number;
    }
    return static_cast<std::uint32_t>(behind) < shift.bytes ? shift.first : number - shift.bytes;
}

// The numbers in SACK blocks, which may lie at any address.
void shift_sack(std::span<std::uint8_t> options, const SequenceShift& shift) {
    for_each_tcp_option(options, [&shift](std::span<std::uint8_t> option) {
        if (option[0] != tcp_option::kSack) {
            return;
        }
        for (auto edges = option.subspan(tcp_option::kHeaderBytes);
             edges.size() >= sizeof(std::uint32_t);
             edges = edges.subspan(sizeof(std::uint32_t))) {
            store_be32(edges.data(), to_client(load_be32(edges.data()), shift));
        }
    });
}

}  // namespace

void shift_to_server(rte_mbuf& frame,
                     const PacketLayout& layout,
                     const SequenceShift& shift,
                     bool has_inserted) noexcept {
    std::uint8_t* segment = bytes_at(frame, layout.transport_offset);
    const std::uint32_t number = load_be32(segment + tcp::kSequence);
    if (has_inserted || distance(shift.first, number) < 0) {
        return;
    }
    ChecksumDelta delta;
    delta.store32(segment + tcp::kSequence, number + shift.bytes);
    delta.apply(segment + tcp::kChecksum);
}

void shift_to_client(rte_mbuf& frame,
                     const PacketLayout& layout,
                     const SequenceShift& shift) noexcept {
    std::uint8_t* segment = bytes_at(frame, layout.transport_offset);
    if ((segment[tcp::kFlags] & engine::tcp_flag::kAck) == 0) {
        return;
    }
    ChecksumDelta delta;
    delta.store32(segment + tcp::kAcknowledgement,
                  to_client(load_be32(segment + tcp::kAcknowledgement), shift));
    if (const std::span options = tcp_options(segment); !options.empty()) {
        delta.subtract(ones_sum(options));
        shift_sack(options, shift);
        delta.add(ones_sum(options));
    }
    delta.apply(segment + tcp::kChecksum);
}

}  // namespace fpvs::slowpath
