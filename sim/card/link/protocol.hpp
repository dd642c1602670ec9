// SPDX-License-Identifier: Apache-2.0
// What the XRT shim (client, inside the host program) and the simulated card (server, a process of
// its own) say to each other.
//
// One connected AF_UNIX SOCK_SEQPACKET socket, one client.  Every message is one fixed-size packet
// in the byte order of the machine: both ends run on it.
//
//   request     address             value              answer, with the request's sequence
//   hello       kLinkMagic          kLinkVersion       welcome: kLinkMagic, kLinkVersion
//   read        register offset     0                  value: offset, the register's value
//   write       register offset     value              none
//   share       card address        size in bytes      shared: card address, size in bytes
//   unshare     card address        0                  unshared: card address, 0
//   identify    0 or 1              0                  identity: as asked, that half of the uuid
//   farewell    0                   0                  none
//
// - hello comes first; anything else before it is refused.
// - A write is posted: a doorbell costs one send.  The server takes requests strictly in order, so
//   a read that follows a write sees its effect.
// - share carries the file descriptor (SCM_RIGHTS) of a memfd that is sealed against shrinking, so
//   that no host can crash the card by truncating it.  After unshared the card touches it no more.
// - A card goes on when its host has vanished, and keeps the memory that it had from it until the
//   next host shares some.  With farewell a host takes its memory along, and ends a simulator that
//   was started for it.  identity: of the xclbin whose simulator this is, 0 if nobody said.
// - What the server does not accept, it answers with refused: address as sent, value a Refusal.
//   A write that it does not accept is counted and otherwise ignored, as a bus would.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "hw/abi/registers.hpp"

namespace fpvs::sim::card {

constexpr std::uint64_t kLinkMagic = 0x4b4e494c53565046;  // "FPVSLINK" in memory.
constexpr std::uint64_t kLinkVersion = 2;

constexpr std::uint32_t kLinkRegisterBytes = abi::kRegisterBlockBytes;
constexpr std::size_t kSharesMax = 64;
constexpr std::uint64_t kShareBytesMax = std::uint64_t{1} << 30;
constexpr std::uint64_t kSharePageBytes = 4096;
constexpr std::uint64_t kCardAddressEnd = std::uint64_t{1} << 48;

// How a simulator is started: `fpvs-simcard --link-fd N`, N an open, connected socket, and, where
// it is to wait for another host when this one vanishes, `--keep PATH --identity UUID`.
constexpr const char* kLinkFdOption = "--link-fd";
constexpr const char* kKeepOption = "--keep";
constexpr const char* kIdentityOption = "--identity";
// It waits for so long.
constexpr std::chrono::seconds kOrphanTime{60};

// The uuid of an xclbin.
struct CardIdentity {
    std::uint64_t high = 0;
    std::uint64_t low = 0;

    friend bool operator==(const CardIdentity&, const CardIdentity&) = default;
};

enum class MessageKind : std::uint32_t {
    hello = 1,
    welcome = 2,
    read = 3,
    value = 4,
    write = 5,
    share = 6,
    shared = 7,
    unshare = 8,
    unshared = 9,
    refused = 10,
    identify = 11,
    identity = 12,
    farewell = 13,
};

enum class Refusal : std::uint64_t {
    malformed = 1,        // Wrong size, unknown kind, or a descriptor where none belongs.
    no_hello = 2,         // Hello first.
    wrong_version = 3,    // The two ends were built from different protocols.
    bad_register = 4,     // Not aligned, or beyond the register block.
    bad_share = 5,        // Address or size not in whole pages, too large, or overlapping.
    bad_memory = 6,       // No descriptor, not sealed, shorter than announced, or not mappable.
    too_many_shares = 7,  // kSharesMax are in use.
    unknown_share = 8,    // Nothing is shared at that address.
};

struct Message {
    MessageKind kind = MessageKind::refused;
    std::uint32_t sequence = 0;
    std::uint64_t address = 0;
    std::uint64_t value = 0;
};
static_assert(sizeof(Message) == 24, "a message has no padding");

[[nodiscard]] const char* refusal_text(Refusal refusal);

}  // namespace fpvs::sim::card
