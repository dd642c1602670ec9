// SPDX-License-Identifier: Apache-2.0
// What became of each frame.  A frame from the wire gets exactly one outcome; where card and slow
// path settle the same question they use the same word (hw/abi/reasons.hpp).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "host/model/view.hpp"

namespace fpvs::slowpath {

enum class Fate : std::uint8_t { forward, host, drop };

// OUTCOME(name, fate, meaning)
#define FPVS_SLOWPATH_OUTCOMES(OUTCOME)                                                        \
    OUTCOME(forwarded, forward, "sent to its real server")                                     \
    OUTCOME(replied, forward, "sent to its client, for a real server")                         \
    OUTCOME(icmp_forwarded, forward, "ICMP error about a connection, sent to its other end")   \
    OUTCOME(reassembled, forward, "a fragment that became part of a whole packet")             \
    OUTCOME(group_address, host, "broadcast or multicast")                                     \
    OUTCOME(not_ip, host, "an EtherType other than IPv4 and IPv6")                             \
    OUTCOME(vlan_stacked, host, "more than one VLAN tag")                                      \
    OUTCOME(fragment, host, "a fragment")                                                      \
    OUTCOME(protocol, host, "neither TCP, UDP nor SCTP, nor an ICMP error about a connection") \
    OUTCOME(icmp_quote, host, "an ICMP error whose quote shows no ports")                      \
    OUTCOME(extension_chain, host, "more IPv6 extension headers than are looked at")           \
    OUTCOME(source_address, host, "no host has that source address")                           \
    OUTCOME(pass_to_host, host, "no virtual service takes it, says the engine")                \
    OUTCOME(local, host, "its real server is this director")                                   \
    OUTCOME(runt, drop, "shorter than its Ethernet header")                                    \
    OUTCOME(buffer, drop, "does not lie in one packet buffer with room in front")              \
    OUTCOME(other_host, drop, "unicast to another station's address")                          \
    OUTCOME(ip_header, drop, "IP version or header length is wrong")                           \
    OUTCOME(ip_length, drop, "IP length does not fit the frame")                               \
    OUTCOME(ip_checksum, drop, "IPv4 header checksum is wrong")                                \
    OUTCOME(ip_options, drop, "IPv4 options that do not fit their header")                     \
    OUTCOME(source_route, drop, "an IPv4 source route, which the kernel refuses, too")         \
    OUTCOME(extension_header, drop, "an IPv6 extension header does not fit the packet")        \
    OUTCOME(transport_header, drop, "TCP, UDP or SCTP header does not fit the packet")         \
    OUTCOME(icmp_checksum, drop, "an ICMP error whose checksum is wrong")                      \
    OUTCOME(fragment_length, drop, "a fragment that is empty, or no multiple of 8 bytes long") \
    OUTCOME(fragment_too_long, drop, "a fragment of a packet too long to be made whole")       \
    OUTCOME(fragment_table, drop, "a fragment while too many packets or fragments wait")       \
    OUTCOME(fragment_pieces, drop, "a fragment of a packet in too many fragments")             \
    OUTCOME(fragment_duplicate, drop, "a fragment that was there already")                     \
    OUTCOME(fragment_overlap, drop, "a fragment of a packet whose fragments overlap")          \
    OUTCOME(fragment_conflict, drop, "a fragment of a packet whose fragments disagree")        \
    OUTCOME(fragment_timeout, drop, "a fragment whose others did not come in time")            \
    OUTCOME(engine, drop, "the engine says so and counts why")                                 \
    OUTCOME(no_server, drop, "no server may take the connection; the client is told")          \
    OUTCOME(ttl, drop, "TTL would reach zero; the client is told")                             \
    OUTCOME(mtu, drop, "longer than the next hop's MTU and not to be fragmented; client told") \
    OUTCOME(fragmentation, drop, "longer than the next hop's MTU")                             \
    OUTCOME(tunnel_error, drop, "ICMP error about a tunnel; the client is told")               \
    OUTCOME(egress, drop, "where it goes is reached by none of the director's ports")          \
    OUTCOME(neighbour_timeout, drop, "the server's MAC address did not become known in time")  \
    OUTCOME(neighbour_queue, drop, "too many frames wait for MAC addresses")                   \
    OUTCOME(port, drop, "from a port that is none of the director's")

// Things that happen beside a frame's fate.
#define FPVS_SLOWPATH_INCIDENTS(INCIDENT)                                 \
    INCIDENT(from_host, "frames of the kernel, sent unchanged")           \
    INCIDENT(fragment_sent, "fragments that packets were cut into")       \
    INCIDENT(icmp_sent, "ICMP errors sent to clients")                    \
    INCIDENT(icmp_held_back, "ICMP errors not sent, to bound their rate") \
    INCIDENT(no_wire, "frames lost because nothing carried their port")   \
    INCIDENT(handed_over, "frames given to the worker whose they are")    \
    INCIDENT(exchange_full, "frames lost because that worker's ring was full")

enum class Outcome : std::uint8_t {
#define FPVS_SLOWPATH_OUTCOME_ENUM(name, fate, meaning) name,
    FPVS_SLOWPATH_OUTCOMES(FPVS_SLOWPATH_OUTCOME_ENUM)
#undef FPVS_SLOWPATH_OUTCOME_ENUM
};

enum class Incident : std::uint8_t {
#define FPVS_SLOWPATH_INCIDENT_ENUM(name, meaning) name,
    FPVS_SLOWPATH_INCIDENTS(FPVS_SLOWPATH_INCIDENT_ENUM)
#undef FPVS_SLOWPATH_INCIDENT_ENUM
};

#define FPVS_SLOWPATH_COUNT_ONE(...) +1
constexpr std::size_t kOutcomes = 0 FPVS_SLOWPATH_OUTCOMES(FPVS_SLOWPATH_COUNT_ONE);
constexpr std::size_t kIncidents = 0 FPVS_SLOWPATH_INCIDENTS(FPVS_SLOWPATH_COUNT_ONE);
#undef FPVS_SLOWPATH_COUNT_ONE

[[nodiscard]] Fate fate(Outcome outcome);
[[nodiscard]] std::string_view name(Outcome outcome);
[[nodiscard]] std::string_view name(Incident incident);

struct FrameCount {
    std::uint64_t frames = 0;
    std::uint64_t bytes = 0;
};

class Counters {
  public:
    void count(Outcome outcome, std::uint64_t bytes) noexcept { add(outcomes_, outcome, bytes); }
    void count(Incident incident, std::uint64_t bytes) noexcept {
        add(incidents_, incident, bytes);
    }

    [[nodiscard]] FrameCount operator[](Outcome outcome) const {
        return outcomes_[static_cast<std::size_t>(outcome)];
    }
    [[nodiscard]] FrameCount operator[](Incident incident) const {
        return incidents_[static_cast<std::size_t>(incident)];
    }
    // As a stage beside those of the card.
    [[nodiscard]] model::StageView view() const;

  private:
    template <class Array, class Index>
    static void add(Array& array, Index index, std::uint64_t bytes) noexcept {
        FrameCount& counter = array[static_cast<std::size_t>(index)];
        ++counter.frames;
        counter.bytes += bytes;
    }

    std::array<FrameCount, kOutcomes> outcomes_{};
    std::array<FrameCount, kIncidents> incidents_{};
};

}  // namespace fpvs::slowpath
