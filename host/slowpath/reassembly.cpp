// SPDX-License-Identifier: Apache-2.0
#include "host/slowpath/reassembly.hpp"

#include <rte_hash_crc.h>

#include <algorithm>
#include <cstring>
#include <span>
#include <utility>

#include "host/slowpath/bytes.hpp"
#include "host/slowpath/checksum.hpp"
#include "host/slowpath/frame_edit.hpp"
#include "host/slowpath/ipv6_chain.hpp"

namespace fpvs::slowpath {
namespace {

constexpr std::uint8_t kEcnMask = 3;
constexpr std::uint8_t kNotCapableSeen = 1 << 0;
constexpr std::uint8_t kCongestionSeen = 1 << 3;

std::uint32_t tag_of(const model::IpAddress& source,
                     const model::IpAddress& destination,
                     std::uint32_t identification) {
    std::uint32_t tag = rte_hash_crc_4byte(identification, 0);
    for (std::size_t i = 0; i < source.words.size(); ++i) {
        tag = rte_hash_crc_4byte(source.words[i], tag);
        tag = rte_hash_crc_4byte(destination.words[i], tag);
    }
    return tag;
}

// A whole packet's header, of what was its first fragment's.
void mend_ipv4(std::uint8_t* ip,
               std::size_t header_bytes,
               std::size_t total_bytes,
               bool dont_fragment,
               bool congestion) {
    store_be16(ip + ipv4::kTotalLength, static_cast<std::uint16_t>(total_bytes));
    store_be16(ip + ipv4::kFragment, dont_fragment ? ipv4::kDontFragment : 0);
    if (congestion) {
        ip[ipv4::kTos] |= kEcnMask;
    }
    store_be16(ip + ipv4::kChecksum, 0);
    store_be16(ip + ipv4::kChecksum, checksum({ip, header_bytes}));
}

void mend_ipv6(std::uint8_t* ip, std::size_t total_bytes, bool congestion) {
    store_be16(ip + ipv6::kPayloadLength,
               static_cast<std::uint16_t>(total_bytes - ipv6::kHeaderBytes));
    if (congestion) {
        ip[1] |= kEcnMask << 4;
    }
}

// Fragments of IPv6 fragments are nobody's honest packet, and could be nested without end.
bool is_still_fragment(rte_mbuf& whole, const PacketLayout& first) {
    return !first.is_ipv4() &&
           walk_ipv6({bytes_at(whole, first.ip_offset),
                      static_cast<std::size_t>(whole.data_len - first.ip_offset)})
                   .end == Ipv6Chain::End::fragment;
}

}  // namespace

struct Reassembler::Fragment {
    Key key;
    std::uint8_t ecn = 0;
    bool last = false;
    bool dont_fragment = false;
    std::uint32_t begin = 0;
    std::uint32_t end = 0;
    std::uint16_t at = 0;  // Where its payload begins in the frame.
    rte_mbuf* frame = nullptr;
    PacketLayout layout;

    [[nodiscard]] std::uint32_t size() const { return end - begin; }
};

Reassembler::Reassembler(rte_mempool& pool, Counters& counters)
    : pool_(pool), counters_(counters), tags_(kDatagramsMax), datagrams_(kDatagramsMax) {
    for (auto& datagram : datagrams_) {
        datagram = std::make_unique<Datagram>();
    }
}

Reassembler::~Reassembler() {
    while (count_ != 0) {
        end(count_ - 1, Outcome::fragment_timeout);
    }
}

Reassembler::Fragment Reassembler::read(rte_mbuf& frame, const PacketLayout& layout) noexcept {
    const std::uint8_t* ip = bytes_at(frame, layout.ip_offset);
    Fragment fragment;
    fragment.frame = &frame;
    fragment.layout = layout;
    if (layout.is_ipv4()) {
        const std::uint16_t word = load_be16(ip + ipv4::kFragment);
        fragment.key = {.source = load_ipv4(ip + ipv4::kSource),
                        .destination = load_ipv4(ip + ipv4::kDestination),
                        .identification = load_be16(ip + ipv4::kIdentification),
                        .protocol = layout.ip_protocol};
        fragment.ecn = ip[ipv4::kTos] & kEcnMask;
        fragment.last = (word & ipv4::kMoreFragments) == 0;
        fragment.dont_fragment = (word & ipv4::kDontFragment) != 0;
        fragment.begin = (word & ipv4::kFragmentOffsetMask) * 8U;
        fragment.at = layout.transport_offset;
    } else {
        const std::uint8_t* header = bytes_at(frame, layout.transport_offset);
        const std::uint16_t word = load_be16(header + fragment_header::kOffset);
        fragment.key = {.source = load_ipv6(ip + ipv6::kSource),
                        .destination = load_ipv6(ip + ipv6::kDestination),
                        .identification = load_be32(header + fragment_header::kIdentification)};
        fragment.ecn = (ip[1] >> 4) & kEcnMask;
        fragment.last = (word & fragment_header::kMore) == 0;
        fragment.begin = word & fragment_header::kOffsetMask;
        fragment.at = static_cast<std::uint16_t>(layout.transport_offset + fragment_header::kBytes);
    }
    fragment.end = fragment.begin + layout.ip_offset + layout.ip_length - fragment.at;
    return fragment;
}

Outcome Reassembler::admit(const Datagram& datagram, const Fragment& fragment) noexcept {
    const std::span pieces(datagram.pieces.data(), datagram.pieces_count);
    // All must agree on where the packet ends.
    const bool end_known = datagram.payload_bytes != 0;
    if (end_known && (fragment.last ? fragment.end != datagram.payload_bytes
                                    : fragment.end > datagram.payload_bytes)) {
        return Outcome::fragment_conflict;
    }
    std::uint32_t there = 0;
    for (const Piece& piece : pieces) {
        if (fragment.last && piece.end > fragment.end) {
            return Outcome::fragment_conflict;
        }
        const std::uint32_t begin = std::max(piece.begin, fragment.begin);
        const std::uint32_t end = std::min(piece.end, fragment.end);
        there += end > begin ? end - begin : 0;
    }
    if (there != 0) {
        return there == fragment.size() ? Outcome::fragment_duplicate : Outcome::fragment_overlap;
    }
    return pieces.size() < kFragmentsPerDatagramMax ? Outcome::reassembled
                                                    : Outcome::fragment_pieces;
}

void Reassembler::put(Datagram& datagram, const Fragment& fragment) noexcept {
    if (fragment.begin == 0) {
        datagram.first_piece = datagram.pieces_count;
        datagram.first = fragment.layout;
    }
    if (fragment.last) {
        datagram.payload_bytes = fragment.end;
    }
    datagram.pieces[datagram.pieces_count++] = {
        .frame = fragment.frame, .at = fragment.at, .begin = fragment.begin, .end = fragment.end};
    datagram.received_bytes += fragment.size();
    datagram.ecn_seen |= static_cast<std::uint8_t>(1 << fragment.ecn);
    const std::uint16_t bytes = fragment.layout.ip_length;
    datagram.fragment_bytes_max = std::max(datagram.fragment_bytes_max, bytes);
    if (fragment.dont_fragment) {
        datagram.unbroken_bytes_max = std::max(datagram.unbroken_bytes_max, bytes);
    }
}

bool Reassembler::is_complete(const Datagram& datagram) noexcept {
    return datagram.payload_bytes != 0 && datagram.received_bytes == datagram.payload_bytes;
}

std::size_t Reassembler::find(const Key& key, std::uint32_t tag) const noexcept {
    for (std::size_t i = 0; i < count_; ++i) {
        if (tags_[i] == tag && datagrams_[i]->key == key) {
            return i;
        }
    }
    return count_;
}

WholePacket Reassembler::add(rte_mbuf& frame,
                             const PacketLayout& layout,
                             provider::Nanoseconds now) noexcept {
    const Fragment fragment = read(frame, layout);
    const std::size_t headers = static_cast<std::size_t>(fragment.at - layout.ip_offset);
    // RFC 8200 4.5: all but the last are multiples of 8 long.
    if (fragment.size() == 0 || (!fragment.last && fragment.size() % 8 != 0)) {
        refuse(frame, Outcome::fragment_length);
        return {};
    }
    if (headers + fragment.end > kReassembledBytesMax) {
        refuse(frame, Outcome::fragment_too_long);
        return {};
    }
    const std::uint32_t tag =
        tag_of(fragment.key.source, fragment.key.destination, fragment.key.identification);
    const std::size_t index = find(fragment.key, tag);
    if (held_ == kFragmentsHeldMax || index == kDatagramsMax) {
        refuse(frame, Outcome::fragment_table);
        return {};
    }
    Datagram& datagram = *datagrams_[index];
    if (index == count_) {
        ++count_;
        tags_[index] = tag;
        datagram = {
            .key = fragment.key,
            .deadline = now + (layout.is_ipv4() ? kIpv4ReassemblyTime : kIpv6ReassemblyTime)};
    }
    const Outcome outcome = admit(datagram, fragment);
    if (outcome != Outcome::reassembled) {
        refuse(frame, outcome);
        if (outcome != Outcome::fragment_duplicate) {
            end(index, outcome);
        }
        return {};
    }
    put(datagram, fragment);
    ++held_;
    return is_complete(datagram) ? build(index) : WholePacket{};
}

WholePacket Reassembler::build(std::size_t index) noexcept {
    const Datagram& datagram = *datagrams_[index];
    const bool mixed =
        (datagram.ecn_seen & kNotCapableSeen) != 0 && datagram.ecn_seen != kNotCapableSeen;
    if (mixed) {  // RFC 3168 5.3.
        end(index, Outcome::fragment_conflict);
        return {};
    }
    const WholePacket whole{copy(datagram), datagram.fragment_bytes_max};
    if (whole.frame == nullptr) {
        end(index, Outcome::buffer);
        return {};
    }
    if (is_still_fragment(*whole.frame, datagram.first)) {
        rte_pktmbuf_free(whole.frame);
        end(index, Outcome::fragment_conflict);
        return {};
    }
    end(index, Outcome::reassembled);
    return whole;
}

rte_mbuf* Reassembler::copy(const Datagram& datagram) noexcept {
    const PacketLayout& first = datagram.first;
    const std::size_t payload_at = first.transport_offset;  // IPv6: without the fragment header.
    rte_mbuf* whole = rte_pktmbuf_alloc(&pool_);
    if (whole == nullptr) {
        return nullptr;
    }
    if (rte_pktmbuf_append(
            whole, static_cast<std::uint16_t>(payload_at + datagram.payload_bytes)) == nullptr) {
        rte_pktmbuf_free(whole);
        return nullptr;
    }
    rte_mbuf& first_frame = *datagram.pieces[datagram.first_piece].frame;
    std::memcpy(bytes_at(*whole, 0), bytes_at(first_frame, 0), payload_at);
    for (const Piece& piece : std::span(datagram.pieces.data(), datagram.pieces_count)) {
        std::memcpy(bytes_at(*whole, payload_at + piece.begin),
                    bytes_at(*piece.frame, piece.at),
                    piece.end - piece.begin);
    }
    std::uint8_t* ip = bytes_at(*whole, first.ip_offset);
    const std::size_t headers = first.ip_header_bytes();
    const std::size_t total = headers + datagram.payload_bytes;
    const bool congestion = (datagram.ecn_seen & kCongestionSeen) != 0;
    if (first.is_ipv4()) {
        const bool dont_fragment = datagram.unbroken_bytes_max == datagram.fragment_bytes_max;
        mend_ipv4(ip, headers, total, dont_fragment, congestion);
    } else {
        const std::uint8_t* header = bytes_at(first_frame, payload_at);
        const Ipv6Chain chain =
            walk_ipv6({bytes_at(first_frame, first.ip_offset), first.ip_length});
        ip[chain.next_header_at] = header[fragment_header::kNextHeader];
        mend_ipv6(ip, total, congestion);
    }
    whole->port = first_frame.port;
    return whole;
}

void Reassembler::end(std::size_t index, Outcome outcome) noexcept {
    Datagram& datagram = *datagrams_[index];
    for (const Piece& piece : std::span(datagram.pieces.data(), datagram.pieces_count)) {
        refuse(*piece.frame, outcome);
    }
    held_ -= datagram.pieces_count;
    --count_;
    std::swap(datagrams_[index], datagrams_[count_]);
    tags_[index] = tags_[count_];
}

void Reassembler::refuse(rte_mbuf& frame, Outcome outcome) noexcept {
    counters_.count(outcome, frame.pkt_len);
    rte_pktmbuf_free(&frame);
}

void Reassembler::expire(provider::Nanoseconds now) noexcept {
    for (std::size_t i = count_; i-- > 0;) {
        if (datagrams_[i]->deadline <= now) {
            end(i, Outcome::fragment_timeout);
        }
    }
}

}  // namespace fpvs::slowpath
