// SPDX-License-Identifier: Apache-2.0
// The five rings in host memory through which card and host speak.
//
//   command, inject: the host produces.  It fills slots, then writes its producer index to the
//                    ring's host_index register; the card takes them in order and shows how far
//                    it came in card_index.
//   event, punt, control: the card produces.  A slot is complete when its stamp is the ring's
//                    current lap, counted from 1, so the host polls memory and never a register;
//                    it gives slots back by writing its consumer index to host_index.  A ring
//                    without a free slot drops the newest and counts it in `dropped`.
//
// `control` is a second punt ring, for control traffic (is_control() of hw/abi/reasons.hpp): what
// fills the one takes nothing from the other.
// Indices are 32-bit, count slots since the start, and wrap around naturally.
// A command or event slot is one beat.  A punt or inject slot is a header beat and the frame after
// it.  On the pipeline's streams an injected frame comes after its header beat and the last beat of
// the frame has TLAST.  A punted frame comes before its header beat, and only that has TLAST: the
// ring engine writes it to the slot's head with the stamp, which is the last word written.
//
// The ring engine always takes what the pipeline says: a full ring loses records, it never stops
// packets or commands.
#pragma once

#include <cstdint>

#include "hw/abi/field.hpp"

namespace fpvs {
namespace abi {

// RING(name, number, meaning)
#define FPVS_ABI_RINGS(RING)                                       \
    RING(command, 0, "host to card, commands")                     \
    RING(event, 1, "card to host, events")                         \
    RING(punt, 2, "card to host, frames the card does not handle") \
    RING(inject, 3, "host to card, frames to send")                \
    RING(control, 4, "card to host, frames of control traffic")

enum class Ring : std::uint8_t {
#define FPVS_ABI_RING_ENUM(name, number, meaning) name = number,
    FPVS_ABI_RINGS(FPVS_ABI_RING_ENUM)
#undef FPVS_ABI_RING_ENUM
};
constexpr int kRings = 5;

#define FPVS_ABI_PUNT_HEADER(FIELD) \
    FIELD(reason, 0, 8)             \
    FIELD(port, 8, 8)               \
    FIELD(length_bytes, 16, 16)     \
    FIELD(service, 32, 12)          \
    FIELD(service_found, 48, 1)     \
    FIELD(version, 49, 1)           \
    FIELD(stamp, 480, 32)

#define FPVS_ABI_INJECT_HEADER(FIELD) \
    FIELD(port, 8, 8)                 \
    FIELD(length_bytes, 16, 16)

struct PuntHeader {
    enum : int { bits = 512 };
    FPVS_ABI_PUNT_HEADER(FPVS_ABI_FIELD_TYPE)
};

struct InjectHeader {
    enum : int { bits = 512 };
    FPVS_ABI_INJECT_HEADER(FPVS_ABI_FIELD_TYPE)
};

// The stamp of a slot that the producer fills at `index` of a ring of 2^slots_log2 slots.
constexpr std::uint32_t ring_stamp(std::uint32_t index, int slots_log2) {
    return (index >> slots_log2) + 1;
}

}  // namespace abi
}  // namespace fpvs
