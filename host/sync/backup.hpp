// SPDX-License-Identifier: Apache-2.0
// The backup's side of connection synchronisation: messages that were heard become connections, if
// they are right in every part.
//
// What has no server here is kept, up to a limit and for its time, and tried again when a server
// was added.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "host/engine/sync_sink.hpp"
#include "host/model/sync_daemon.hpp"
#include "host/provider/clock.hpp"
#include "host/sync/convert.hpp"
#include "host/sync/message.hpp"

namespace fpvs::sync {

constexpr std::size_t kUnboundMax = 262'144;
constexpr std::size_t kLearnedAtOnce = 512;  // More would keep packets waiting.

// What became of each of a batch, in order.
using Outcome = std::vector<engine::Learning>;
// Gives a batch of at most kLearnedAtOnce to the engines whose they are.
using Learn = std::function<Outcome(std::span<const engine::SyncedConnection> batch)>;

struct BackupCounters {
    std::uint64_t messages_heard = 0;
    RefusalCounters refusals{};                                   // Of messages.
    std::array<std::uint64_t, kObjections> objections{};          // To connections in them.
    std::array<std::uint64_t, engine::kLearningCount> learned{};  // By Learning.
    std::uint64_t unbound_refused = 0;                            // There were kUnboundMax already.
    std::uint64_t unbound_expired = 0;
};

class Backup {
  public:
    using Time = provider::Nanoseconds;

    Backup(std::uint8_t sync_id, Learn learn) : sync_id_(sync_id), learn_(std::move(learn)) {}

    // A datagram, whole.
    void hear(std::span<const std::uint8_t> datagram, Time now);
    // Hands on what was heard.  Call it when nothing more waits.
    void finish(Time now);
    // Every so often: `servers_added` grows with each server that there is more.
    void step(std::uint32_t servers_added, Time now);

    [[nodiscard]] const BackupCounters& counters() const { return counters_; }
    [[nodiscard]] std::size_t unbound() const { return unbound_.size(); }

  private:
    struct Unbound {
        engine::SyncedConnection connection;
        Time deadline{};
    };

    void keep(const engine::SyncedConnection& connection, Time now);

    const std::uint8_t sync_id_;
    const Learn learn_;
    std::vector<engine::SyncedConnection> batch_;
    std::map<std::string, Unbound> unbound_;  // By the ends of each.
    std::uint32_t servers_added_ = 0;
    Time swept_{};
    BackupCounters counters_;
};

}  // namespace fpvs::sync
