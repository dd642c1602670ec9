// SPDX-License-Identifier: Apache-2.0
// The master's side of connection synchronisation: what the workers say becomes messages, which
// leave when they are full or have waited long enough.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "host/engine/settings.hpp"
#include "host/model/sync_daemon.hpp"
#include "host/provider/clock.hpp"
#include "host/sync/message.hpp"
#include "host/sync/outbox.hpp"

namespace fpvs::sync {

// What a master did since it was started.
struct MasterCounters {
    std::uint64_t connections_told = 0;   // Put into messages.
    std::uint64_t connections_lost = 0;   // No room in an outbox, or in the queue.
    std::uint64_t connections_unfit = 0;  // No message can carry them (convert.hpp).
    std::uint64_t messages_sent = 0;
    std::uint64_t messages_refused = 0;  // The queue was full: sync_qlen_max.
    std::uint64_t send_failures = 0;     // The socket took it neither at once nor later.
};

class Master {
  public:
    using Time = provider::Nanoseconds;
    enum class Sending : std::uint8_t { sent, later, failed };
    using Send = std::function<Sending(std::span<const std::uint8_t> datagram)>;

    // Outboxes outlive the master.
    Master(const model::SyncDaemon& daemon, std::vector<Outbox*> outboxes, Send send);

    // Takes what was said, and sends what is due.  To be called often: outboxes are finite.
    void step(const engine::Settings& settings, Time now);
    // Sends what there is, full or not: before the end.
    void flush(const engine::Settings& settings);

    [[nodiscard]] MasterCounters counters() const;

  private:
    void take(const engine::Settings& settings, Time now);
    void add(const engine::SyncedConnection& connection,
             const engine::Settings& settings,
             Time now);
    void finish_message(const engine::Settings& settings);
    void send_waiting();

    const model::SyncDaemon daemon_;
    const std::vector<Outbox*> outboxes_;
    const Send send_;
    MessageWriter writer_;
    std::uint8_t version_;
    std::size_t connections_in_writer_ = 0;
    Time writer_begun_{};
    std::deque<std::vector<std::uint8_t>> queue_;
    MasterCounters counters_;
};

}  // namespace fpvs::sync
