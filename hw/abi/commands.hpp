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

// Services and replies have two banks; packets see that of the version set last, whole.  So a
// change of any size is written into the other bank and takes effect with one set_version.
//
// OPCODE(name, number, meaning)
#define FPVS_ABI_OPCODES(OPCODE)                                                                \
    OPCODE(nop, 0, "nothing")                                                                   \
    OPCODE(echo, 1, "answered by an echo event: every table write before it has taken place")   \
    OPCODE(write_port, 2, "index = port, payload = port entry")                                 \
    OPCODE(write_service, 3, "index = bucket, way, table = bank, payload = service entry")      \
    OPCODE(write_flow, 4, "index = bucket, way = half * kFlowWays + way, payload = flow entry") \
    OPCODE(write_next_hop, 5, "index = next hop, payload = next hop entry")                     \
    OPCODE(set_hash_key, 6, "payload = the 128-bit key of the flow hash")                       \
    OPCODE(set_epoch, 7, "index = the epoch that hits are stamped with")                        \
    OPCODE(read_activity,                                                                       \
           8,                                                                                   \
           "index = bucket, way, table = 1 for IPv6: answered by an activity event")            \
    OPCODE(read_counter, 9, "index, way = bank, table: answered by a counter event")            \
    OPCODE(write_reply, 10, "index = bucket, way, table = bank, payload = reply entry")         \
    OPCODE(write_flow6,                                                                         \
           11,                                                                                  \
           "index = bucket, way = half * kFlowWays + way, payload = IPv6 flow entry")           \
    OPCODE(write_server, 12, "index = server, payload = server entry")                          \
    OPCODE(write_virtual_end, 13, "index = service, payload = virtual end entry")               \
    OPCODE(write_steer, 14, "index = word, payload = steer entry")                              \
    OPCODE(set_version, 15, "index = the bank of services and replies that packets see")        \
    OPCODE(set_cursor, 16, "index = cursor, payload = the word of its sequence that is next")   \
    OPCODE(clear_young, 17, "index = place: what was scheduled there is forgotten")

enum class Opcode : std::uint8_t {
#define FPVS_ABI_OPCODE_ENUM(name, number, meaning) name = number,
    FPVS_ABI_OPCODES(FPVS_ABI_OPCODE_ENUM)
#undef FPVS_ABI_OPCODE_ENUM
};

// Which counters read_counter reads.
// Servers count what was forwarded to them and what they replied; services all that came to them.
enum class CounterTable : std::uint8_t { reasons = 0, servers = 1, replies = 2, services = 3 };

#define FPVS_ABI_COMMAND(FIELD) \
    FIELD(opcode, 0, 8)         \
    FIELD(way, 8, 8)            \
    FIELD(table, 16, 8)         \
    FIELD(index, 32, 32)        \
    FIELD(tag, 64, 64)          \
    FIELD(payload_0, 128, 64)   \
    FIELD(payload_1, 192, 64)   \
    FIELD(payload_2, 256, 64)   \
    FIELD(payload_3, 320, 64)   \
    FIELD(payload_4, 384, 64)

struct Command {
    enum : int { bits = 512, payload_lsb = 128, payload_bits = 320 };
    FPVS_ABI_COMMAND(FPVS_ABI_FIELD_TYPE)
};

}  // namespace abi
}  // namespace fpvs
