// SPDX-License-Identifier: Apache-2.0
// The register block: AXI4-Lite, 32-bit, one page.  Nothing lies below 0x10 and nothing is called
// CTRL, as XRT's user-managed kernels ask.  An access is of a whole word; what is not listed reads
// 0 and takes no write.
//
// A host sets rings up so: write 0 to `run`, read it until it is 0 (the card touches no memory of
// the host any more, every ring index, the host's too, is 0, and what was under way in the pipeline
// has come out and was dropped), write bases and sizes, which are taken only now and only within
// the limits of hw/abi/limits.hpp, then write 1.  host_index is taken only from then on.  Counters
// keep counting.
#pragma once

#include <cstdint>

#include "hw/abi/rings.hpp"

namespace fpvs {
namespace abi {

constexpr std::uint32_t kMagic = 0x53565046;  // "FPVS" in memory.
constexpr std::uint32_t kVersion = 2;
constexpr std::uint32_t kRegisterBlockBytes = 0x1000;

// REGISTER(name, offset, access, meaning)
#define FPVS_ABI_REGISTERS(REGISTER)                                                      \
    REGISTER(magic, 0x010, ro, "kMagic")                                                  \
    REGISTER(version, 0x014, ro, "kVersion")                                              \
    REGISTER(abi_hash_low, 0x018, ro, "low half of kAbiHash")                             \
    REGISTER(abi_hash_high, 0x01c, ro, "high half of kAbiHash")                           \
    REGISTER(ports, 0x020, ro, "network ports")                                           \
    REGISTER(service_buckets, 0x024, ro, "buckets of the service table")                  \
    REGISTER(flow_buckets, 0x028, ro, "buckets of either half of the IPv4 flow table")    \
    REGISTER(servers, 0x02c, ro, "real servers that can be counted")                      \
    REGISTER(next_hops, 0x030, ro, "next hops")                                           \
    REGISTER(link, 0x034, ro, "bit p: port p has a link")                                 \
    REGISTER(run, 0x038, rw, "bit 0: rings move; after a 0, reads 1 until they rest")     \
    REGISTER(cycles_low, 0x040, ro, "clock cycles since the load; latches the high half") \
    REGISTER(cycles_high, 0x044, ro, "high half, as latched")                             \
    REGISTER(capabilities, 0x048, ro, "bit n: it has capability n")                       \
    REGISTER(flow6_buckets, 0x04c, ro, "buckets of either half of the IPv6 flow table")   \
    REGISTER(reply_buckets, 0x050, ro, "buckets of the reply table")                      \
    REGISTER(steer_words, 0x054, ro, "words of all hash tables and sequences")            \
    REGISTER(cursors, 0x058, ro, "sequences that are walked in turn")                     \
    REGISTER(young, 0x05c, ro, "places for connections that have no flow yet")

// What a bitstream can do by itself; what it cannot is punted.
//
// CAPABILITY(name, number, meaning)
#define FPVS_ABI_CAPABILITIES(CAPABILITY)                                      \
    CAPABILITY(ipv6, 0, "flows of IPv6")                                       \
    CAPABILITY(sctp, 1, "SCTP, by direct routing and tunnels")                 \
    CAPABILITY(nat, 2, "NAT, both directions")                                 \
    CAPABILITY(full_nat, 3, "FULLNAT of IPv4, both directions")                \
    CAPABILITY(ipip, 4, "tunnels of IP in IP, either family in either")        \
    CAPABILITY(gue, 5, "GUE tunnels, with and without checksum")               \
    CAPABILITY(gre, 6, "GRE tunnels, with and without checksum")               \
    CAPABILITY(steer_hash, 7, "chooses servers by hash: IPVS's sh, dh and mh") \
    CAPABILITY(steer_in_turn, 8, "chooses servers in turn: IPVS's rr and wrr")

enum class Capability : std::uint8_t {
#define FPVS_ABI_CAPABILITY_ENUM(name, number, meaning) name = number,
    FPVS_ABI_CAPABILITIES(FPVS_ABI_CAPABILITY_ENUM)
#undef FPVS_ABI_CAPABILITY_ENUM
};

constexpr std::uint32_t capability_bit(Capability capability) {
    return 1u << static_cast<unsigned>(capability);
}

// Those of these sources.
#define FPVS_ABI_CAPABILITY_BIT(name, number, meaning) | capability_bit(Capability::name)
constexpr std::uint32_t kCapabilities = 0 FPVS_ABI_CAPABILITIES(FPVS_ABI_CAPABILITY_BIT);
#undef FPVS_ABI_CAPABILITY_BIT

// RING_REGISTER(name, offset within the ring's block, access, meaning)
#define FPVS_ABI_RING_REGISTERS(REGISTER)                                                    \
    REGISTER(base_low, 0x00, rw, "card address of slot 0, page aligned")                     \
    REGISTER(base_high, 0x04, rw, "its high half")                                           \
    REGISTER(slots_log2, 0x08, rw, "slots, as a power of two")                               \
    REGISTER(slot_bytes_log2, 0x0c, rw, "bytes of a slot, as a power of two")                \
    REGISTER(host_index, 0x10, rw, "the host's index: a write is the doorbell")              \
    REGISTER(card_index, 0x14, ro, "the card's index")                                       \
    REGISTER(dropped, 0x18, ro, "records dropped for want of a slot or as too long for one") \
    REGISTER(full, 0x1c, ro, "times the card found no room; command, inject: always 0")

// PORT_REGISTER(name, offset within the port's block, access, meaning)
#define FPVS_ABI_PORT_REGISTERS(REGISTER)                                          \
    REGISTER(rx_frames, 0x00, ro, "frames taken from the wire")                    \
    REGISTER(rx_dropped, 0x04, ro, "frames lost because the pipeline had no room") \
    REGISTER(tx_frames, 0x08, ro, "frames given to the wire")

constexpr std::uint32_t kRingBlock = 0x100;
constexpr std::uint32_t kRingStride = 0x40;
constexpr std::uint32_t kPortBlock = 0x300;
constexpr std::uint32_t kPortStride = 0x40;
static_assert(kRingBlock + kRings * kRingStride <= kPortBlock, "blocks do not overlap");

// The names are those of the lists, not of constants.
// NOLINTBEGIN(readability-identifier-naming)
namespace reg {
#define FPVS_ABI_REGISTER_OFFSET(name, offset, access, meaning) \
    constexpr std::uint32_t name = offset;
FPVS_ABI_REGISTERS(FPVS_ABI_REGISTER_OFFSET)
namespace ring {
FPVS_ABI_RING_REGISTERS(FPVS_ABI_REGISTER_OFFSET)
}  // namespace ring
namespace port {
FPVS_ABI_PORT_REGISTERS(FPVS_ABI_REGISTER_OFFSET)
}  // namespace port
#undef FPVS_ABI_REGISTER_OFFSET
}  // namespace reg
// NOLINTEND(readability-identifier-naming)

constexpr std::uint32_t ring_register(Ring ring, std::uint32_t offset) {
    return kRingBlock + kRingStride * static_cast<std::uint32_t>(ring) + offset;
}

constexpr std::uint32_t port_register(std::uint32_t port, std::uint32_t offset) {
    return kPortBlock + kPortStride * port + offset;
}

}  // namespace abi
}  // namespace fpvs
