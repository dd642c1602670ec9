// SPDX-License-Identifier: Apache-2.0
// The engines of a director, as synchronisation sees them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "host/engine/sync_sink.hpp"
#include "host/sync/backup.hpp"

namespace fpvs::sync {

// Any thread but a worker's may call; each call waits for the workers that it concerns.
class Engines {
  public:
    virtual ~Engines() = default;

    [[nodiscard]] virtual std::size_t workers() const = 0;
    // One for each worker, and one for templates; none: nobody is told from now on.
    virtual void attach(std::span<engine::SyncSink* const> connections,
                        engine::SyncSink* templates) = 0;
    [[nodiscard]] virtual Outcome learn(std::span<const engine::SyncedConnection> batch) = 0;
    // A page of what all workers have; a cursor of 0 is the beginning, and the end.
    [[nodiscard]] virtual engine::SyncPage synced(std::uint64_t cursor, std::size_t count_max) = 0;
    [[nodiscard]] virtual std::uint32_t servers_added() const = 0;
};

}  // namespace fpvs::sync
