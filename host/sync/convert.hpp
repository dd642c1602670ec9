// SPDX-License-Identifier: Apache-2.0
// Connections between the engine's form and that of messages.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "host/engine/sync_sink.hpp"
#include "host/sync/message.hpp"
#include "host/util/result.hpp"

namespace fpvs::sync {

// OBJECTION(name, meaning): why one connection of a message cannot be taken over.
#define FPVS_SYNC_OBJECTIONS(OBJECTION)                                                         \
    OBJECTION(one_packet, "of a one-packet service, where nothing is remembered")               \
    OBJECTION(no_client_port, "its client's port is not known yet, as with FTP's helper")       \
    OBJECTION(shifted_sequence, "a helper shifted its sequence numbers, and FPVS has none")     \
    OBJECTION(persistence_data, "a template by what a persistence engine found in a packet")    \
    OBJECTION(no_firewall_mark, "a template of a service by mark that does not say which mark") \
    OBJECTION(mixed_families, "client and server are of two families")

enum class Objection : std::uint8_t {
#define FPVS_SYNC_OBJECTION_ENUM(name, meaning) name,
    FPVS_SYNC_OBJECTIONS(FPVS_SYNC_OBJECTION_ENUM)
#undef FPVS_SYNC_OBJECTION_ENUM
};
#define FPVS_SYNC_OBJECTION_ONE(...) +1
constexpr std::size_t kObjections = 0 FPVS_SYNC_OBJECTIONS(FPVS_SYNC_OBJECTION_ONE);
#undef FPVS_SYNC_OBJECTION_ONE

[[nodiscard]] std::string_view name(Objection objection);

[[nodiscard]] tl::expected<engine::SyncedConnection, Objection> from_wire(
    const Connection& connection);

// Whether a message can carry it: not behind FULLNAT, whose local end it has no place for, and not
// between two families.
[[nodiscard]] bool can_carry(const engine::SyncedConnection& connection);
[[nodiscard]] Connection to_wire(const engine::SyncedConnection& connection);

}  // namespace fpvs::sync
