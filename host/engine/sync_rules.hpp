// SPDX-License-Identifier: Apache-2.0
// When other directors hear of a connection: by IPVS's rules, of packets, states and time, which
// the settings sync_* adjust.
#pragma once

#include <cstddef>
#include <cstdint>

#include "host/engine/connection.hpp"
#include "host/engine/mapped_array.hpp"
#include "host/engine/settings.hpp"

namespace fpvs::engine {

// What is remembered of a record for that.
struct SyncNote {
    std::uint64_t told_end_ms = 0;      // When it would expire, by what was told last.
    std::uint64_t template_due_ms = 0;  // Its template need not be looked at before.
    std::uint32_t generation = 0;       // The record's.
    std::uint32_t packets = 0;          // From its client.
    std::uint8_t told_state = 0;
    std::uint8_t seen_state = 0;  // At its last packet.
    std::uint8_t repeats = 0;     // Of what was told last.
    bool told = false;
};

// One for each record of a table, made when the first daemon starts.
class SyncNotes {
  public:
    explicit SyncNotes(std::size_t records) : notes_(records) {}

    [[nodiscard]] SyncNote& of(const Connection& record, std::uint32_t index) {
        SyncNote& note = notes_[index];
        if (note.generation != record.generation) {
            note = {.generation = record.generation};
        }
        return note;
    }

  private:
    MappedArray<SyncNote> notes_;
};

// Whether others hear of connections of this protocol in this state at all.  Half-open ones are
// left out: their next packet may begin them anew.
[[nodiscard]] bool is_told(const Connection& record);

// Whether to tell now, after a packet of its client (or, of a template, one of a connection that it
// bound) was counted in the note; if so, the note says that it was told.
[[nodiscard]] bool sync_is_due(const Connection& record,
                               const Settings& settings,
                               std::uint64_t now_ms,
                               SyncNote& note);
void note_told(const Connection& record, std::uint64_t now_ms, SyncNote& note);

// How long a template that was just told stays untold if nothing changes: 0 for no time.
[[nodiscard]] std::uint64_t template_pause_ms(const Settings& settings);

}  // namespace fpvs::engine
