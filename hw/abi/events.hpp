// SPDX-License-Identifier: Apache-2.0
// Events: what the card tells the host, one beat each.
#pragma once

#include <cstdint>

#include "hw/abi/field.hpp"

namespace fpvs {
namespace abi {

// KIND(name, number, meaning)
#define FPVS_ABI_EVENT_KINDS(KIND)                                                 \
    KIND(echo, 1, "answer to an echo command: tag")                                \
    KIND(flow_flags, 2, "a forwarded packet of a flow carried FIN or RST")         \
    KIND(activity, 3, "answer to read_activity: when a flow was last hit (epoch)") \
    KIND(counter, 4, "answer to read_counter: one bank's packets and bytes")       \
    KIND(learned, 5, "a packet without a flow was sent to the server the card chose for it")

enum class EventKind : std::uint8_t {
#define FPVS_ABI_EVENT_KIND_ENUM(name, number, meaning) name = number,
    FPVS_ABI_EVENT_KINDS(FPVS_ABI_EVENT_KIND_ENUM)
#undef FPVS_ABI_EVENT_KIND_ENUM
};

// `client_address`, `client_port`, `service` and `reply` are a flow's key; from_server says that
// the packet was a reply.  A connection that the card scheduled is told again each epoch in which
// its packets still find no flow.  `stamp` is written by the ring engine, see hw/abi/rings.hpp.
#define FPVS_ABI_EVENT(FIELD)           \
    FIELD(kind, 0, 8)                   \
    FIELD(way, 8, 8)                    \
    FIELD(table, 16, 8)                 \
    FIELD(tcp_flags, 24, 8)             \
    FIELD(index, 32, 32)                \
    FIELD(tag, 64, 64)                  \
    FIELD(client_address_low, 128, 64)  \
    FIELD(client_address_high, 192, 64) \
    FIELD(client_port, 256, 16)         \
    FIELD(service, 272, 12)             \
    FIELD(ipv6, 284, 1)                 \
    FIELD(reply, 285, 1)                \
    FIELD(from_server, 286, 1)          \
    FIELD(server, 288, 12)              \
    FIELD(epoch, 304, 16)               \
    FIELD(packets, 320, 64)             \
    FIELD(bytes, 384, 64)               \
    FIELD(stamp, 480, 32)

struct Event {
    enum : int { bits = 512 };
    FPVS_ABI_EVENT(FPVS_ABI_FIELD_TYPE)
};

}  // namespace abi
}  // namespace fpvs
