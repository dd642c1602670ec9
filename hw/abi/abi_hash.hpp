// SPDX-License-Identifier: Apache-2.0
// One number for the whole contract.  A host and a bitstream work together only if theirs agree:
// whoever changes a limit, a field, an opcode, a reason or a register changes the number.  How many
// flows a bitstream has room for is no part of it: its registers tell.
#pragma once

#include <cstdint>

#include "hw/abi/commands.hpp"
#include "hw/abi/entries.hpp"
#include "hw/abi/events.hpp"
#include "hw/abi/hash.hpp"
#include "hw/abi/limits.hpp"
#include "hw/abi/reasons.hpp"
#include "hw/abi/registers.hpp"
#include "hw/abi/rings.hpp"

namespace fpvs {
namespace abi {

#define FPVS_ABI_NUMBER_TEXT(name, number, meaning) #name "=" #number ";"
#define FPVS_ABI_REASON_TEXT(name, number, stage, verdict, meaning) \
    #name "=" #number ":" #stage ":" #verdict ";"
#define FPVS_ABI_REGISTER_TEXT(name, offset, access, meaning) #name "@" #offset ":" #access ";"

// Everything but the limits, spelt out by the lists themselves.
constexpr char kAbiText[] =
    "service{" FPVS_ABI_SERVICE_ENTRY(FPVS_ABI_FIELD_TEXT) "}"
    "reply{" FPVS_ABI_REPLY_ENTRY(FPVS_ABI_FIELD_TEXT) "}"
    "flow{" FPVS_ABI_FLOW_ENTRY(FPVS_ABI_FIELD_TEXT) "}"
    "flow6{" FPVS_ABI_FLOW6_ENTRY(FPVS_ABI_FIELD_TEXT) "}"
    "server{" FPVS_ABI_SERVER_ENTRY(FPVS_ABI_FIELD_TEXT) "}"
    "virtual_end{" FPVS_ABI_VIRTUAL_END_ENTRY(FPVS_ABI_FIELD_TEXT) "}"
    "steer{" FPVS_ABI_STEER_ENTRY(FPVS_ABI_FIELD_TEXT) "}"
    "next_hop{" FPVS_ABI_NEXT_HOP_ENTRY(FPVS_ABI_FIELD_TEXT) "}"
    "port{" FPVS_ABI_PORT_ENTRY(FPVS_ABI_FIELD_TEXT) "}"
    "opcodes{" FPVS_ABI_OPCODES(FPVS_ABI_NUMBER_TEXT) "}"
    "command{" FPVS_ABI_COMMAND(FPVS_ABI_FIELD_TEXT) "}"
    "events{" FPVS_ABI_EVENT_KINDS(FPVS_ABI_NUMBER_TEXT) "}"
    "event{" FPVS_ABI_EVENT(FPVS_ABI_FIELD_TEXT) "}"
    "reasons{" FPVS_ABI_REASONS(FPVS_ABI_REASON_TEXT) "}"
    "punt{" FPVS_ABI_PUNT_HEADER(FPVS_ABI_FIELD_TEXT) "}"
    "inject{" FPVS_ABI_INJECT_HEADER(FPVS_ABI_FIELD_TEXT) "}"
    "rings{" FPVS_ABI_RINGS(FPVS_ABI_NUMBER_TEXT) "}"
    "capabilities{" FPVS_ABI_CAPABILITIES(FPVS_ABI_NUMBER_TEXT) "}"
    "registers{" FPVS_ABI_REGISTERS(FPVS_ABI_REGISTER_TEXT) "}"
    "ring_registers{" FPVS_ABI_RING_REGISTERS(FPVS_ABI_REGISTER_TEXT) "}"
    "port_registers{" FPVS_ABI_PORT_REGISTERS(FPVS_ABI_REGISTER_TEXT) "}";

constexpr std::uint64_t kLimitValues[] = {
    kVersion,          kPortsMax,         kFrameBytesMax, kTableWays,        kServiceBuckets,
    kReplyBuckets,     kFlowHalves,       kFlowWays,      kEpochBits,        kServersMax,
    kNextHopsMax,      kSteerWords,       kSteerSizeMax,  kCursorsMax,       kYoungMax,
    kYoungEpochs,      kYoungHashLsb,     kCounterBanks,  kRingSlotsLog2Min, kRingSlotsLog2Max,
    kFrameSlotLog2Min, kFrameSlotLog2Max, kRingBlock,     kRingStride,       kPortBlock,
    kPortStride};

// FNV-1a, 64 bits.
constexpr std::uint64_t abi_hash() {
    std::uint64_t hash = 0xcbf29ce484222325u;
    for (const char c : kAbiText) {
        hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
    }
    for (const std::uint64_t value : kLimitValues) {
        for (int shift = 0; shift < 64; shift += 8) {
            hash = (hash ^ (value >> shift & 0xff)) * 0x100000001b3u;
        }
    }
    return hash;
}

constexpr std::uint64_t kAbiHash = abi_hash();

}  // namespace abi
}  // namespace fpvs
