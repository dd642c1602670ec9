// SPDX-License-Identifier: Apache-2.0
#include "host/sync/master.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "host/sync/convert.hpp"

namespace fpvs::sync {
namespace {

constexpr std::uint8_t kVersion = 1;
// Of each outbox in one step, so that none keeps the others waiting.
constexpr std::size_t kTakenAtOnce = 8192;

}  // namespace

Master::Master(const model::SyncDaemon& daemon, std::vector<Outbox*> outboxes, Send send)
    : daemon_(daemon),
      outboxes_(std::move(outboxes)),
      send_(std::move(send)),
      writer_(kVersion, daemon.sync_id, daemon.message_bytes_max),
      version_(kVersion) {}

void Master::step(const engine::Settings& settings, Time now) {
    send_waiting();
    take(settings, now);
    if (!writer_.empty() &&
        now >= writer_begun_ + std::chrono::milliseconds(settings.sync_flush_ms)) {
        finish_message(settings);
    }
    send_waiting();
}

void Master::flush(const engine::Settings& settings) {
    for (Outbox* outbox : outboxes_) {
        outbox->drain(kOutboxConnections, [&](const engine::SyncedConnection& connection) {
            add(connection, settings, {});
            return true;
        });
    }
    if (!writer_.empty()) {
        finish_message(settings);
    }
    send_waiting();
}

void Master::take(const engine::Settings& settings, Time now) {
    for (Outbox* outbox : outboxes_) {
        outbox->drain(kTakenAtOnce, [&](const engine::SyncedConnection& connection) {
            add(connection, settings, now);
            return true;
        });
    }
}

void Master::add(const engine::SyncedConnection& connection,
                 const engine::Settings& settings,
                 Time now) {
    const auto version = static_cast<std::uint8_t>(settings.sync_version);
    if (version != version_) {
        if (!writer_.empty()) {
            finish_message(settings);
        }
        writer_ = MessageWriter(version, daemon_.sync_id, daemon_.message_bytes_max);
        version_ = version;
    }
    if (!can_carry(connection) || (version == 0 && connection.client_address.is_ipv6())) {
        ++counters_.connections_unfit;
        return;
    }
    const Connection wire = to_wire(connection);
    if (!writer_.add(wire)) {
        finish_message(settings);
        if (!writer_.add(wire)) {
            ++counters_.connections_unfit;  // Longer than --sync-maxlen.
            return;
        }
    }
    if (++connections_in_writer_ == 1) {
        writer_begun_ = now;
    }
}

void Master::finish_message(const engine::Settings& settings) {
    std::vector<std::uint8_t> message = writer_.take();
    const std::size_t connections = std::exchange(connections_in_writer_, 0);
    if (connections == 0) {
        return;
    }
    if (queue_.size() >= static_cast<std::size_t>(settings.sync_qlen_max)) {
        send_waiting();
    }
    if (queue_.size() >= static_cast<std::size_t>(settings.sync_qlen_max)) {
        ++counters_.messages_refused;
        counters_.connections_lost += connections;
        return;
    }
    counters_.connections_told += connections;
    queue_.push_back(std::move(message));
}

void Master::send_waiting() {
    while (!queue_.empty()) {
        switch (send_(queue_.front())) {
            case Sending::later:
                return;
            case Sending::sent:
                ++counters_.messages_sent;
                break;
            case Sending::failed:
                ++counters_.send_failures;
                break;
        }
        queue_.pop_front();
    }
}

MasterCounters Master::counters() const {
    MasterCounters counters = counters_;
    for (const Outbox* outbox : outboxes_) {
        counters.connections_lost += outbox->lost();
    }
    return counters;
}

}  // namespace fpvs::sync
