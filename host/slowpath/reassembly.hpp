// SPDX-License-Identifier: Apache-2.0
// Whole packets from fragments, of both families, as IPVS sees them: its hooks lie behind the
// kernel's reassembly.
//
// A whole packet comes in one linear buffer of a pool of its own, so that no function that edits
// packets needs to know of chains; that costs one copy of rare packets.  DPDK's own table is not
// used: it takes 8 fragments a packet and does not notice that they overlap.
//
// Fragments that overlap, unless all of it is there already, end their packet, pieces and all
// (RFC 5722, RFC 8200 4.5; the kernel does so for IPv4, too).  Everything is bounded; what is
// refused is counted by name.
#pragma once

#include <rte_mbuf.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <vector>

#include "host/model/address.hpp"
#include "host/provider/clock.hpp"
#include "host/slowpath/counters.hpp"
#include "host/slowpath/headers.hpp"
#include "host/slowpath/packet_layout.hpp"

namespace fpvs::slowpath {

constexpr std::size_t kDatagramsMax = 1024;  // Waiting for more of their fragments.
constexpr std::size_t kFragmentsPerDatagramMax = 64;
constexpr std::size_t kFragmentsHeldMax = 1024;  // All together: buffers that nobody else has.
// The kernel's times, from a packet's first fragment on (RFC 791 3.2, RFC 8200 4.5).
constexpr provider::Nanoseconds kIpv4ReassemblyTime = std::chrono::seconds(30);
constexpr provider::Nanoseconds kIpv6ReassemblyTime = std::chrono::seconds(60);
// An mbuf's buffer is at most 65,535 bytes, of which some must stay free in front.  The packets
// between this and the 65,535 bytes of IP are refused.
constexpr std::size_t kReassembledBytesMax = std::numeric_limits<std::uint16_t>::max() -
                                             RTE_PKTMBUF_HEADROOM - ethernet::kHeaderBytes -
                                             ethernet::kVlanTagBytes;

// What a buffer for them must take.
constexpr std::size_t kWholeFrameBytesMax =
    kReassembledBytesMax + ethernet::kHeaderBytes + ethernet::kVlanTagBytes;

// A packet made whole, in a frame with the link header and the port of its first fragment.
struct WholePacket {
    rte_mbuf* frame = nullptr;
    // The longest of its fragments: it leaves in none that is longer.
    std::uint16_t fragment_bytes_max = 0;
};

class Reassembler {
  public:
    // `pool` has buffers for packets of kReassembledBytesMax and their link headers; a few are
    // enough, as each is in use only until its packet is sent.
    Reassembler(rte_mempool& pool, Counters& counters);
    ~Reassembler();
    Reassembler(const Reassembler&) = delete;
    Reassembler& operator=(const Reassembler&) = delete;

    // Takes a frame of parse()'s kind fragment, and counts its outcome once that is known.  The
    // packet that it completes, if it does.
    [[nodiscard]] WholePacket add(rte_mbuf& frame,
                                  const PacketLayout& layout,
                                  provider::Nanoseconds now) noexcept;

    // Gives up packets whose time is over.
    void expire(provider::Nanoseconds now) noexcept;

    [[nodiscard]] std::size_t waiting() const noexcept { return count_; }
    [[nodiscard]] std::size_t fragments_held() const noexcept { return held_; }

  private:
    struct Key {
        model::IpAddress source;
        model::IpAddress destination;
        std::uint32_t identification = 0;
        std::uint8_t protocol = 0;  // IPv4 only.

        friend bool operator==(const Key&, const Key&) = default;
    };
    // A fragment's part of its packet's payload.
    struct Piece {
        rte_mbuf* frame = nullptr;
        std::uint16_t at = 0;  // In the frame.
        std::uint32_t begin = 0;
        std::uint32_t end = 0;
    };
    struct Datagram {
        Key key;
        provider::Nanoseconds deadline{};
        std::uint32_t payload_bytes = 0;  // Known with the last fragment; 0 before.
        std::uint32_t received_bytes = 0;
        std::uint16_t fragment_bytes_max = 0;
        std::uint16_t unbroken_bytes_max = 0;  // Of those that say "don't fragment".
        std::uint8_t ecn_seen = 0;             // A bit for each of the four codepoints.
        std::uint8_t pieces_count = 0;
        std::uint8_t first_piece = 0;  // Index of the one that begins at 0.
        PacketLayout first;            // Of that one.
        std::array<Piece, kFragmentsPerDatagramMax> pieces;
    };
    struct Fragment;  // What one frame says.

    [[nodiscard]] static Fragment read(rte_mbuf& frame, const PacketLayout& layout) noexcept;
    // Outcome::reassembled if the fragment may be put among the others.
    [[nodiscard]] static Outcome admit(const Datagram& datagram, const Fragment& fragment) noexcept;
    static void put(Datagram& datagram, const Fragment& fragment) noexcept;
    [[nodiscard]] static bool is_complete(const Datagram& datagram) noexcept;
    [[nodiscard]] std::size_t find(const Key& key, std::uint32_t tag) const noexcept;
    [[nodiscard]] WholePacket build(std::size_t index) noexcept;
    [[nodiscard]] rte_mbuf* copy(const Datagram& datagram) noexcept;
    void end(std::size_t index, Outcome outcome) noexcept;
    void refuse(rte_mbuf& frame, Outcome outcome) noexcept;

    rte_mempool& pool_;
    Counters& counters_;
    // The first count_ of both are in use.  Packets are looked for by walking the tags: that costs
    // less than a fragment's copy, and nobody can make it cost more.
    std::vector<std::uint32_t> tags_;
    std::vector<std::unique_ptr<Datagram>> datagrams_;
    std::size_t count_ = 0;
    std::size_t held_ = 0;
};

}  // namespace fpvs::slowpath
