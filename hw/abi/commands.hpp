// SPDX-License-Identifier: Apache-2.0
// Commands: what the host asks of the card, one beat each, in order.
//
// Table writes are blind: the host is the only writer and keeps its own copy.  A command that is
// answered carries a tag, which its event returns.
//
// Commands pass the pipeline's stages in the order that packets do, and before packets that wait:
// a packet that sees one table write sees all earlier ones, in whatever stage, and answers come in
// the order of their commands.  A command whose index, way or opcode does not exist is ignored.
#pragma once

#include <cstdint>

#include "hw/abi/field.hpp"

namespace fpvs {
namespace abi {

// OPCODE(name, number, meaning)
#define FPVS_ABI_OPCODES(OPCODE)                                                              \
    OPCODE(nop, 0, "nothing")                                                                 \
    OPCODE(echo, 1, "answered by an echo event: every table write before it has taken place") \
    OPCODE(write_port, 2, "index = port, payload = port entry")                               \
    OPCODE(write_service, 3, "index = bucket, way, payload = service entry")                  \
    OPCODE(write_flow, 4, "index = bucket, way, payload = flow entry")                        \
    OPCODE(write_next_hop, 5, "index = next hop, payload = next hop entry")                   \
    OPCODE(set_hash_key, 6, "payload = the 128-bit key of the flow hash")                     \
    OPCODE(set_epoch, 7, "index = the 16-bit epoch that hits are stamped with")               \
    OPCODE(read_activity, 8, "index = bucket, way: answered by an activity event")            \
    OPCODE(read_counter, 9, "index, way = bank, table: answered by a counter event")

enum class Opcode : std::uint8_t {
#define FPVS_ABI_OPCODE_ENUM(name, number, meaning) name = number,
    FPVS_ABI_OPCODES(FPVS_ABI_OPCODE_ENUM)
#undef FPVS_ABI_OPCODE_ENUM
};

// Which counters read_counter reads.
enum class CounterTable : std::uint8_t { reasons = 0, servers = 1 };

#define FPVS_ABI_COMMAND(FIELD) \
    FIELD(opcode, 0, 8)         \
    FIELD(way, 8, 8)            \
    FIELD(table, 16, 8)         \
    FIELD(index, 32, 32)        \
    FIELD(tag, 64, 64)          \
    FIELD(payload_low, 128, 64) \
    FIELD(payload_high, 192, 64)

struct Command {
    enum : int { bits = 512, payload_lsb = 128, payload_bits = 128 };
    FPVS_ABI_COMMAND(FPVS_ABI_FIELD_TYPE)
};

}  // namespace abi
}  // namespace fpvs
